/** `kubets node`: a cluster that runs gets another node, moves its pods off it, and loses it again. */
import assert from "node:assert/strict";
import { after, before, describe, test } from "node:test";
import { type TestCluster, upCluster, whyNoContainers } from "../cluster.ts";

for (const kind of ["simulated", "real"] as const) {
  const skip = kind === "real" ? (whyNoContainers() ?? false) : false;
  describe(`nodes of a ${kind} cluster`, { skip }, () => {
    let cluster: TestCluster;
    const nodes = () => cluster.kubectl(["get", "nodes", "-o", "jsonpath={.items[*].metadata.name}"]).split(" ").sort();
    const hosts = () => cluster.kubectl(["get", "pods", "-o", "jsonpath={.items[*].spec.nodeName}"]).split(" ").sort();
    const fails = (args: string[], words: RegExp) => assert.throws(() => cluster.kubets(args), words);

    before(() => {
      cluster = upCluster({ nodes: 1, suffix: `n${kind[0]}`, flags: kind === "simulated" ? ["--simulated"] : [] });
    });
    after(() => cluster?.down());

    test("one more takes pods", () => {
      assert.match(cluster.kubets(["node", "add"]), /node node-2 added/);
      assert.deepEqual(nodes(), ["node-1", "node-2"]);
      fails(["node", "add", "node-2"], /there is a node node-2 already/);
      cluster.kubets(["node", "cordon", "node-1"]);
      cluster.kubectl(["create", "deployment", "web", "--image=kubets.local/demo:1", "--replicas=2"]);
      cluster.kubectl(["rollout", "status", "deployment/web", "--timeout=60s"]);
      assert.deepEqual(hosts(), ["node-2", "node-2"]);
      cluster.kubets(["node", "uncordon", "node-1"]);
    });

    test("one that is drained gives its pods to the others, and takes new ones when it is told to", () => {
      const drain = ["node", "drain", "node-2", "--ignore-daemonsets", "--timeout=60s"];
      assert.match(cluster.kubets(drain), /node\/node-2 drained/);
      cluster.kubectl(["rollout", "status", "deployment/web", "--timeout=60s"]);
      assert.deepEqual(hosts(), ["node-1", "node-1"]);
      cluster.kubets(["node", "uncordon", "node-2"]);
      cluster.kubets(["node", "cordon", "node-1"]);
      cluster.kubectl(["delete", "pods", "--all", "--timeout=60s"]);
      cluster.kubectl(["rollout", "status", "deployment/web", "--timeout=60s"]);
      assert.deepEqual(hosts(), ["node-2", "node-2"]);
    });

    test("one that goes gives its pods to the others", () => {
      fails(["node", "rm", "node-1"], /node-1 carries the ports/);
      cluster.kubets(["node", "uncordon", "node-1"]);
      fails(["node", "rm", "node-9"], /has no node node-9: it has node-1, node-2/);
      assert.match(cluster.kubets(["node", "rm", "node-2"]), /node node-2 removed/);
      assert.deepEqual(nodes(), ["node-1"]);
      cluster.kubectl(["rollout", "status", "deployment/web", "--timeout=60s"]);
      assert.ok(hosts().every((host) => host === "node-1"));
      const { nodes: known } = JSON.parse(cluster.kubets(["status", "--output", "json"])) as { nodes: string[] };
      assert.deepEqual(known, ["node-1"]);
    });
  });
}
