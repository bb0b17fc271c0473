import assert from "node:assert/strict";
import { test } from "node:test";
import { isOfCommand } from "./events.ts";

const exit = (container: string, process: string) =>
  Buffer.concat([
    Buffer.of(0x0a, container.length),
    Buffer.from(container),
    Buffer.of(0x12, process.length),
    Buffer.from(process),
  ]);

test("the end of a command is told from the end of its container", () => {
  assert.equal(isOfCommand("/tasks/exit", exit("abc", "exec-1")), true);
  assert.equal(isOfCommand("/tasks/exit", exit("abc", "abc")), false);
  assert.equal(isOfCommand("/tasks/oom", exit("abc", "exec-1")), false);
  assert.equal(isOfCommand("/tasks/exit", Buffer.alloc(0)), false);
});
