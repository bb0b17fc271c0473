/**
 * The requests that one pod's start costs (its creation and binding, five events, two statuses), sent to the API server alone on memory storage in this
 * process: what bench/settle.ts cannot be quicker than.
 */
import { events, nodes, pods } from "@kubets/api/generated/refs";
import { realClock, realRandom, silentLogger } from "@kubets/machinery";
import { formatTime } from "@kubets/machinery/time";
import { startControlPlane } from "../e2e/controllers/control-plane.ts";

const AT_ONCE = 16;
const EVENTS = ["SuccessfulCreate", "Scheduled", "Pulled", "Created", "Started"];
const namespace = "default";

/** Milliseconds of CPU for each pod. */
export async function cpuOfPodRequests(count: number): Promise<number> {
  const plane = await startControlPlane({ clock: realClock, random: realRandom, log: silentLogger });
  const client = plane.clientAs("bench");
  await client.create(nodes, { metadata: { name: "node-1" } });
  const labels = { app: "web", "pod-template-hash": "5d4f7c9b8d" };
  const mountPath = "/var/run/secrets/kubernetes.io/serviceaccount";
  const spec = {
    serviceAccountName: "default",
    containers: [{ name: "c", image: "kubets.local/pause:1", volumeMounts: [{ name: "token", mountPath }] }],
    volumes: [{ name: "token", projected: { sources: [{ serviceAccountToken: { path: "token" } }] } }],
  };

  async function start(name: string): Promise<void> {
    const { metadata } = await client.create(pods, { metadata: { namespace, name, labels }, spec } as never);
    await client.act(pods, { namespace, name }, "binding", { target: { kind: "Node", name: "node-1" } });
    const time = formatTime(Date.now());
    for (const reason of EVENTS)
      await client.create(events, {
        metadata: { namespace, name: `${name}.${reason.toLowerCase()}` },
        involvedObject: { kind: "Pod", namespace, name, uid: metadata.uid, apiVersion: "v1" },
        reason,
        message: `${reason} of ${name}`,
        source: { component: "kubelet", host: "node-1" },
        firstTimestamp: time,
        lastTimestamp: time,
        count: 1,
        type: "Normal",
      } as never);
    for (const isUp of [false, true])
      await client.patch(
        pods,
        { namespace, name },
        { type: "strategic", body: { metadata: { uid: metadata.uid }, status: statusOf(isUp, time) } },
        { subresource: "status" },
      );
  }

  let next = 0;
  const from = process.cpuUsage();
  await Promise.all(
    Array.from({ length: AT_ONCE }, async () => {
      for (let i = next++; i < count; i = next++) await start(`web-${i}`);
    }),
  );
  const { user, system } = process.cpuUsage(from);
  await plane.close();
  return (user + system) / 1000 / count;
}

const statusOf = (isUp: boolean, time: string) => ({
  phase: isUp ? "Running" : "Pending",
  hostIP: "127.0.0.1",
  ...(isUp && { podIP: "10.244.0.7", podIPs: [{ ip: "10.244.0.7" }] }),
  startTime: time,
  conditions: ["PodReadyToStartContainers", "Initialized", "Ready", "ContainersReady"].map((type) => ({
    type,
    status: isUp || type === "Initialized" ? "True" : "False",
    lastTransitionTime: time,
  })),
  containerStatuses: [
    {
      name: "c",
      image: "kubets.local/pause:1",
      imageID: isUp ? "sha256:1" : "",
      ready: isUp,
      restartCount: 0,
      state: isUp ? { running: { startedAt: time } } : { waiting: { reason: "ContainerCreating" } },
    },
  ],
});
