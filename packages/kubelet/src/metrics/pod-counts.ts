/** How many pods and containers of which kind a kubelet has, read when it is asked for. */
import { VERSION } from "@kubets/machinery/release";
import type { Kubelet } from "../kubelet.ts";
import type { PodWorker } from "../pod-workers/worker.ts";
import { isStatic } from "../static-pods/static-pods.ts";

const PHASES = ["created", "exited", "running", "unknown"];

export function countPods({
  workers,
  nodeName,
  tools,
  metrics: { registry },
}: Pick<Kubelet, "workers" | "nodeName" | "tools" | "metrics">): void {
  const gauge = (name: string, help: string, ...labels: string[]) =>
    registry.gauge({ name: `kubelet_${name}`, help, labels });
  registry
    .gauge({ name: "kubernetes_build_info", help: "Which release this is.", labels: ["git_version", "platform"] })
    .values(VERSION, `linux/${process.arch === "x64" ? "amd64" : process.arch}`)
    .set(1);
  gauge("node_name", "The name of the node; always 1.", "node").values(nodeName).set(1);
  const sandboxes = gauge("running_pods", "Pods with a sandbox that is ready.").values();
  const containers = gauge("running_containers", "Containers by their state.", "container_state");
  const desired = gauge("desired_pods", "Pods that this node was told to run.", "static");
  const active = gauge("active_pods", "Pods that count when another asks for room.", "static");
  const mirrors = gauge("mirror_pods", "Static pods that have, or will have, a mirror.").values();
  const working = gauge("working_pods", "Pods by where they are in their life.", "lifecycle", "config", "static");
  const ephemeral = gauge("managed_ephemeral_containers", "Ephemeral containers of this node's pods.").values();
  registry.onCollect(() => {
    const states = tools.cache.all().map(([, state]) => state);
    sandboxes.set(states.filter((state) => state.sandboxes.some(({ ready }) => ready)).length);
    for (const phase of PHASES)
      containers.values(phase).set(states.flatMap((state) => state.containers.filter((c) => c.phase === phase)).length);
    const all = workers.all();
    const pods = all.map(({ pod }) => pod);
    mirrors.set(pods.filter(isStatic).length);
    ephemeral.set(pods.flatMap(({ spec }) => spec.ephemeralContainers ?? []).length);
    for (const label of ["true", ""]) {
      const ours = all.filter(({ pod }) => isStatic(pod) === (label === "true"));
      desired.values(label).set(ours.length);
      active.values(label).set(ours.filter(({ isOver, refused }) => !isOver && !refused).length);
      for (const lifecycle of ["sync", "terminating", "terminated"] as const)
        working.values(lifecycle, "desired", label).set(ours.filter((worker) => stageOf(worker) === lifecycle).length);
    }
  });
}

const stageOf = ({ isOver, isEnding }: PodWorker) => (isOver ? "terminated" : isEnding ? "terminating" : "sync");
