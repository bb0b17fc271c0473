/**
 * `npm run soak -- [--minutes 60] [--seed N]`: a node whose agent, containerd, shims and control plane are killed with KILL at random moments. After each
 * kill pods are as declared again, and none was restarted that need not be; at the end all is deleted, and nothing is left.
 */
import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { join } from "node:path";
import { setTimeout as pass } from "node:timers/promises";
import { isDeepStrictEqual } from "node:util";
import { seededRandom } from "@kubets/machinery";
import { defineFlags, int, number } from "@kubets/machinery/flags";
import { eventually, type TestCluster, upCluster, whyNoContainers } from "../cluster.ts";
import { askedFor } from "./asked-for.ts";
import { leftovers } from "./leftovers.ts";
import { type Part, processesOf } from "./victims.ts";

const flags = defineFlags({
  minutes: number({ default: 60, help: "For how long." }),
  seed: int({ default: Date.now() % 1_000_000, help: "Of the random choices." }),
});
const IMAGE = "kubets.local/demo:1";
const NODE = "node-1";
const RECOVERY_MS = 120_000;

const podSpec = (more: object = {}) => ({
  terminationGracePeriodSeconds: 1,
  containers: [{ name: "c", image: IMAGE, ...more }],
});
const labels = (app: string) => ({
  selector: { matchLabels: { app } },
  template: { metadata: { labels: { app, soak: "yes" } } },
});
const mounted = podSpec({ volumeMounts: [{ name: "data", mountPath: "/data" }] });
const claim = { accessModes: ["ReadWriteOnce"], resources: { requests: { storage: "1Mi" } } };
const OBJECTS = [
  {
    apiVersion: "apps/v1",
    kind: "Deployment",
    metadata: { name: "web" },
    spec: { replicas: 5, ...labels("web"), template: { ...labels("web").template, spec: podSpec() } },
  },
  {
    apiVersion: "apps/v1",
    kind: "StatefulSet",
    metadata: { name: "db" },
    spec: {
      serviceName: "db",
      replicas: 2,
      ...labels("db"),
      template: { ...labels("db").template, spec: mounted },
      volumeClaimTemplates: [{ metadata: { name: "data" }, spec: claim }],
    },
  },
];
const PODS = 7;

interface Seen {
  readonly metadata: { readonly uid: string; readonly name: string };
  readonly status: {
    readonly phase: string;
    readonly conditions?: readonly { readonly type: string; readonly status: string }[];
    readonly containerStatuses?: readonly { readonly restartCount: number; readonly containerID: string }[];
  };
}

const podsOf = (cluster: TestCluster): Seen[] =>
  (JSON.parse(cluster.kubectl(["get", "pods", "-l", "soak=yes", "-o", "json"])) as { items: Seen[] }).items;
const isReady = ({ status }: Seen) =>
  status.conditions?.some(({ type, status: is }) => type === "Ready" && is === "True");

/**
 * All pods are ready, and the node speaks of them as it is: a container in each answers, and is the same before and after it did. A pod whose shim was
 * just killed shows its old container for a while, and the new one may be the one that answers.
 */
const untilWhole = (cluster: TestCluster): Promise<Seen[]> =>
  eventually(
    "all pods to be ready",
    () => {
      const found = podsOf(cluster);
      if (found.length !== PODS || !found.every(isReady)) return undefined;
      for (const { metadata } of found) cluster.kubectl(["exec", metadata.name, "--", "true"]);
      return isDeepStrictEqual(containers(podsOf(cluster)), containers(found)) && found;
    },
    RECOVERY_MS,
  );

const containers = (pods: readonly Seen[]) =>
  new Map(pods.map(({ metadata, status }) => [metadata.name, status.containerStatuses?.[0]?.containerID ?? ""]));

/** What is not as it should be, before it is taken down. */
function tellState({ kubectl, home, name }: TestCluster): void {
  console.error(kubectl(["describe", "pods", "-l", "soak=yes"]));
  for (const log of ["node-1", "server"])
    console.error(execFileSync("tail", ["-n", "80", join(home, name, "logs", `${log}.log`)], { encoding: "utf8" }));
}

async function soak(cluster: TestCluster, minutes: number, seed: number): Promise<number> {
  const random = seededRandom(seed);
  const name = cluster.name;
  const home = join(cluster.home, name);
  const parts: readonly Part[] = ["agent", "containerd", "shim", "agent", "containerd", "server"];
  const until = performance.now() + minutes * 60_000;
  let kills = 0;
  let before = await untilWhole(cluster);
  while (performance.now() < until) {
    const part = parts[Math.floor(random.float() * parts.length)] as Part;
    const candidates = processesOf(part, home, name);
    const pid = candidates[Math.floor(random.float() * candidates.length)];
    assert.ok(pid !== undefined, `there is a process of the ${part}`);
    // Something is going on half of the time.
    if (random.float() < 0.5) cluster.kubectl(["delete", "pod", before[0]?.metadata.name ?? "", "--wait=false"]);
    process.kill(pid, "SIGKILL");
    kills++;
    console.log(`${part} ${pid} is killed`);
    await pass(Math.floor(random.float() * 1500));
    const after = await untilWhole(cluster);
    if (part !== "shim") {
      const known = containers(before);
      for (const [pod, id] of containers(after))
        if (known.has(pod) && before[0]?.metadata.name !== pod)
          assert.equal(id, known.get(pod), `${pod} was restarted by the end of the ${part}`);
    }
    console.log(`${after.length} pods are ready`);
    before = after;
  }
  for (const what of ["deployment/web", "statefulset/db"]) cluster.kubectl(["delete", what]);
  cluster.kubectl(["delete", "pvc", "--all"]);
  await eventually("nothing to be left", () => {
    const left = leftovers(cluster.home, name, NODE);
    if (left.length > 0) throw new Error(left.join(", "));
    return true;
  });
  return kills;
}

const { minutes, seed } = askedFor(
  "",
  "A node whose agent, containerd, shims and control plane are killed at random moments. The others: npm run soak -- expressions, servers, services.",
  flags,
);
const why = whyNoContainers();
if (why) console.log(`real containers cannot be tried here: ${why}`);
else {
  console.log(`${minutes} minutes with --seed ${seed}`);
  const cluster = upCluster({ nodes: 1, suffix: "soak" });
  try {
    for (const object of OBJECTS) cluster.kubectl(["apply", "-f", "-"], { input: JSON.stringify(object) });
    console.log(`${await soak(cluster, minutes, seed)} kills, and all is as it should be`);
  } catch (error) {
    // It is told before the cluster is taken down, which may fail for the same reason.
    console.error(error);
    process.exitCode = 1;
    tellState(cluster);
  } finally {
    cluster.down();
  }
}
