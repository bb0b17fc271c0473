/** A person at a terminal: exec with a terminal, attach, run, port-forward and top, with the real kubectl, of which older releases speak SPDY and newer ones WebSocket. */
import assert from "node:assert/strict";
import { execFileSync, spawn } from "node:child_process";
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Readable, Writable } from "node:stream";
import { after, before, describe, test } from "node:test";
import { Exec, KubeConfig, type V1Status } from "@kubernetes/client-node";
import { eventually, type TestCluster, upCluster, whyNoContainers } from "../cluster.ts";
import { OWN_KUBECTL } from "../kubectl/own-kubectl.ts";
import { type KubectlRelease, realProgram, whyNoOldKubectl } from "../real-programs.ts";

const IMAGE = "kubets.local/demo:1";
const RELEASES: readonly KubectlRelease[] = ["v32", "v35"];
const noOld = whyNoOldKubectl();

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

  test("@kubernetes/client-node runs a command in a container, with input, and hears how it ended", async () => {
    const config = new KubeConfig();
    config.loadFromFile(cluster.kubeconfig);
    const [name = ""] = cluster
      .kubectl(["get", "pods", "-l", "app=web", "-o", "jsonpath={.items[0].metadata.name}"])
      .split(" ");
    const said = { out: "", err: "" };
    const into = (stream: "out" | "err") =>
      new Writable({
        write(chunk: Buffer, _encoding, done) {
          said[stream] += chunk.toString();
          done();
        },
      });
    const command = ["sh", "-c", "read word; echo heard $word; echo aside >&2; exit 3"];
    const status = await new Promise<V1Status>((resolve, reject) => {
      const exec = new Exec(config);
      const input = Readable.from(["kubets\n"]);
      exec.exec("default", name, "demo", command, into("out"), into("err"), input, false, resolve).catch(reject);
    });
    assert.deepEqual(said, { out: "heard kubets\n", err: "aside\n" });
    assert.equal(status.status, "Failure");
    assert.deepEqual(status.details?.causes, [{ reason: "ExitCode", message: "3" }]);
  });

  test("exec with a terminal by kubectl v20", { skip: noOld ?? false }, () => {
    const { shown, code } = atTerminal("v20", "exec -it deploy/web -- sh", "tty; echo $((40+2))\nexit 3\n");
    assert.match(shown, /\/dev\/pts\/\d/);
    assert.match(shown, /^42\r$/m);
    assert.equal(code, 3);
  });

  for (const release of ["v20", ...RELEASES] as const)
    test(`port-forward by kubectl ${release}`, { skip: (release === "v20" && noOld) || false }, async () => {
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

  for (const release of ["v20", ...RELEASES] as const)
    test(`run with input by kubectl ${release}; one that has ended already shows its log`, {
      skip: (release === "v20" && noOld) || false,
    }, () => {
      const run = (name: string, script: string, input: string) =>
        cluster.kubectl(["run", name, "--rm", "-i", "--restart=Never", `--image=${IMAGE}`, "--", "sh", "-c", script], {
          release,
          input,
        });
      assert.match(run(`typed-${release}`, "read line; echo got $line", "words\n"), /got words/);
      assert.match(run(`quick-${release}`, "echo quick", ""), /quick/);
    });

  /** The real ones, and ours. */
  const KUBECTLS: readonly (readonly [name: string, ...command: string[]])[] = [
    ...RELEASES.map((release) => [`kubectl ${release}`, realProgram(release, "kubectl")] as const),
    ["kubets kubectl", ...OWN_KUBECTL],
  ];
  const run = ([, program = "", ...words]: (typeof KUBECTLS)[number], args: readonly string[], input = "") =>
    execFileSync(program, [...words, "--kubeconfig", cluster.kubeconfig, ...args], {
      encoding: "utf8",
      input,
      timeout: 60_000,
    });
  const webPod = () => cluster.kubectl(["get", "pods", "-l", "app=web", "-o", "jsonpath={.items[0].metadata.name}"]);

  for (const kubectl of KUBECTLS)
    test(`files and folders are copied into a container and back by ${kubectl[0]}`, () => {
      const folder = mkdtempSync(join(tmpdir(), "kubets-cp-"));
      try {
        const pod = webPod();
        mkdirSync(join(folder, "tree/below"), { recursive: true });
        const bytes = Buffer.from(Array.from({ length: 300_000 }, (_, i) => (i * 7919) & 255));
        writeFileSync(join(folder, "tree/below/bytes"), bytes);
        writeFileSync(join(folder, "tree/words"), "some words\n");
        const target = `/tmp/${kubectl[0].replaceAll(" ", "-")}`;
        run(kubectl, ["cp", join(folder, "tree"), `${pod}:${target}`]);
        assert.equal(run(kubectl, ["exec", pod, "--", "cat", `${target}/words`]), "some words\n");
        run(kubectl, ["cp", `${pod}:${target}`, join(folder, "back")]);
        assert.deepEqual(readFileSync(join(folder, "back/below/bytes")), bytes);
        run(kubectl, ["cp", join(folder, "tree/words"), `default/${pod}:${target}/one`]);
        run(kubectl, ["cp", `default/${pod}:${target}/one`, join(folder, "one")]);
        assert.equal(readFileSync(join(folder, "one"), "utf8"), "some words\n");
      } finally {
        rmSync(folder, { recursive: true, force: true });
      }
    });

  for (const kubectl of KUBECTLS)
    test(`a container to debug with joins a pod, a copy of it and a node by ${kubectl[0]}`, async () => {
      const id = kubectl[0].replaceAll(/\W/g, "-");
      const debug = (target: string, container: string, ...more: string[]) => {
        const flags = ["--profile=general", `--image=${IMAGE}`, "-i", "-c", container, ...more];
        return run(
          kubectl,
          ["debug", target, ...flags, "--", "sh", "-c", "read line; echo got-$line; ls /host"],
          "words\n",
        );
      };
      const log = (name: string, container: string, ...which: string[]) => {
        try {
          return cluster.kubectl(["logs", name, "-c", container, ...which]);
        } catch {
          return "";
        }
      };
      // What ends at once may be over before its last words are shown; its log has them. In a copy it may have begun anew by then.
      const logged = (name: string, container: string, words: RegExp) =>
        eventually(
          `the log of ${container} in ${name}`,
          () => words.test(log(name, container)) || words.test(log(name, container, "--previous")),
        );
      const name = webPod();
      debug(name, `in-${id}`);
      await logged(name, `in-${id}`, /got-words/);
      debug(name, "more", `--copy-to=copy-${id}`);
      await logged(`copy-${id}`, "more", /got-words/);
      const [, made = ""] = /Creating debugging pod (\S+) /.exec(debug("node/node-1", "here")) ?? [];
      await logged(made, "here", /got-words[\s\S]*^etc$/m);
    });

  test("top shows nodes and pods", async () => {
    await eventually("the node's figures", () => /^node-1 +\d+m +\d+% +\d+Mi/m.test(cluster.kubectl(["top", "nodes"])));
    await eventually("the pod's figures", () => /^web-\S+ +\d+m +\d+Mi/m.test(cluster.kubectl(["top", "pods"])));
  });
});
