import assert from "node:assert/strict";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { runCommand } from "@kubets/machinery/command";
import { celCommand } from "./command.ts";

async function run(...argv: string[]): Promise<{ code: number; output: string; error: string }> {
  const shown = { output: "", error: "" };
  const code = await runCommand(celCommand, argv, {
    output: (text) => void (shown.output += text),
    error: (text) => void (shown.error += text),
  });
  return { code, ...shown };
}

test("an expression is evaluated on a file, or said to be wrong", async () => {
  const folder = mkdtempSync(join(tmpdir(), "cel-"));
  try {
    const file = join(folder, "object.yaml");
    writeFileSync(file, "spec:\n  replicas: 3\n  hosts: [a.example.com]\n");
    assert.deepEqual(await run("object.spec.replicas <= 5", "--on", file), { code: 0, output: "true\n", error: "" });
    assert.deepEqual(await run("self.spec.replicas > 5", "--on", file), { code: 1, output: "false\n", error: "" });
    assert.equal((await run("self.spec.hosts", "--on", file, "-o", "yaml")).output, "- a.example.com\n");
    const missing = await run("object.spec.nope", "--on", file);
    assert.deepEqual(missing, {
      code: 1,
      output: "",
      error: "error: the expression has no value here: no such key: nope\n",
    });
    const wrong = await run("object.spec.replicas +", "--on", file);
    assert.match(wrong.error, /ERROR: <input>:1:23: Syntax error: mismatched input '<EOF>'/);
    assert.equal(wrong.code, 1);
    const cost = await run("object.spec.replicas", "--on", file, "--cost");
    assert.equal(cost.error, "type dyn, cost 3, estimated 1 to 1\n");
    assert.match((await run("1", "--on", join(folder, "none"))).error, /no such file/);
    assert.equal((await run()).code, 2);
  } finally {
    rmSync(folder, { recursive: true });
  }
});
