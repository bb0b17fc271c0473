import assert from "node:assert/strict";
import { it } from "node:test";
import { machineExec } from "./exec.ts";

const exec = machineExec();

it("gives a program its input, whole or by lines, and what it said", async () => {
  const expected = { code: 0, stdout: "one\ntwo\n", stderr: "" };
  assert.deepEqual(await exec("cat", [], { stdin: "one\ntwo\n" }), expected);
  assert.deepEqual(await exec("cat", [], { lines: ["one", "two"] }), expected);
  const { code } = await exec("sh", ["-c", "exit 3"]);
  assert.equal(code, 3);
});

it("makes lines as they are read", async () => {
  function* withoutEnd() {
    for (let n = 1; ; n++) yield `line ${n}`;
  }
  assert.deepEqual(await exec("head", ["-n", "1"], { lines: withoutEnd() }), {
    code: 0,
    stdout: "line 1\n",
    stderr: "",
  });
});
