import assert from "node:assert/strict";
import { test } from "node:test";
import { toneOf } from "./tone.ts";

test("what a status says is told apart", () => {
  const tones = {
    good: ["Running", "Bound", "3/3", "Complete"],
    busy: ["Pending", "1/3", "Terminating", "Init:0/1"],
    bad: ["CrashLoopBackOff", "ErrImagePull", "Error", "Failed", "Init:CrashLoopBackOff"],
  };
  for (const [tone, words] of Object.entries(tones))
    for (const word of words) assert.equal(toneOf("Status", word), tone, word);
  assert.equal(toneOf("Name", "Running"), undefined);
  assert.equal(toneOf("Status", "<none>"), undefined);
});
