import assert from "node:assert/strict";
import { PassThrough } from "node:stream";
import { describe, it } from "node:test";
import { realClock, realRandom } from "@kubets/machinery";
import { runCommand } from "@kubets/machinery/command";
import { startConnectProxy } from "@kubets/wire/testing/connect-proxy";
import { createKubectlCommand } from "./command.ts";

/** A kubectl on a machine with these files and nothing else. */
async function kubectl(
  argv: readonly string[],
  files: Readonly<Record<string, string>> = {},
  env: Readonly<Record<string, string>> = {},
) {
  const [outputs, errors]: string[][] = [[], []];
  const command = createKubectlCommand({
    reading: {
      env,
      home: "/home/me",
      clock: realClock,
      readText: (path) =>
        path in files
          ? Promise.resolve(files[path] as string)
          : Promise.reject(Object.assign(new Error(path), { code: "ENOENT" })),
      run: () => Promise.reject(new Error("no programs here")),
    },
    streams: { stdin: new PassThrough(), stdout: new PassThrough(), stderr: new PassThrough() },
    clock: realClock,
    random: realRandom,
    defaultKubeconfig: () => "/cluster/kubeconfig",
  });
  const io = { output: (text: string) => void outputs?.push(text), error: (text: string) => void errors?.push(text) };
  const code = await runCommand(command, argv, io);
  return { code, output: outputs?.join("") ?? "", error: errors?.join("") ?? "" };
}

const config = (context: string) =>
  `contexts: [{name: ${context}, context: {cluster: c, user: u}}]\nclusters: [{name: c, cluster: {server: "https://x:1"}}]\ncurrent-context: ${context}\nusers: [{name: u, user: {token: secret}}]\n`;

describe("the command", () => {
  it("uses the kubeconfig of the home, else the one that the caller knows", async () => {
    const files = { "/cluster/kubeconfig": config("known") };
    assert.equal((await kubectl(["config", "current-context"], files)).output, "known\n");
    const both = { ...files, "/home/me/.kube/config": config("home") };
    assert.equal((await kubectl(["config", "current-context"], both)).output, "home\n");
  });

  it("takes global flags in front of the verb and behind it", async () => {
    const files = { "/a": config("a") };
    assert.equal((await kubectl(["--kubeconfig", "/a", "config", "current-context"], files)).output, "a\n");
    assert.equal((await kubectl(["config", "current-context", "--kubeconfig=/a"], files)).output, "a\n");
    assert.equal(
      (await kubectl(["--kubeconfig=/a", "--context", "b", "config", "current-context"], files)).output,
      "b\n",
    );
  });

  it("asks by the proxy of the kubeconfig, else of the environment", async (t) => {
    const start = () => startConnectProxy({ answer: "HTTP/1.1 403 Forbidden\r\n\r\n" });
    const [ofFile, ofEnvironment] = [await start(), await start()];
    t.after(() => Promise.all([ofFile.close(), ofEnvironment.close()]));
    const env = { HTTPS_PROXY: `http://127.0.0.1:${ofEnvironment.port}` };
    const plain = { "/home/me/.kube/config": config("home") };
    const server = `server: "https://x:1"`;
    const own = `${server}, proxy-url: "http://127.0.0.1:${ofFile.port}"`;
    const named = { "/home/me/.kube/config": config("home").replace(server, own) };
    for (const files of [plain, named])
      assert.match((await kubectl(["get", "--raw=/"], files, env)).error, /while dialing x:1, code 403: 403 Forbidden/);
    for (const { targets } of [ofFile, ofEnvironment]) assert.deepEqual(new Set(targets), new Set(["x:1"]));
  });

  it("hides secrets", async () => {
    const { output } = await kubectl(["config", "view"], { "/home/me/.kube/config": config("home") });
    assert.match(output, /token: REDACTED/);
    assert.doesNotMatch(output, /secret/);
  });

  it("says what is wrong, without a server", async () => {
    assert.match((await kubectl(["get"])).error, /You must specify the type of resource to get/);
    assert.match((await kubectl(["gte"])).error, /unknown command "gte" for "kubectl": did you mean "get"/);
    assert.match((await kubectl(["get", "pods", "--sellector=a"])).error, /did you mean --selector/);
    const { code, error } = await kubectl(["get", "pods", "--context=nope"], { "/cluster/kubeconfig": config("c") });
    assert.deepEqual([code, error], [1, 'error: context "nope" does not exist\n']);
  });
});
