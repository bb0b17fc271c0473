/** A user's own admission plugin, named on the command line of a server of its own. */
import assert from "node:assert/strict";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { it } from "node:test";
import { startApiServer } from "./api-server-process.ts";

it("refuses what the plugin refuses, and lets the rest through", async () => {
  const server = await startApiServer((folder) => {
    const file = join(folder, "mine.ts");
    const rules = 'operations: ["CREATE"], resources: ["configmaps"]';
    const check = 'validate({ name }: { name: string }) { if (name === "bad") throw new Error("by the plugin"); }';
    writeFileSync(file, `export default { name: "Mine", ${rules}, ${check} };`);
    return { "admission-plugin-file": file };
  });
  try {
    const create = (name: string) =>
      server.ask("POST", "/api/v1/namespaces/default/configmaps", { body: { metadata: { name } } });
    assert.equal((await create("good")).status, 201);
    const refused = await create("bad");
    assert.equal(refused.status, 403);
    assert.equal(refused.body["message"], 'configmaps "bad" is forbidden: by the plugin');
  } finally {
    await server.stop();
  }
});
