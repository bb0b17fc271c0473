/**
 * `node bench/kubelet.ts [pods] [rounds]`: what the kubelet adds to the runtime. The same pods are made by bare calls of the runtime, and by a
 * kubelet over an API in memory, turn about, on a containerd of the bench's own. The targets (30 ms beside the runtime, 20 pods in 2 s) hold times how
 * much slower this machine is, which stands in the last line. Needs root.
 */
import { join } from "node:path";
import { pods } from "@kubets/api/generated/refs";
import { pod } from "@kubets/api/testing/pod-builder";
import { sandboxConfig } from "@kubets/kubelet/container-config/sandbox-config";
import { DEMO_IMAGE, whyNot } from "../e2e/kubelet/containerd.ts";
import { CountedCalls } from "../e2e/kubelet/counted-calls.ts";
import { NODE, startNode, type TestNode } from "../e2e/kubelet/node.ts";
import { slowness } from "./bare-server.ts";

const [count = 20, rounds = 3] = process.argv.slice(2).map(Number);
const reason = whyNot();
if (reason) {
  console.log(`not run: ${reason}`);
  process.exit(0);
}

const name = (i: number) => `bench-${i}`;
const podOf = (i: number, token: boolean) =>
  pod(name(i))
    .on(NODE)
    .uid(crypto.randomUUID())
    .container("c", {
      image: DEMO_IMAGE,
      imagePullPolicy: "IfNotPresent",
      command: ["sleep", "1000000"],
      terminationMessagePath: "/dev/termination-log",
    })
    .spec({
      terminationGracePeriodSeconds: 0,
      ...(token && {
        volumes: [
          {
            name: "token",
            projected: { sources: [{ serviceAccountToken: { path: "token", expirationSeconds: 3607 } }] },
          },
        ],
      }),
    })
    .build();

interface Cost {
  readonly ms: number;
  readonly cpuMs: number;
}

async function measured(work: () => Promise<void>): Promise<Cost> {
  const begin = performance.now();
  const cpu = process.cpuUsage();
  await work();
  const { user, system } = process.cpuUsage(cpu);
  return { ms: performance.now() - begin, cpuMs: (user + system) / 1000 };
}

/** Sandbox, container, start: the calls that nobody can do without. */
async function bare({ kubelet, paths }: TestNode): Promise<Cost> {
  const { runtime, cgroups, node, disk } = kubelet.tools;
  const image = (await runtime.imageStatus(DEMO_IMAGE))?.id ?? "";
  const all = Array.from({ length: count }, (_, i) => podOf(i, false));
  const made: string[] = [];
  const cost = await measured(async () => {
    await Promise.all(
      all.map(async (each) => {
        const facts = { paths, hostname: each.metadata.name, dns: { servers: [], searches: [], options: [] } };
        const cgroupParent = cgroups.parentOf(each);
        const config = sandboxConfig(each, 0, { ...facts, cgroupParent, security: node.security });
        await disk.makeFolder(join(config.logDirectory ?? "", "c"));
        const sandbox = await runtime.runSandbox({ ...config, labels: {} }, "");
        made.push(sandbox);
        const security = { namespaceOptions: { network: 0, pid: 1, ipc: 0 }, seccomp: { profileType: 1 } };
        const container = {
          metadata: { name: "c", attempt: 0 },
          image: { image },
          command: ["sleep", "1000000"],
          logPath: "c/0.log",
          linux: { resources: {}, securityContext: security },
        };
        await runtime.startContainer(await runtime.createContainer(sandbox, container, config));
      }),
    );
  });
  for (const id of made) {
    await runtime.stopSandbox(id);
    await runtime.removeSandbox(id);
  }
  for (const each of all) await cgroups.remove(each);
  return cost;
}

/** With how long each pod took beside the calls that its containers need. */
async function withKubelet({
  api,
}: TestNode): Promise<Cost & { beside: number[]; calls: ReadonlyMap<string, number> }> {
  const made = Array.from({ length: count }, (_, i) => podOf(i, true));
  const readyAfter = new Map<string, number>();
  const gone = new Set<string>();
  const ended = Promise.withResolvers<void>();
  const ready = Promise.withResolvers<void>();
  const begin = performance.now();
  const watch = await api.client.watch(
    pods,
    {},
    {
      events(batch) {
        for (const { type, object } of batch) {
          const { uid } = object.metadata;
          const isReady = object.status.conditions?.some((each) => each.type === "Ready" && each.status === "True");
          if (isReady && !readyAfter.has(uid)) readyAfter.set(uid, performance.now() - begin);
          if (type === "DELETED") gone.add(uid);
        }
        if (readyAfter.size === count) ready.resolve();
        if (gone.size === count) ended.resolve();
      },
      closed: (error) => ended.reject(error),
    },
  );
  counted.counts.clear();
  const cost = await measured(async () => {
    await Promise.all(made.map((each) => api.createPod(each)));
    await ready.promise;
  });
  const calls = new Map([...counted.counts].map(([name, times]) => [name, times / count]));
  const beside = made.map(({ metadata: { uid } }) => (readyAfter.get(uid) ?? 0) - counted.waited(uid));
  await Promise.all(made.map(({ metadata }) => api.deletePod(metadata.name, 0)));
  await ended.promise;
  watch.stop();
  return { ...cost, beside, calls };
}

const counted = new CountedCalls();
const node = await startNode({}, { wrap: (runtime) => counted.wrap(runtime) });
try {
  const middle = (costs: readonly Cost[], of: keyof Cost) =>
    costs.map((cost) => cost[of]).sort((a, b) => a - b)[Math.floor(costs.length / 2)] as number;
  const [bares, kubelets]: [Cost[], Awaited<ReturnType<typeof withKubelet>>[]] = [[], []];
  for (let i = 0; i < rounds; i++) {
    bares.push(await bare(node));
    kubelets.push(await withKubelet(node));
  }
  const all = (costs: readonly Cost[]) => costs.map(({ ms }) => Math.round(ms)).join(", ");
  console.log(`${count} pods by the runtime alone: ${all(bares)} ms; by the kubelet: ${all(kubelets)} ms`);
  console.log(
    `the kubelet adds ${Math.round(middle(kubelets, "ms") - middle(bares, "ms"))} ms, and ${((middle(kubelets, "cpuMs") - middle(bares, "cpuMs")) / count).toFixed(1)} ms CPU a pod`,
  );
  const calls = [...(kubelets.at(-1)?.calls ?? [])];
  const each = calls.map(([name, times]) => `${name} ${times.toFixed(1)}`).join(", ");
  console.log(`calls a pod: ${calls.reduce((sum, [, times]) => sum + times, 0).toFixed(1)} (${each})`);
  const beside = kubelets.flatMap((each) => each.beside).sort((a, b) => a - b);
  const at = (share: number) => Math.round(beside[Math.floor((beside.length - 1) * share)] as number);
  console.log(
    `a pod from its creation to Ready, beside the calls that its container needs: p50 ${at(0.5)} ms, p90 ${at(0.9)} ms, max ${at(1)} ms`,
  );
  console.log(`a bare GET costs ${(await slowness(32)).toFixed(2)} times the CPU of the targets' machine`);
} finally {
  await node.close();
}
