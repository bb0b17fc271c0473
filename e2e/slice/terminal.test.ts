/** A person at a terminal: exec with a terminal, attach, run, port-forward and top, with the real kubectl, of which one release speaks SPDY and one WebSocket. */
import assert from "node:assert/strict";
import { execFileSync, spawn } from "node:child_process";
import { after, before, describe, test } from "node:test";
import { eventually, type TestCluster, upCluster, whyNoContainers } from "../cluster.ts";
import { type KubectlRelease, realProgram } from "../real-programs.ts";

const IMAGE = "kubets.local/demo:1";
const RELEASES: readonly KubectlRelease[] = ["v32", "v35"];

describe("at a terminal", { skip: whyNoContainers() ?? false }, () => {
  let cluster: TestCluster;
  before(() => {
    cluster = upCluster({ nodes: 1 });
    cluster.kubectl(["create", "deployment", "web", `--image=${IMAGE}`]);
    cluster.kubectl(["rollout", "status", "deployment/web", "--timeout=60s"]);
  });
  after(() => cluster?.down());

  /** kubectl with a terminal of its own, made by `script`; what it shows, and its exit code. */
  const atTerminal = (release: KubectlRelease, args: string, typed: string, env: Record<string, string> = {}) => {
    const command = `${realProgram(release, "kubectl")} --kubeconfig ${cluster.kubeconfig} ${args}`;
    try {
      const options = { input: typed, encoding: "utf8", timeout: 60_000, env: { ...process.env, ...env } } as const;
      return { shown: execFileSync("script", ["-qec", command, "/dev/null"], options), code: 0 };
    } catch (error) {
      const { stdout, status } = error as { stdout: string; status: number };
      return { shown: stdout, code: status };
    }
  };

  for (const release of RELEASES)
    for (const webSockets of ["true", "false"])
      test(`exec with a terminal by kubectl ${release}, WebSockets ${webSockets}`, () => {
        const env = { KUBECTL_REMOTE_COMMAND_WEBSOCKETS: webSockets };
        const { shown, code } = atTerminal(release, "exec -it deploy/web -- sh", "tty; echo $((40+2))\nexit 3\n", env);
        assert.match(shown, /\/dev\/pts\/\d/);
        assert.match(shown, /^42\r$/m);
        assert.equal(code, 3);
      });

  for (const release of RELEASES)
    test(`port-forward by kubectl ${release}`, async () => {
      const args = ["--kubeconfig", cluster.kubeconfig, "port-forward", "deploy/web", ":8080"];
      const child = spawn(realProgram(release, "kubectl"), args, { stdio: ["ignore", "pipe", "inherit"] });
      try {
        let said = "";
        child.stdout.setEncoding("utf8").on("data", (chunk: string) => (said += chunk));
        const port = await eventually("the port", () => /127\.0\.0\.1:(\d+)/.exec(said)?.[1]);
        for (let n = 0; n < 3; n++) assert.match(await (await fetch(`http://127.0.0.1:${port}/`)).text(), /^web-/);
      } finally {
        child.kill();
      }
    });

  for (const release of RELEASES)
    test(`run with input by kubectl ${release}; one that has ended already shows its log`, () => {
      const run = (name: string, script: string, input: string) =>
        cluster.kubectl(["run", name, "--rm", "-i", "--restart=Never", `--image=${IMAGE}`, "--", "sh", "-c", script], {
          release,
          input,
        });
      assert.match(run(`typed-${release}`, "read line; echo got $line", "words\n"), /got words/);
      assert.match(run(`quick-${release}`, "echo quick", ""), /quick/);
    });

  test("top shows nodes and pods", async () => {
    await eventually("the node's figures", () => /^node-1 +\d+m +\d+% +\d+Mi/m.test(cluster.kubectl(["top", "nodes"])));
    await eventually("the pod's figures", () => /^web-\S+ +\d+m +\d+Mi/m.test(cluster.kubectl(["top", "pods"])));
  });
});
