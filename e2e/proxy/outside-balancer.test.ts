/**
 * A load balancer that goes by the health check node ports of a service whose outside traffic stays on its node: while the only pod moves from node to node and
 * back, not one of its requests fails, and pods see it, not a node.
 */
import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { join } from "node:path";
import { after, before, describe, it } from "node:test";
import { lentNode, lentVolumes } from "../behaviours/lent-node.ts";
import { eventually, type TestCluster, upCluster, whyNoContainers } from "../cluster.ts";

const SERVER = `
const name = require("node:os").hostname();
const server = require("node:http").createServer((request, response) =>
  response.setHeader("connection", "close").end(name + " " + request.socket.remoteAddress));
process.on("SIGTERM", () => server.close(() => process.exit()));
server.listen(8080, "0.0.0.0");
`;

const deployment = (node: string) => ({
  apiVersion: "apps/v1",
  kind: "Deployment",
  metadata: { name: "web" },
  spec: {
    replicas: 1,
    strategy: { rollingUpdate: { maxUnavailable: 0, maxSurge: 1 } },
    selector: { matchLabels: { app: "web" } },
    template: {
      metadata: { labels: { app: "web" } },
      spec: {
        nodeSelector: { "kubernetes.io/hostname": node },
        volumes: lentVolumes,
        containers: [
          {
            name: "main",
            image: "kubets.local/demo:1",
            ...lentNode(SERVER),
            readinessProbe: { httpGet: { path: "/", port: 8080 }, periodSeconds: 1 },
            // For longer than the balancer needs to see that the node has none any more.
            lifecycle: { preStop: { sleep: { seconds: 5 } } },
          },
        ],
      },
    },
  },
});

const SERVICE = {
  apiVersion: "v1",
  kind: "Service",
  metadata: { name: "web" },
  spec: {
    type: "LoadBalancer",
    externalTrafficPolicy: "Local",
    selector: { app: "web" },
    ports: [{ port: 80, targetPort: 8080 }],
  },
};

interface Heard {
  readonly answered: number;
  readonly pods: readonly string[];
  readonly nodes: readonly string[];
  readonly seen: readonly string[];
  readonly failures: readonly string[];
}

describe("a balancer outside of the cluster", { skip: whyNoContainers() ?? false }, () => {
  let cluster: TestCluster;
  const apply = (object: object) => cluster.kubectl(["apply", "-f", "-"], { input: JSON.stringify(object) });
  const read = (what: string, path: string) => cluster.kubectl(["get", ...what.split(" "), "-o", `jsonpath={${path}}`]);
  /** Beside the nodes, on the same link. */
  const outside = () => `--net=/run/kubets/${cluster.name}/ns/control-plane/net`;

  function startBalancer(...args: string[]) {
    const program = join(import.meta.dirname, "outside-balancer.ts");
    const child = spawn(
      "nsenter",
      [outside(), process.execPath, "--disable-warning=ExperimentalWarning", program, ...args],
      { stdio: ["pipe", "pipe", "inherit"] },
    );
    return async (): Promise<Heard> => {
      child.stdin.end();
      let text = "";
      for await (const chunk of child.stdout) text += String(chunk);
      return JSON.parse(text) as Heard;
    };
  }

  before(() => {
    cluster = upCluster({ nodes: 2, suffix: "balancer", flags: ["--addons", "none"] });
  });
  after(() => cluster?.down());

  it("loses no request while pods move, and is seen by them", async () => {
    const settled = () =>
      eventually(
        "the deployment to settle",
        () => cluster.kubectl(["rollout", "status", "deployment/web", "--timeout=20s"]),
        180_000,
      );
    apply(SERVICE);
    apply(deployment("node-1"));
    await settled();
    const addresses = read("nodes", ".items[*].status.addresses[?(@.type=='InternalIP')].address").split(" ");
    const nodePort = read("service web", ".spec.ports[0].nodePort");
    const endBalancer = startBalancer(nodePort, read("service web", ".spec.healthCheckNodePort"), ...addresses);
    const rounds = ["node-2", "node-1", "node-2"];
    for (const node of rounds) {
      apply(deployment(node));
      await settled();
      await eventually("the old pod to go", () => !read("pods", ".items[*].metadata.name").includes(" "), 120_000);
    }
    const { answered, pods, nodes, seen, failures } = await endBalancer();
    assert.deepEqual(failures, []);
    assert.ok(answered > 0);
    assert.equal(pods.length, rounds.length + 1, "each pod answered while it was there");
    assert.deepEqual(nodes, [...addresses].sort());
    assert.equal(seen.length, 1);
    assert.ok(!addresses.includes(seen[0] as string), `pods see ${seen[0]}, which is a node`);
  });
});
