import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { watchLines } from "./watch-lines.ts";

const line = (type: string, object: object) => `${JSON.stringify({ type, object })}\n`;

test("events are whole, wherever the pieces end", () => {
  const text = line("ADDED", { a: 1 }) + line("MODIFIED", { a: "ä\\n" }) + line("DELETED", {});
  fc.assert(
    fc.property(fc.array(fc.nat(text.length)), (cuts) => {
      const at = [0, ...cuts.toSorted((a, b) => a - b), text.length];
      const read = watchLines();
      const events = at.slice(1).flatMap((end, i) => read(text.slice(at[i], end)).events);
      assert.deepEqual(
        events.map(({ type }) => type),
        ["ADDED", "MODIFIED", "DELETED"],
      );
    }),
  );
});

test("what the server tells of its failure ends it, in its words", () => {
  const gone = { kind: "Status", message: "too old resource version", reason: "Expired", code: 410 };
  const { events, failure } = watchLines()(line("ADDED", {}) + line("ERROR", gone) + line("ADDED", {}));
  assert.equal(events.length, 1);
  assert.deepEqual([failure?.code, failure?.reason, failure?.message], [410, "Expired", "too old resource version"]);
});
