import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import {
  formatDuration,
  formatDurationNanos,
  humanDuration,
  parseDuration,
  parseDurationNanos,
  shortHumanDuration,
} from "./duration.ts";
import { parseIntOrString, percentOf, scaledValue } from "./int-or-string.ts";
import { formatPortRange, inPortRange, parsePortRange, portRangeSize } from "./port-range.ts";
import { canonicalMicroTime, canonicalTime, formatMicroTime, formatTime, parseTime } from "./time.ts";

test("times are written in UTC", () => {
  assert.equal(canonicalTime("2026-01-02T03:04:05Z"), "2026-01-02T03:04:05Z");
  assert.equal(canonicalTime("2026-01-02T03:04:05.999Z"), "2026-01-02T03:04:05Z");
  assert.equal(canonicalTime("2026-01-02T03:04:05+02:00"), "2026-01-02T01:04:05Z");
  assert.equal(canonicalMicroTime("2026-01-02T03:04:05.123456+01:00"), "2026-01-02T02:04:05.123456Z");
  assert.equal(formatTime(0), "1970-01-01T00:00:00Z");
  assert.equal(formatMicroTime(1.5), "1970-01-01T00:00:00.001500Z");
  assert.equal(parseTime("1970-01-01T00:00:01.5Z"), 1500);
  assert.equal(canonicalTime("0001-01-01T00:00:00Z"), "0001-01-01T00:00:00Z");
});

test("what is no time is refused in Go's words", () => {
  const layout = '"2006-01-02T15:04:05Z07:00"';
  const cases: Array<[string, string]> = [
    ["x", `parsing time "x" as ${layout}: cannot parse "x" as "2006"`],
    ["", `parsing time "" as ${layout}: cannot parse "" as "2006"`],
    ["2026-01-02", `parsing time "2026-01-02" as ${layout}: cannot parse "" as "T"`],
    ["2026-01-02T03:04:05", `parsing time "2026-01-02T03:04:05" as ${layout}: cannot parse "" as "Z07:00"`],
    ["2026-13-02T03:04:05Z", `parsing time "2026-13-02T03:04:05Z": month out of range`],
    ["2026-02-29T03:04:05Z", `parsing time "2026-02-29T03:04:05Z": day out of range`],
    ["2026-02-28T24:04:05Z", `parsing time "2026-02-28T24:04:05Z": hour out of range`],
    ["2026-02-28T03:04:05Zx", `parsing time "2026-02-28T03:04:05Zx": extra text: "x"`],
  ];
  for (const [text, message] of cases) assert.throws(() => parseTime(text), { message }, text);
});

test("a MicroTime has six digits, no more and no fewer", () => {
  const layout = '"2006-01-02T15:04:05.000000Z07:00"';
  const cases: Array<[string, string]> = [
    ["2026-01-02T03:04:05Z", `as ${layout}: cannot parse "Z" as ".000000"`],
    ["2026-01-02T03:04:05.123456000Z", `as ${layout}: cannot parse "000Z" as "Z07:00"`],
  ];
  for (const [text, end] of cases) {
    assert.throws(() => canonicalMicroTime(text), { message: `parsing time "${text}" ${end}` });
  }
});

test("any instant survives", () => {
  fc.assert(
    fc.property(fc.integer({ min: 0, max: 4_000_000_000 }), (seconds) => {
      assert.equal(parseTime(formatTime(seconds * 1000)), seconds * 1000);
    }),
  );
});

test("Go durations", () => {
  const cases: Array<[string, number, string]> = [
    ["0", 0, "0s"],
    ["5s", 5000, "5s"],
    ["1h30m0.5s", 5_400_500, "1h30m0.5s"],
    ["90m", 5_400_000, "1h30m0s"],
    ["-1.5h", -5_400_000, "-1h30m0s"],
    ["100ms", 100, "100ms"],
    [".5s", 500, "500ms"],
    ["1.5ms", 1.5, "1.5ms"],
    ["2us", 0.002, "2µs"],
    ["1m", 60_000, "1m0s"],
    ["+1s", 1000, "1s"],
  ];
  for (const [text, ms, printed] of cases) {
    assert.equal(parseDuration(text), ms, text);
    assert.equal(formatDuration(ms), printed, text);
  }
});

test("what is no duration is refused in Go's words", () => {
  const cases: Array<[string, string]> = [
    ["5", 'time: missing unit in duration "5"'],
    ["5d", 'time: unknown unit "d" in duration "5d"'],
    ["", 'time: invalid duration ""'],
    ["x", 'time: invalid duration "x"'],
    [".", 'time: invalid duration "."'],
    ["1s2", 'time: missing unit in duration "1s2"'],
    ["99999999999h", 'time: invalid duration "99999999999h"'],
    ["1constructor", 'time: unknown unit "constructor" in duration "1constructor"'],
  ];
  for (const [text, message] of cases) assert.throws(() => parseDuration(text), { message }, text);
});

test("any duration survives printing and reading", () => {
  fc.assert(
    fc.property(fc.bigInt({ min: -(2n ** 62n), max: 2n ** 62n }), (nanos) => {
      assert.equal(parseDurationNanos(formatDurationNanos(nanos)), nanos);
    }),
  );
});

test("ages", () => {
  const [s, m, h, d, y] = [1000, 60_000, 3_600_000, 86_400_000, 365 * 86_400_000];
  const cases: Array<[number, string]> = [
    [-2 * s, "<invalid>"],
    [-s, "0s"],
    [0, "0s"],
    [119 * s, "119s"],
    [2 * m, "2m"],
    [5 * m + 12 * s, "5m12s"],
    [10 * m + 12 * s, "10m"],
    [179 * m, "179m"],
    [3 * h, "3h"],
    [3 * h + 12 * m, "3h12m"],
    [8 * h + 12 * m, "8h"],
    [47 * h, "47h"],
    [53 * h, "2d5h"],
    [8 * d, "8d"],
    [729 * d, "729d"],
    [2 * y, "2y"],
    [2 * y + 3 * d, "2y3d"],
    [9 * y + 3 * d, "9y"],
  ];
  for (const [ms, want] of cases) assert.equal(humanDuration(ms), want);
  assert.deepEqual([90 * s, 25 * h, 366 * d].map(shortHumanDuration), ["1m", "1d", "1y"]);
});

test("numbers or percentages", () => {
  assert.equal(parseIntOrString("8080"), 8080);
  assert.equal(parseIntOrString("http"), "http");
  assert.equal(parseIntOrString("99999999999"), "99999999999");
  assert.equal(percentOf("25%"), 25);
  assert.equal(percentOf("http"), undefined);
  assert.equal(scaledValue("25%", 10, "up"), 3);
  assert.equal(scaledValue("25%", 10, "down"), 2);
  assert.equal(scaledValue("29%", 100, "up"), 29);
  assert.equal(scaledValue(7, 10, "up"), 7);
  assert.throws(() => scaledValue("ten", 10, "up"), {
    message: "invalid value for IntOrString: invalid type: string is not a percentage",
  });
});

test("ranges of ports", () => {
  assert.deepEqual(parsePortRange("30000-32767"), { first: 30000, last: 32767 });
  assert.deepEqual(parsePortRange("30000+10"), { first: 30000, last: 30010 });
  assert.equal(portRangeSize(parsePortRange("8080")), 1);
  assert.equal(portRangeSize(parsePortRange("")), 0);
  assert.equal(inPortRange(parsePortRange("1-2"), 2), true);
  assert.equal(formatPortRange(parsePortRange("1-2")), "1-2");
  for (const text of ["a", "2-1", "1-70000", "1-2-3"])
    assert.throws(() => parsePortRange(text), { name: "PortRangeError" });
});
