/**
 * `node bench/kubelet.ts [pods] [rounds]`: what the kubelet adds to the runtime. The same pods are made by bare calls of the runtime, and by a
 * kubelet over an API in memory, turn about, on a containerd of the bench's own. Needs root.
 */
import { join } from "node:path";
import { pod } from "@kubets/api/testing/pod-builder";
import { sandboxConfig } from "@kubets/kubelet/container-config/sandbox-config";
import { DEMO_IMAGE, whyNot } from "../e2e/kubelet/containerd.ts";
import { NODE, startNode, type TestNode } from "../e2e/kubelet/node.ts";

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
  const pods = Array.from({ length: count }, (_, i) => podOf(i, false));
  const made: string[] = [];
  const cost = await measured(async () => {
    await Promise.all(
      pods.map(async (each) => {
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
  for (const each of pods) await cgroups.remove(each);
  return cost;
}

async function withKubelet({ api }: TestNode): Promise<Cost> {
  const is = async (test: (found: Awaited<ReturnType<typeof api.pod>>) => boolean) => {
    for (let i = 0; i < count; i++)
      while (!test(await api.pod(name(i)))) await new Promise((resolve) => setTimeout(resolve, 10));
  };
  const cost = await measured(async () => {
    await Promise.all(Array.from({ length: count }, (_, i) => api.createPod(podOf(i, true))));
    await is((found) => found?.status.conditions?.find(({ type }) => type === "Ready")?.status === "True");
  });
  await Promise.all(Array.from({ length: count }, (_, i) => api.deletePod(name(i), 0)));
  await is((found) => found === undefined);
  return cost;
}

const node = await startNode();
try {
  const middle = (costs: readonly Cost[], of: keyof Cost) =>
    costs.map((cost) => cost[of]).sort((a, b) => a - b)[Math.floor(costs.length / 2)] as number;
  const [bares, kubelets]: [Cost[], Cost[]] = [[], []];
  for (let i = 0; i < rounds; i++) {
    bares.push(await bare(node));
    kubelets.push(await withKubelet(node));
  }
  const all = (costs: readonly Cost[]) => costs.map(({ ms }) => Math.round(ms)).join(", ");
  console.log(`${count} pods by the runtime alone: ${all(bares)} ms; by the kubelet: ${all(kubelets)} ms`);
  console.log(
    `the kubelet adds ${Math.round(middle(kubelets, "ms") - middle(bares, "ms"))} ms, and ${((middle(kubelets, "cpuMs") - middle(bares, "cpuMs")) / count).toFixed(1)} ms CPU a pod`,
  );
} finally {
  await node.close();
}
