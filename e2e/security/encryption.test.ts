/** Secrets sealed at rest by a key management plugin in a process of its own, across restarts, new keys and another configuration. */
import assert from "node:assert/strict";
import { type ChildProcess, spawn } from "node:child_process";
import { randomBytes } from "node:crypto";
import { once } from "node:events";
import { appendFileSync, readdirSync, readFileSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { it } from "node:test";
import { startApiServer } from "./api-server-process.ts";
import { metric } from "./files.ts";

const PASSWORD = "correct horse battery staple";
const SECRETS = "/api/v1/namespaces/default/secrets";

it("no secret is on the disk in the open; all can be read after restarts, new keys of the plugin, and another provider", async () => {
  let plugin: ChildProcess | undefined;
  let folder = "";
  const configure = (...providers: object[]) =>
    writeFileSync(
      join(folder, "encryption.json"),
      JSON.stringify({
        apiVersion: "apiserver.config.k8s.io/v1",
        kind: "EncryptionConfiguration",
        resources: [{ resources: ["secrets"], providers }],
      }),
    );
  const newKey = () => appendFileSync(join(folder, "keys"), `${randomBytes(32).toString("base64")}\n`);
  const kms = () => ({ kms: { apiVersion: "v2", name: "ours", endpoint: `unix://${join(folder, "kms.sock")}` } });
  const server = await startApiServer(async (made) => {
    folder = made;
    newKey();
    const args = [join(import.meta.dirname, "kms-plugin.ts"), join(folder, "kms.sock"), join(folder, "keys")];
    plugin = spawn(process.execPath, ["--disable-warning=ExperimentalWarning", ...args], {
      stdio: ["ignore", "pipe", "inherit"],
    });
    await once(plugin.stdout as NodeJS.ReadableStream, "data");
    configure(kms(), { identity: {} });
    return {
      "encryption-provider-config": join(folder, "encryption.json"),
      "encryption-provider-config-automatic-reload": "true",
    };
  });
  const create = async (name: string) => {
    const body = { metadata: { name }, stringData: { password: PASSWORD } };
    assert.equal((await server.ask("POST", SECRETS, { body })).status, 201);
  };
  const read = async (name: string) => {
    const { data } = (await server.ask("GET", `${SECRETS}/${name}`)).body as { data?: Record<string, string> };
    return Buffer.from(data?.["password"] ?? "", "base64").toString();
  };
  try {
    await create("one");
    await server.restart();
    assert.equal(await read("one"), PASSWORD);

    newKey();
    await server.restart();
    await create("two");
    assert.deepEqual([await read("one"), await read("two")], [PASSWORD, PASSWORD]);

    for (const path of ["/readyz/kms-providers", "/healthz/kms-providers"])
      assert.deepEqual((await server.ask("GET", path)).body, { text: "ok" }, path);
    assert.equal((await server.ask("GET", "/livez/kms-providers")).status, 404);
    const sealed = 'status="OK",transformation_type="to_storage",transformer_prefix="k8s:enc:kms:v2:ours:"';
    assert.ok((await metric(server, `apiserver_storage_transformation_operations_total{${sealed}}`)) > 0);
    const asked = 'grpc_status_code="OK",method_name="Encrypt",provider_name="ours"';
    const latency = "apiserver_envelope_encryption_kms_operations_latency_seconds_count";
    assert.equal(await metric(server, `${latency}{${asked}}`), 1);

    const before = filesOf(join(server.folder, "data"));
    assert.ok(before.some((file) => file.includes("k8s:enc:kms:v2:ours:")));
    for (const file of before)
      assert.ok(!file.includes(PASSWORD) && !file.includes(Buffer.from(PASSWORD).toString("base64")));

    configure({ secretbox: { keys: [{ name: "box", secret: randomBytes(32).toString("base64") }] } }, kms());
    // The server takes the file up by itself: from then on a write that changes nothing seals anew.
    const revision = async () =>
      (
        (
          await server.ask("PATCH", `${SECRETS}/one`, {
            body: {},
            headers: { "content-type": "application/merge-patch+json" },
          })
        ).body as {
          metadata: { resourceVersion: string };
        }
      ).metadata.resourceVersion;
    const old = await revision();
    while ((await revision()) === old) await new Promise(setImmediate);
    await server.restart();
    assert.deepEqual([await read("one"), await read("two")], [PASSWORD, PASSWORD]);
  } finally {
    await server.stop();
    plugin?.kill();
  }
});

function filesOf(folder: string): Buffer[] {
  return readdirSync(folder, { recursive: true })
    .map((name) => join(folder, String(name)))
    .filter((path) => statSync(path).isFile())
    .map((path) => readFileSync(path));
}
