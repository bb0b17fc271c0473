/** A user's own admission plugin, named on the command line of a server of its own: run from source, and as it is published. */
import assert from "node:assert/strict";
import { existsSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { it } from "node:test";
import { setTimeout as delay } from "node:timers/promises";
import { build } from "../../scripts/build.ts";
import { type ApiServerProcess, startApiServer } from "./api-server-process.ts";

/** What it is told to do, and how the write that it is asked about then ends. */
const HARM = {
  ends: /its process ended/,
  hangs: /did not answer within 1000 ms/,
  eats: /needs more than 128 MB of memory/,
  "keeps-buffers": /needs more than 128 MB of memory/,
};

function startWithPlugin(check: string, main?: string): Promise<ApiServerProcess> {
  return startApiServer((folder) => {
    const file = join(folder, "mine.ts");
    const rules = 'operations: ["CREATE"], resources: ["configmaps"]';
    writeFileSync(file, `export default { name: "Mine", ${rules}, ${check} };`);
    return { "admission-plugin-file": file };
  }, main);
}

const create = (server: ApiServerProcess, name: string) =>
  server.ask("POST", "/api/v1/namespaces/default/configmaps", { body: { metadata: { name } } });

async function tryPlugin(main?: string): Promise<void> {
  const check = `validate({ name }: { name: string }) {
      const kept: unknown[] = [];
      if (name === "bad") throw new Error("by the plugin");
      if (name === "ends") process.exit(1);
      while (name === "hangs");
      while (name === "eats") kept.push({ kept });
      while (name === "keeps-buffers") kept.push(Buffer.alloc(1e6, 1));
    }`;
  const server = await startWithPlugin(check, main);
  try {
    assert.equal((await create(server, "good")).status, 201);
    const refused = await create(server, "bad");
    assert.equal(refused.status, 403);
    assert.equal(refused.body["message"], 'configmaps "bad" is forbidden: by the plugin');
    for (const [name, why] of Object.entries(HARM)) {
      const answer = await create(server, name);
      assert.equal(answer.status, 500);
      assert.match(String(answer.body["message"]), why);
      assert.equal((await create(server, `after-${name}`)).status, 201);
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

it("leaves no plugin behind when it is killed while the plugin hangs", async () => {
  const check = `validate({ name }: { name: string }) {
    if (name === "pid") throw new Error(String(process.pid));
    while (name === "hangs");
  }`;
  const server = await startWithPlugin(check);
  try {
    const refused = await create(server, "pid");
    const [pid] = /\d+$/.exec(String(refused.body["message"])) as RegExpExecArray;
    const hangs = assert.rejects(create(server, "hangs"));
    await delay(300);
    assert.ok(existsSync(`/proc/${pid}`));
    process.kill(server.pid, "SIGKILL");
    await hangs;
    while (existsSync(`/proc/${pid}`)) await delay(10);
  } finally {
    await server.stop();
  }
});
