import assert from "node:assert/strict";
import { test } from "node:test";
import { isLater, logLines } from "./log-lines.ts";

const T = "2026-11-22T10:00:00.000000001Z";

test("lines come whole, however the text is cut", () => {
  const text = `${T} one\r\n${T} two\nno time\n\n${T} three`;
  const whole = [
    { time: T, text: "one" },
    { time: T, text: "two" },
    { time: "", text: "no time" },
    { time: "", text: "" },
    { time: T, text: "three" },
  ];
  for (let size = 1; size <= text.length; size++) {
    const lines = logLines();
    const pieces = Array.from({ length: Math.ceil(text.length / size) }, (_, i) =>
      text.slice(i * size, (i + 1) * size),
    );
    assert.deepEqual([...pieces.flatMap(lines.take), ...lines.rest()], whole, `pieces of ${size}`);
    assert.deepEqual(lines.rest(), []);
  }
});

test("what only terminals understand is left out", () => {
  const { take } = logLines();
  assert.deepEqual(
    take("\x1b[1;31mred\x1b[0m \x1b]0;title\x07and \x1b]8;;http://a\x1b\\link\n")[0]?.text,
    "red and link",
  );
});

test("times are compared to the nanosecond, whatever their zone", () => {
  assert.ok(isLater("2026-11-22T10:00:00.000000002Z", T));
  assert.ok(!isLater(T, T));
  assert.ok(isLater("2026-11-22T10:00:00.1Z", "2026-11-22T10:00:00.09Z"));
  assert.ok(!isLater("2026-11-22T11:00:00Z", "2026-11-22T11:00:00+01:00") === false);
  assert.ok(!isLater("2026-11-22T11:00:00.000000001+01:00", T));
});
