/** What stands around the verbs: a proxy that browsers use, plugins, preferences, completion in a shell, and what -v tells. */
import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { request } from "node:http";
import { join } from "node:path";
import { after, before, describe, it } from "node:test";
import { OWN_KUBECTL, runOwn, startOwn } from "./own-kubectl.ts";
import { startServer, type TestServer } from "./server.ts";

describe("around the verbs of kubets kubectl", () => {
  let server: TestServer;
  before(async () => {
    server = await startServer();
  });
  after(() => server?.stop());

  const own = (args: readonly string[], env: Record<string, string> = {}, input = "") =>
    runOwn(args, { kubeconfig: server.kubeconfig, env: { HOME: server.folder, ...env }, input });

  /** A proxy for as long as the function runs, which is given how to ask it. */
  async function proxied(args: readonly string[], use: (ask: Ask) => Promise<void>): Promise<void> {
    const child = startOwn(["proxy", "--port=0", ...args], { kubeconfig: server.kubeconfig });
    try {
      const port = await new Promise<number>((resolve, reject) => {
        let said = "";
        child.stdout.setEncoding("utf8").on("data", (text: string) => {
          said += text;
          const [, found] = /Starting to serve on 127\.0\.0\.1:(\d+)/.exec(said) ?? [];
          if (found) resolve(Number(found));
        });
        child.once("exit", (code) => reject(new Error(`the proxy ended with ${code}: ${said}`)));
      });
      await use((path, options = {}) => ask(port, path, options));
    } finally {
      child.kill();
    }
  }

  it("a proxy asks as the user, and only for pages of this machine", () =>
    proxied([], async (get) => {
      assert.match((await get("/version")).text, /"gitVersion": ?"v1\.36/);
      const made = await get("/api/v1/namespaces", {
        method: "POST",
        body: '{"metadata":{"name":"by-proxy"}}',
        headers: { authorization: "Bearer wrong" },
      });
      assert.equal(made.status, 201);
      assert.equal((await get("/version", { headers: { host: "evil.example" } })).status, 403);
      assert.equal((await get("/api/v1/namespaces/a/pods/b/exec")).status, 403);
    }));

  it("a proxy serves files beside the API, each under its prefix, and filters paths and methods", async () => {
    const folder = join(server.folder, "www");
    mkdirSync(folder);
    writeFileSync(join(folder, "page.html"), "<p>page</p>");
    const flags = [`--www=${folder}`, "--api-prefix=/k8s/", "--reject-methods=POST", "--reject-paths=^/api/v1/secrets"];
    await proxied(flags, async (get) => {
      assert.equal((await get("/static/page.html")).text, "<p>page</p>");
      assert.equal((await get("/static/../kubeconfig")).status, 404);
      assert.equal((await get("/k8s/readyz")).text, "ok");
      assert.equal((await get("/readyz")).status, 404);
      assert.equal((await get("/k8s/api/v1/secrets")).status, 403);
      assert.equal((await get("/k8s/api/v1/namespaces", { method: "POST", body: "{}" })).status, 403);
    });
  });

  it("programs called kubectl-NAME in the PATH are verbs, with all that follows theirs", async () => {
    const folder = join(server.folder, "plugins");
    mkdirSync(folder);
    const program = (name: string, mode = 0o755) =>
      writeFileSync(join(folder, name), `#!/bin/sh\necho ${name} "$@"\nexit 7\n`, { mode });
    program("kubectl-greet");
    program("kubectl-greet-the_world");
    program("kubectl-idle", 0o644);
    program("kubectl-get");
    const PATH = `${folder}:${process.env.PATH}`;
    assert.deepEqual(await own(["greet", "me", "--loud"], { PATH }), {
      code: 7,
      output: "kubectl-greet me --loud\n",
      error: "",
    });
    assert.equal((await own(["greet", "the-world", "x"], { PATH })).output, "kubectl-greet-the_world x\n");
    assert.match((await own(["-n", "a", "greet"], { PATH })).error, /flags cannot be placed before plugin name/);
    const listed = await own(["plugin", "list"], { PATH: folder });
    assert.equal(listed.code, 1);
    assert.match(listed.output, /kubectl-greet\n.*kubectl-greet-the_world\n/);
    assert.match(listed.error, /kubectl-get overwrites existing command: "kubectl get"/);
    assert.match(listed.error, /kubectl-idle identified as a kubectl plugin, but it is not executable/);
    assert.match(listed.error, /error: 2 plugin warnings were found/);
  });

  it("preferences give flags defaults and verbs other names", async () => {
    const set = (...args: string[]) => own(["alpha", "kuberc", "set", ...args]);
    assert.equal((await set("--section=defaults", "--command=get", "--option=output=name")).code, 0);
    const alias = ["--section=aliases", "--name=spaces", "--command=get", "--prependarg=namespaces"];
    assert.equal((await set(...alias)).code, 0);
    assert.match((await set(...alias)).error, /alias "spaces" already exists, use --overwrite/);
    assert.equal((await own(["get", "ns", "default"])).output, "namespace/default\n");
    assert.equal((await own(["get", "ns", "default", "-o", "jsonpath={.kind}"])).output, "Namespace");
    assert.equal((await own(["spaces", "default"])).output, "namespace/default\n");
    assert.match((await own(["get", "ns", "default"], { KUBERC: "off" })).output, /^NAME +STATUS/);
    assert.match((await own(["alpha", "kuberc", "view"])).output, /^aliases:\n- command: get\n {2}name: spaces\n/);
  });

  it("bash finishes command lines", async () => {
    const script = join(server.folder, "completion.sh");
    writeFileSync(script, (await own(["completion", "bash"])).output);
    const quoted = OWN_KUBECTL.map((word) => `'${word}'`).join(" ");
    const complete = (...words: string[]) => {
      const code = `kubectl() { ${quoted} "$@"; }; source ${script}; COMP_WORDS=(kubectl ${words.map((w) => `'${w}'`).join(" ")});
        COMP_CWORD=${words.length}; __kubectl_complete; printf '%s\\n' "\${COMPREPLY[@]}"`;
      const env = { ...process.env, KUBECONFIG: server.kubeconfig, HOME: server.folder, KUBERC: "off" };
      return spawnSync("bash", ["-c", code], { encoding: "utf8", env, timeout: 30_000 }).stdout.trim().split("\n");
    };
    assert.deepEqual(complete("rollout", "re"), ["restart", "resume"]);
    assert.deepEqual(complete("get", "ns", "kube-p"), ["kube-public"]);
    assert.deepEqual(complete("get", "pods", "-n", "kube-s"), ["kube-system"]);
    assert.deepEqual(complete("get", "--output", "ky"), ["kyaml"]);
  });

  for (const [shell, check] of [
    ["zsh", /^#compdef kubectl\n[\s\S]*compdef _kubectl kubectl/],
    ["fish", /complete -c kubectl -a '\(__kubectl_complete\)'/],
    ["powershell", /Register-ArgumentCompleter -Native -CommandName 'kubectl'/],
  ] as const)
    it(`${shell} has a script too`, async () => assert.match((await own(["completion", shell])).output, check));

  it("-v tells of requests without credentials, --profile writes a profile", async () => {
    const get = (level: number) => own(["get", "--raw", "/readyz", `-v=${level}`], { KUBERC: "off" });
    assert.match(
      (await get(6)).error,
      /^I\d{4} .*"Response" verb="GET" url="https:.*\/readyz" status="200 OK" milliseconds=\d+\n$/,
    );
    assert.match((await get(8)).error, /Authorization: Bearer <masked>[\s\S]*"Response Body" body=<\n\tok\n >/);
    assert.match((await get(9)).error, /curl -v -XGET  -H "Authorization: Bearer <masked>" .*https:/);
    for (const level of [7, 8, 9]) assert.doesNotMatch((await get(level)).error, /for-this-test/);
    const profile = join(server.folder, "cpu.profile");
    assert.equal((await own(["version", "--profile=cpu", `--profile-output=${profile}`])).code, 0);
    assert.ok((JSON.parse(readFileSync(profile, "utf8")) as { nodes: unknown[] }).nodes.length > 0);
  });
});

interface AskOptions {
  readonly method?: string;
  readonly body?: string;
  readonly headers?: Readonly<Record<string, string>>;
}

type Ask = (path: string, options?: AskOptions) => Promise<{ status: number; text: string }>;

function ask(port: number, path: string, { method = "GET", body, headers }: AskOptions) {
  return new Promise<{ status: number; text: string }>((resolve, reject) => {
    const type = body === undefined ? {} : { "content-type": "application/json" };
    const asked = request({ host: "127.0.0.1", port, path, method, headers: { ...type, ...headers } }, (answer) => {
      let text = "";
      answer.setEncoding("utf8").on("data", (chunk: string) => (text += chunk));
      answer.once("end", () => resolve({ status: answer.statusCode ?? 0, text }));
    });
    asked.once("error", reject);
    asked.end(body);
  });
}
