import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { existsSync, mkdtempSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, it } from "node:test";
import { COMPILED_CODE } from "./compiled-code.ts";

const HERE = join(import.meta.dirname, "compiled-code.ts");

describe("compiled code", () => {
  let folder = "";
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), "kubets-compiled-"));
    writeFileSync(join(folder, "part.js"), "export const answer = () => 42;");
    writeFileSync(
      join(folder, "program.mjs"),
      `import { useCompiledCode } from ${JSON.stringify(HERE)};
       useCompiledCode(process.argv[2]);
       const { answer } = await import("./part.js");
       console.log(answer());`,
    );
  });
  afterEach(() => rmSync(folder, { recursive: true }));

  /** What a run says, and what Node says of its cache. */
  const run = (program: string) => {
    const { stdout, stderr } = spawnSync(
      process.execPath,
      ["--disable-warning=ExperimentalWarning", join(folder, "program.mjs"), join(folder, program)],
      { encoding: "utf8", env: { ...process.env, NODE_COMPILE_CACHE: "", NODE_DEBUG_NATIVE: "COMPILE_CACHE" } },
    );
    return { stdout, cache: stderr };
  };

  it("of a bundle is left beside it, and used by the next start, also when both were moved", () => {
    const first = run("main.js");
    assert.equal(first.stdout, "42\n");
    assert.doesNotMatch(first.cache, /part\.js was accepted/);
    renameSync(folder, `${folder}-moved`);
    folder = `${folder}-moved`;
    const second = run("main.js");
    assert.equal(second.stdout, "42\n");
    assert.match(second.cache, /part\.js was accepted/);
  });

  it("of source is not kept", () => {
    assert.equal(run("main.ts").stdout, "42\n");
    assert.ok(!existsSync(join(folder, COMPILED_CODE)));
  });
});
