import assert from "node:assert/strict";
import { test } from "node:test";
import { stateWords } from "./container-state.ts";

test("the state of a container in words", () => {
  const told = [
    { running: { startedAt: "2026-01-01T00:00:00Z" } },
    { waiting: { reason: "ContainerCreating" } },
    { waiting: { reason: "CrashLoopBackOff", message: "back-off" } },
    { terminated: { exitCode: 0, reason: "Completed" } },
    { terminated: { exitCode: 1, reason: "Error", message: "no" } },
    { terminated: { exitCode: 137, signal: 9 } },
  ].map((state) => {
    const { tone, word } = stateWords(state) ?? {};
    return [tone, word];
  });
  assert.deepEqual(told, [
    ["good", "Running"],
    ["busy", "ContainerCreating"],
    ["bad", "CrashLoopBackOff"],
    ["good", "Completed (exit code 0)"],
    ["bad", "Error (exit code 1)"],
    ["bad", "Terminated (signal 9)"],
  ]);
  assert.equal(stateWords({}), undefined);
});
