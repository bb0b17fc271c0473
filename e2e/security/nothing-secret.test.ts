/** What others on the machine, or readers of the log, can see of secrets: nothing. */
import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { randomBytes } from "node:crypto";
import { once } from "node:events";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { type AddressInfo, createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { it } from "node:test";
import { ADMIN, startApiServer } from "./api-server-process.ts";
import { writeConfiguration } from "./files.ts";

it("tokens, keys and values of Secrets stand in no log, no refusal and no command line", async () => {
  const [key, password, wrong] = [32, 18, 24].map((size) => randomBytes(size).toString("base64")) as [
    string,
    string,
    string,
  ];
  const server = await startApiServer((folder) => ({
    v: "8",
    "encryption-provider-config": writeConfiguration(folder, "encryption.json", "EncryptionConfiguration", {
      resources: [{ resources: ["secrets"], providers: [{ secretbox: { keys: [{ name: "k", secret: key }] } }] }],
    }),
  }));
  try {
    const secrets = "/api/v1/namespaces/default/secrets";
    const answers: string[] = [];
    const ask = async (method: string, path: string, options: Parameters<typeof server.ask>[2] = {}) => {
      const { status, body } = await server.ask(method, path, options);
      if (status >= 400) answers.push(JSON.stringify(body));
      return status;
    };
    const data = { password: Buffer.from(password).toString("base64") };
    assert.equal(await ask("POST", secrets, { body: { metadata: { name: "s" }, data } }), 201);
    assert.equal(await ask("POST", secrets, { body: { metadata: { name: "s" }, data } }), 409);
    assert.equal(await ask("POST", secrets, { body: { metadata: { name: "Not A Name" }, data } }), 422);
    assert.equal(
      await ask("POST", secrets, { body: { metadata: { name: "t" }, data: { password: `${password}!` } } }),
      400,
    );
    assert.equal(await ask("GET", secrets, { token: wrong }), 401);
    assert.equal(await ask("GET", secrets, { headers: { "impersonate-user": "jane" } }), 403);
    assert.equal(answers.length, 5);
    for (const hidden of [ADMIN, key, password, data.password, wrong])
      for (const [where, text] of [
        ["log", server.log],
        ["command line", server.commandLine],
        ["refusals", answers.join("\n")],
      ] as const)
        assert.ok(!text.includes(hidden), `${where} shows ${hidden}: ${text}`);
  } finally {
    await server.stop();
  }
});

it("what a machine joins by stands in no command line", async () => {
  const folder = mkdtempSync(join(tmpdir(), "kubets-joining-"));
  // A server that never says a word, so that whoever joins waits.
  const silent = createServer().listen(0, "127.0.0.1");
  await once(silent, "listening");
  const [token, key] = ["abcdef.0123456789abcdef", randomBytes(32).toString("hex")];
  const main = join(import.meta.dirname, "../../packages/kubets/src/main.ts");
  const server = `https://127.0.0.1:${(silent.address() as AddressInfo).port}`;
  const etcd = ["--etcd-servers", "http://127.0.0.1:1"];
  const args = ["server", "--server", server, "--token", token, `--certificate-key=${key}`, ...etcd];
  const child = spawn(process.execPath, ["--disable-warning=ExperimentalWarning", main, ...args], {
    env: { ...process.env, KUBETS_HOME: folder },
    stdio: "ignore",
  });
  const ended = once(child, "exit");
  try {
    await Promise.race([once(silent, "connection"), ended.then(() => assert.fail("it did not wait"))]);
    const line = readFileSync(`/proc/${child.pid}/cmdline`, "utf8");
    assert.match(line, /^kubets server .*--token \(hidden\) --certificate-key=\(hidden\) --etcd-servers/);
    assert.ok(!line.includes(token) && !line.includes(key), line);
  } finally {
    child.kill("SIGKILL");
    await ended;
    silent.close();
    rmSync(folder, { recursive: true, force: true });
  }
});
