/** A user's own admission plugin, named on the command line of a server of its own: run from source, and as it is published. */
import assert from "node:assert/strict";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { it } from "node:test";
import { build } from "../../scripts/build.ts";
import { startApiServer } from "./api-server-process.ts";

/** What it is told to do, and how the write that it is asked about then ends. */
const HARM = {
  ends: /its thread ended/,
  hangs: /did not answer within 1000 ms/,
  eats: /memory limit|did not answer/,
  "keeps-buffers": /keeps more than 128 MB in buffers/,
};

async function tryPlugin(main?: string): Promise<void> {
  const server = await startApiServer((folder) => {
    const file = join(folder, "mine.ts");
    const rules = 'operations: ["CREATE"], resources: ["configmaps"]';
    const check = `validate({ name }: { name: string }) {
      const kept: unknown[] = [];
      if (name === "bad") throw new Error("by the plugin");
      if (name === "ends") process.exit(1);
      while (name === "hangs");
      while (name === "eats") kept.push({ kept });
      while (name === "keeps-buffers") kept.push(Buffer.alloc(1e6, 1));
    }`;
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
    for (const [name, why] of Object.entries(HARM)) {
      const answer = await create(name);
      assert.equal(answer.status, 500);
      assert.match(String(answer.body["message"]), why);
      assert.equal((await create(`after-${name}`)).status, 201);
    }
  } finally {
    await server.stop();
  }
}

it("refuses what the plugin refuses, lets the rest through, and lives on whatever the plugin does", () => tryPlugin());

it("does so in the bundled program", async () => {
  const folder = mkdtempSync(join(tmpdir(), "kubets-bundle-"));
  try {
    writeFileSync(join(folder, "package.json"), '{ "type": "module" }');
    await tryPlugin(join(await build(join(folder, "dist")), "main.js"));
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
});
