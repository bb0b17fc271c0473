/**
 * kubectl 1.20, sixteen releases older than the server, over simulated nodes: fields checked by OpenAPI v2, rollouts, a node drained, logs, and streams
 * by SPDY. What the API has given up since (policy/v1beta1, batch/v1beta1) it misses here as with the original.
 */
import assert from "node:assert/strict";
import { spawn, spawnSync } from "node:child_process";
import { after, before, describe, it } from "node:test";
import { eventually, type TestCluster, upCluster } from "../cluster.ts";
import { realProgram, whyNoOldKubectl } from "../real-programs.ts";

const SCRIPT = "echo hello $NAME; sleep 100000";

const deployment = (image: string) =>
  JSON.stringify({
    apiVersion: "apps/v1",
    kind: "Deployment",
    metadata: { name: "web", labels: { app: "web" } },
    spec: {
      replicas: 2,
      selector: { matchLabels: { app: "web" } },
      template: {
        metadata: { labels: { app: "web" } },
        spec: {
          containers: [{ name: "main", image, command: ["sh", "-c", SCRIPT], env: [{ name: "NAME", value: "you" }] }],
        },
      },
    },
  });

describe("kubectl 1.20", { skip: whyNoOldKubectl() ?? false }, () => {
  let cluster: TestCluster;
  before(() => {
    cluster = upCluster({ nodes: 2, suffix: "old", flags: ["--simulated"] });
  });
  after(() => cluster?.down());

  const kubectl = (...args: string[]) => cluster.kubectl(args, { release: "v20" });
  const apply = (input: string, ...args: string[]) =>
    cluster.kubectl(["apply", ...args, "-f", "-"], { release: "v20", input });
  const run = (args: readonly string[], input = "") => {
    const given = ["--kubeconfig", cluster.kubeconfig, ...args];
    return spawnSync(realProgram("v20", "kubectl"), given, { encoding: "utf8", input, timeout: 60_000 });
  };
  const pod = () => kubectl("get", "pods", "-l", "app=web", "-o", "jsonpath={.items[0].metadata.name}");

  it("applies, tells what would change, rolls out and back", () => {
    assert.equal(apply(deployment("i:1")), "deployment.apps/web created\n");
    assert.match(kubectl("rollout", "status", "deployment/web"), /successfully rolled out/);
    assert.match(run(["diff", "-f", "-"], deployment("i:2")).stdout, /^\+ +(- )?image: i:2$/m);
    assert.equal(apply(deployment("i:2")), "deployment.apps/web configured\n");
    assert.match(kubectl("rollout", "status", "deployment/web"), /successfully rolled out/);
    assert.match(kubectl("rollout", "history", "deployment/web"), /^1 .*\n2 /m);
    assert.equal(kubectl("rollout", "undo", "deployment/web"), "deployment.apps/web rolled back\n");
    assert.match(kubectl("rollout", "status", "deployment/web"), /successfully rolled out/);
    assert.match(kubectl("get", "deployment", "web", "-o", "wide"), /^web +2\/2 +2 +2 +\S+ +main +i:1 +app=web$/m);
    assert.match(
      kubectl("describe", "deployment", "web"),
      /^Replicas: +2 desired \| 2 updated \| 2 total \| 2 available/m,
    );
  });

  it("checks fields and explains them by OpenAPI v2", () => {
    const wrong = run(
      ["apply", "-f", "-"],
      '{"apiVersion":"v1","kind":"ConfigMap","metadata":{"name":"a"},"datta":{}}',
    );
    assert.match(
      wrong.stderr,
      /ValidationError\(ConfigMap\): unknown field "datta" in io\.k8s\.api\.core\.v1\.ConfigMap/,
    );
    assert.match(
      kubectl("explain", "deployment.spec.replicas"),
      /^KIND: +Deployment\nVERSION: +apps\/v1\n\nFIELD: +replicas <integer>/,
    );
  });

  it("shows logs, and follows them", async () => {
    await eventually("the log", () => kubectl("logs", pod()) === "hello you\n");
    const following = spawn(realProgram("v20", "kubectl"), ["--kubeconfig", cluster.kubeconfig, "logs", "-f", pod()]);
    try {
      let said = "";
      following.stdout.setEncoding("utf8").on("data", (text: string) => (said += text));
      await eventually("what is followed", () => said === "hello you\n");
      assert.equal(following.exitCode, null);
    } finally {
      following.kill();
    }
  });

  it("runs a command in a simulated container, of those that it knows", () => {
    assert.equal(kubectl("exec", pod(), "--", "sh", "-c", "echo $NAME"), "you\n");
    assert.equal(run(["exec", pod(), "--", "sh", "-c", "exit 3"]).status, 3);
    const unknown = run(["exec", pod(), "--", "ls"]);
    assert.equal(unknown.status, 126);
    assert.match(unknown.stderr, /ls did not run: nothing runs inside of the containers of a simulated node/);
  });

  it("drains a node, and takes it into service again", () => {
    const node = kubectl("get", "pod", pod(), "-o", "jsonpath={.spec.nodeName}");
    assert.match(
      kubectl("drain", node, "--ignore-daemonsets", "--timeout=60s"),
      new RegExp(`^node/${node} evicted$`, "m"),
    );
    assert.match(kubectl("get", "node", node), /Ready,SchedulingDisabled/);
    assert.equal(kubectl("uncordon", node), `node/${node} uncordoned\n`);
  });
});
