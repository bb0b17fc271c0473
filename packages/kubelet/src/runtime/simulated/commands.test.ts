import assert from "node:assert/strict";
import { test } from "node:test";
import { courseOf, resultOf } from "./commands.ts";

const envs = [{ key: "INDEX", value: Buffer.from("2") }];
const script = (text: string) => courseOf({ command: ["sh", "-c", text], envs });
const exits = (text: string) => {
  const { exitAfterMs, exitCode } = script(text) ?? {};
  return [exitAfterMs, exitCode];
};

test("a script of plain commands ends when and as it says", () => {
  assert.deepEqual(exits("sleep 2; exit 3"), [2000, 3]);
  assert.deepEqual(exits("true"), [0, 0]);
  assert.deepEqual(exits("sleep 1m && false"), [60_000, 1]);
  assert.deepEqual(exits("false || exit 7"), [0, 7]);
  assert.deepEqual(exits('[ "$INDEX" = 2 ] && exit 5; exit 0'), [0, 5]);
  assert.deepEqual(exits("[ ${INDEX} -ne 2 ] && exit 5; exit 0"), [0, 0]);
  assert.deepEqual(exits("exit $INDEX"), [0, 2]);
});

test("what it says comes at its time", () => {
  assert.deepEqual(script("echo 'a $INDEX'; sleep 1; echo b $INDEX")?.log, [
    { atMs: 0, text: "a $INDEX" },
    { atMs: 1000, text: "b 2" },
  ]);
});

test("a command without a shell", () => {
  assert.equal(courseOf({ command: ["sleep", "5"], args: [], envs: [] })?.exitAfterMs, 5000);
  assert.equal(courseOf({ command: ["sleep", "inf"], args: [], envs: [] })?.exitAfterMs, 1e9);
});

test("anything else runs until it is stopped", () => {
  for (const text of ["while true; do sleep 1; done", "trap : TERM; sleep 5", "nginx"])
    assert.equal(script(text), undefined);
  assert.equal(courseOf({ command: [], args: [], envs: [] }), undefined);
});

test("what a command prints at once, and how it ends", () => {
  assert.deepEqual(resultOf({ command: ["echo", "a", "b"], envs }), { exitCode: 0, stdout: "a b\n" });
  assert.deepEqual(resultOf({ command: ["sh", "-c", "echo $INDEX; exit 3"], envs }), { exitCode: 3, stdout: "2\n" });
  assert.equal(resultOf({ command: ["ls"], envs }), undefined);
});
