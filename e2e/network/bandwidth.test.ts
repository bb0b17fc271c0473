/** The annotations of a pod that say how much it may send and receive, on a node of `kubets up`: the kernel holds it to that, until the pod goes. */
import assert from "node:assert/strict";
import { execFileSync, spawnSync } from "node:child_process";
import { after, before, describe, it } from "node:test";
import { eventually, type TestCluster, upCluster, whyNoContainers } from "../cluster.ts";

const cannot = () =>
  whyNoContainers() ?? (spawnSync("sh", ["-c", "command -v tc"]).status === 0 ? false : "tc is not installed");

describe("the bandwidth of a pod", { skip: cannot() }, () => {
  let cluster: TestCluster;
  const limits = () =>
    execFileSync("nsenter", [`--net=/run/kubets/${cluster.name}/ns/node-node-1/net`, "tc", "qdisc", "show"], {
      encoding: "utf8",
    }).match(/qdisc tbf .* rate \S+/g) ?? [];

  before(() => {
    cluster = upCluster({ nodes: 1, suffix: "bw", flags: ["--addons", "none"] });
  });
  after(() => cluster?.down());

  it("is what its annotations say, both ways", async () => {
    const annotations = { "kubernetes.io/ingress-bandwidth": "8M", "kubernetes.io/egress-bandwidth": "3M" };
    const spec = { terminationGracePeriodSeconds: 1, containers: [{ name: "main", image: "kubets.local/demo:1" }] };
    const pod = { apiVersion: "v1", kind: "Pod", metadata: { name: "slow", annotations }, spec };
    cluster.kubectl(["apply", "-f", "-"], { input: JSON.stringify(pod) });
    cluster.kubectl(["wait", "pod/slow", "--for=condition=Ready", "--timeout=90s"]);
    const rates = limits().map((line) => line.split(" rate ")[1]);
    assert.deepEqual(new Set(rates), new Set(["3Mbit", "8Mbit"]));
    cluster.kubectl(["delete", "pod", "slow"]);
    await eventually("the limits to go with it", () => limits().length === 0);
  });
});
