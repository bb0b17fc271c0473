/** A server whose keys are gone, as a process of its own: it starts, says what it cannot read, and can be cleaned up through the API. */
import assert from "node:assert/strict";
import { randomBytes } from "node:crypto";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { it } from "node:test";
import { startApiServer } from "./api-server-process.ts";

const NAMESPACE = "/api/v1/namespaces/default";
const ROLE = "/apis/rbac.authorization.k8s.io/v1/clusterroles/edit";
const IGNORING = "ignoreStoreReadErrorWithClusterBreakingPotential=true";

it("a server starts with none of the keys that sealed its objects, and lets them be deleted one by one", async () => {
  let folder = "";
  const configure = (...resources: string[]) => {
    const key = { name: "key", secret: randomBytes(32).toString("base64") };
    const head = { apiVersion: "apiserver.config.k8s.io/v1", kind: "EncryptionConfiguration" };
    const providers = [{ aesgcm: { keys: [key] } }, { identity: {} }];
    writeFileSync(join(folder, "encryption.json"), JSON.stringify({ ...head, resources: [{ resources, providers }] }));
  };
  const server = await startApiServer((made) => {
    folder = made;
    configure("*.*");
    return {
      "encryption-provider-config": join(folder, "encryption.json"),
      "feature-gates": "AllowUnsafeMalformedObjectDeletion=true",
    };
  });
  try {
    for (const name of ["one", "two"])
      assert.equal((await server.ask("POST", `${NAMESPACE}/secrets`, { body: { metadata: { name } } })).status, 201);
    configure("*.*");
    await server.restart();
    assert.match(server.log, /objects in storage cannot be read/);
    for (const path of [NAMESPACE, `${NAMESPACE}/secrets/one`, ROLE]) {
      const { status, body } = await server.ask("GET", path);
      assert.deepEqual([status, body["reason"]], [500, "InternalError"], path);
      assert.match(String(body["message"]), /StorageError: corrupt object/);
    }
    const unreadable = async () => {
      const { body } = await server.ask("GET", `${NAMESPACE}/secrets`);
      return (body["details"] as { causes: { field: string }[] } | undefined)?.causes.map(({ field }) => field);
    };
    const key = (name: string) => `/registry/secrets/default/${name}`;
    assert.deepEqual(await unreadable(), [key("one"), key("two")]);
    assert.equal((await server.ask("DELETE", `${NAMESPACE}/secrets/one`)).status, 500);
    assert.equal((await server.ask("DELETE", `${NAMESPACE}/secrets/one?${IGNORING}`)).status, 200);
    assert.deepEqual(await unreadable(), [key("two")]);
    assert.equal((await server.ask("DELETE", `${NAMESPACE}/secrets/two?${IGNORING}`)).status, 200);
    assert.equal((await server.ask("DELETE", `${ROLE}?${IGNORING}`)).status, 200);
    assert.equal((await server.ask("DELETE", `${NAMESPACE}?${IGNORING}`)).status, 403, "admission still counts");

    // What every server has is made again at the next start.
    await server.restart();
    assert.equal((await server.ask("GET", ROLE)).status, 200);
    const { status, body } = await server.ask("GET", `${NAMESPACE}/secrets`);
    assert.deepEqual([status, body["items"]], [200, []]);
  } finally {
    await server.stop();
  }
});
