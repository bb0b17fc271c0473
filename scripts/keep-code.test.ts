import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { mkdtempSync, readdirSync, rmSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, it } from "node:test";
import { COMPILED_CODE } from "../packages/kubets/src/compiled-code.ts";

const USES = JSON.stringify(join(import.meta.dirname, "../packages/kubets/src/compiled-code.ts"));
const KEEPS = ["--no-warnings", "--expose-internals", "--import", join(import.meta.dirname, "keep-code.ts")];

let folder = "";
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "kubets-code-"));
  const lines = Array.from({ length: 100 }, (_, i) => `  x += Math.sin(x) * ${i};`).join("\n");
  writeFileSync(join(folder, "part.js"), `export const answer = (x) => {\n${lines}\n  return 42;\n};`);
  writeFileSync(join(folder, "package.json"), '{"type":"module"}');
  writeFileSync(
    join(folder, "main.js"),
    `import { useCompiledCode } from ${USES};
     useCompiledCode(import.meta.filename);
     const { answer } = await import("./part.js");
     console.log(answer(1));`,
  );
});
afterEach(() => rmSync(folder, { recursive: true }));

function run(...options: string[]): string {
  const { stdout, stderr } = spawnSync(process.execPath, [...options, join(folder, "main.js")], {
    encoding: "utf8",
    env: { ...process.env, NODE_COMPILE_CACHE: "", NODE_DEBUG_NATIVE: "COMPILE_CACHE" },
  });
  assert.equal(stdout, "42\n");
  return stderr;
}

const bytesKept = () =>
  readdirSync(join(folder, COMPILED_CODE), { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .reduce((sum, { parentPath, name }) => sum + statSync(join(parentPath, name)).size, 0);

it("the code of functions that have run is kept, and the next start takes it", () => {
  run();
  const loaded = bytesKept();
  run(...KEEPS);
  const ran = bytesKept();
  assert.ok(ran > loaded + 1000, `${loaded} bytes, then ${ran}`);
  assert.match(run(), /part\.js was accepted/);
  assert.equal(bytesKept(), ran);
});
