/** A user's own admission plugin, named on the command line of a server of its own: run from source, and as it is published. */
import assert from "node:assert/strict";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { it } from "node:test";
import { build } from "../../scripts/build.ts";
import { startApiServer } from "./api-server-process.ts";

async function tryPlugin(main?: string): Promise<void> {
  const server = await startApiServer((folder) => {
    const file = join(folder, "mine.ts");
    const rules = 'operations: ["CREATE"], resources: ["configmaps"]';
    const check = 'validate({ name }: { name: string }) { if (name === "bad") throw new Error("by the plugin"); }';
    writeFileSync(file, `export default { name: "Mine", ${rules}, ${check} };`);
    return { "admission-plugin-file": file };
  }, main);
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
}

it("refuses what the plugin refuses, and lets the rest through", () => tryPlugin());

it("does so in the bundled program", async () => {
  const folder = mkdtempSync(join(tmpdir(), "kubets-bundle-"));
  try {
    writeFileSync(join(folder, "package.json"), '{ "type": "module" }');
    await tryPlugin(join(await build(join(folder, "dist")), "main.js"));
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
});
