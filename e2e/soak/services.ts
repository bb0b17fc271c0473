/**
 * `npm run soak -- services [--minutes 15]`: rolling updates, scaling and killed agents under load through a service, by its cluster IP from a node, by its node
 * port and by the address of its load balancer from the host. Not one request may fail, and a connection to a pod that stays lives through all of it.
 */
import assert from "node:assert/strict";
import { type ChildProcess, spawn } from "node:child_process";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { defineFlags, number } from "@kubets/machinery/flags";
import { lentNode, lentVolumes } from "../behaviours/lent-node.ts";
import { eventually, type TestCluster, upCluster, whyNoContainers } from "../cluster.ts";
import { askedFor } from "./asked-for.ts";
import { processesOf } from "./victims.ts";

const flags = defineFlags({ minutes: number({ default: 15, help: "For how long." }) });

const SERVER = `
const name = require("node:os").hostname();
const server = require("node:http").createServer((request, response) => response.setHeader("x-pod", name).end(name));
require("node:net").createServer((socket) => socket.on("error", () => {}).on("data", () => socket.write("!"))).listen(8081);
process.on("SIGTERM", () => server.close(() => process.exit()));
server.listen(8080);
`;

function deployment(name: string, replicas: number) {
  const containers = [
    {
      name: "main",
      image: "kubets.local/demo:1",
      ...lentNode(SERVER),
      readinessProbe: { httpGet: { path: "/", port: 8080 }, periodSeconds: 1 },
      // Long enough for every proxy to hear that the pod goes, and for connections that were kept.
      lifecycle: { preStop: { sleep: { seconds: 10 } } },
    },
  ];
  return {
    apiVersion: "apps/v1",
    kind: "Deployment",
    metadata: { name },
    spec: {
      replicas,
      selector: { matchLabels: { app: name } },
      template: { metadata: { labels: { app: name } }, spec: { containers, volumes: lentVolumes } },
    },
  };
}

const service = (name: string, type: string) => ({
  apiVersion: "v1",
  kind: "Service",
  metadata: { name },
  spec: {
    type,
    selector: { app: name },
    ports: [
      { name: "http", port: 80, targetPort: 8080 },
      { name: "echo", port: 81, targetPort: 8081 },
    ],
  },
});

const [MINUTE, TIME] = ["2026-01-01T00:00".length, "2026-01-01T00:00:00.000Z".length];
const ROADS = ["cluster IP", "node port", "load balancer"];

/** How often an agent of the cluster said that it is ready. */
const readyAgents = ({ home, name }: TestCluster): number =>
  [1, 2].reduce((sum, n) => {
    const log = readFileSync(join(home, name, "logs", `node-${n}.log`), "utf8");
    return sum + log.split("node ready").length - 1;
  }, 0);

interface Heard {
  readonly answered: number;
  readonly echoes: number;
  readonly pods: number;
  readonly failures: readonly string[];
}

/** In the node's network, or in the host's. */
function startLoad(netns: string | undefined, args: readonly string[]): ChildProcess {
  const program = [
    process.execPath,
    "--disable-warning=ExperimentalWarning",
    join(import.meta.dirname, "service-load.ts"),
  ];
  const [command = "", ...rest] = [...(netns ? ["nsenter", `--net=${netns}`] : []), ...program, ...args];
  return spawn(command, rest, { stdio: ["pipe", "pipe", "inherit"] });
}

async function endLoad(load: ChildProcess): Promise<Heard> {
  load.stdin?.end();
  let text = "";
  for await (const chunk of load.stdout ?? []) text += String(chunk);
  return JSON.parse(text) as Heard;
}

/** How many failed in each minute on each road, and how: one by one they may be very many. */
function byMinute(failures: readonly string[]): string {
  const counts = new Map<string, number>();
  for (const failure of failures) {
    const what = failure.slice(0, MINUTE) + failure.slice(TIME);
    counts.set(what, (counts.get(what) ?? 0) + 1);
  }
  return [...counts].map(([what, times]) => `${String(times).padStart(6)}  ${what}`).join("\n");
}

async function soak(cluster: TestCluster, minutes: number): Promise<void> {
  const apply = (object: object) => cluster.kubectl(["apply", "-f", "-"], { input: JSON.stringify(object) });
  const read = (name: string, path: string) => cluster.kubectl(["get", "service", name, "-o", `jsonpath={${path}}`]);
  for (const object of [
    deployment("web", 4),
    deployment("still", 1),
    service("web", "LoadBalancer"),
    service("still", "ClusterIP"),
  ])
    apply(object);
  // A server that is busy may make a client wait too long: the load goes on meanwhile.
  const asked = (args: string[]) => eventually(args.join(" "), () => cluster.kubectl(args), 300_000);
  // On a machine that has much else to do, this takes minutes.
  const settled = () =>
    eventually(
      "the update to be whole",
      () => cluster.kubectl(["rollout", "status", "deployment/web", "--timeout=100s"]),
      900_000,
    );
  await settled();
  cluster.kubectl(["rollout", "status", "deployment/still", "--timeout=110s"]);
  const netns = `/run/kubets/${cluster.name}/ns/node-node-1/net`;
  const nodePort = read("web", ".spec.ports[0].nodePort");
  const clusterIp = read("web", ".spec.clusterIP");
  const balancer = await eventually("an address", () => read("web", ".status.loadBalancer.ingress[0].ip"));
  for (const place of [`127.0.0.1:${nodePort}`, balancer])
    await eventually(`an answer at ${place}`, () => fetch(`http://${place}/`).then(({ ok }) => ok));
  const loads = [
    startLoad(netns, [clusterIp, "80", "8", read("still", ".spec.clusterIP")]),
    startLoad(undefined, ["127.0.0.1", nodePort, "4"]),
    startLoad(undefined, [balancer, "80", "4"]),
  ];
  const until = performance.now() + minutes * 60_000;
  let rounds = 0;
  while (performance.now() < until) {
    console.log(`${new Date().toISOString()} round ${++rounds}`);
    await asked(["rollout", "restart", "deployment/web"]);
    await settled();
    const replicas = rounds % 2 ? 6 : 4;
    await asked(["scale", "deployment/web", `--replicas=${replicas}`]);
    await settled();
    if (rounds % 4 > 0) continue;
    // The proxy of an agent that is away does not hear that a pod is gone.
    const left = () => cluster.kubectl(["get", "pods", "-l", "app=web", "-o", "name"]).trim().split("\n").length;
    await eventually("the old pods to be gone", () => left() === replicas, 300_000);
    // One after the other: agents that need longer than a node may be silent leave all pods of their nodes without traffic, and a service of only such pods refuses.
    for (const pid of processesOf("agent", join(cluster.home, cluster.name), cluster.name)) {
      const before = readyAgents(cluster);
      process.kill(pid, "SIGKILL");
      // Pods that are told to go while nobody is there to tell the proxy would be gone before it knows.
      await eventually("the agent to be back", () => readyAgents(cluster) === before + 1, 300_000);
    }
  }
  const heard = await Promise.all(loads.map(endLoad));
  for (const [i, { answered, pods, echoes }] of heard.entries()) {
    const kept = i === 0 ? `, ${echoes} by the kept connection` : "";
    console.log(`${ROADS[i]}: ${answered} answers of ${pods} pods${kept}`);
  }
  console.log(`${rounds} rolling updates, and as many changes of scale`);
  const failures = heard.flatMap((each) => each.failures);
  assert.equal(failures.length, 0, `${failures.length} requests failed:\n${byMinute(failures)}`);
  assert.ok(
    heard.every(({ pods }) => pods > 4 * rounds),
    "the load saw the pods of all updates",
  );
}

const { minutes } = askedFor(
  "services ",
  "Rolling updates, scaling and killed agents under load through a service.",
  flags,
);
const why = whyNoContainers();
if (why) console.log(`real containers cannot be tried here: ${why}`);
else {
  const cluster = upCluster({ nodes: 2, suffix: "services" });
  try {
    await soak(cluster, minutes);
  } finally {
    cluster.down();
  }
}
