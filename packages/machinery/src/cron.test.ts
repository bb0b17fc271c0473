import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { parseCron } from "./cron.ts";
import { timeZone } from "./time-zone.ts";

/** The next times, as UTC without seconds. */
function times(spec: string, from: string, count: number, zone?: string): string[] {
  const schedule = parseCron(spec, zone);
  const list: string[] = [];
  for (let at: number | undefined = Date.parse(from); list.length < count; ) {
    at = schedule.next(at);
    if (at === undefined) break;
    list.push(new Date(at).toISOString().slice(0, 16));
  }
  return list;
}

test("fields, ranges, steps and names", () => {
  const from = "2026-01-01T00:00:00Z";
  const cases: Array<[string, string[]]> = [
    ["*/15 * * * *", ["2026-01-01T00:15", "2026-01-01T00:30"]],
    ["5,10 3 * * *", ["2026-01-01T03:05", "2026-01-01T03:10"]],
    ["0 9-17/4 * * *", ["2026-01-01T09:00", "2026-01-01T13:00"]],
    ["50/5 0 * * *", ["2026-01-01T00:50", "2026-01-01T00:55"]],
    ["0 0 29 2 *", ["2028-02-29T00:00"]],
    ["0 0 * FEB mon", ["2026-02-02T00:00", "2026-02-09T00:00"]],
    ["0 0 13 * 5", ["2026-01-02T00:00", "2026-01-09T00:00", "2026-01-13T00:00"]],
    ["0 0 */2 * 1", ["2026-01-03T00:00", "2026-01-05T00:00"]],
    ["0 0 ? * sun", ["2026-01-04T00:00"]],
    ["@hourly", ["2026-01-01T01:00", "2026-01-01T02:00"]],
    ["@yearly", ["2027-01-01T00:00"]],
    ["@weekly", ["2026-01-04T00:00"]],
    ["@every 90m", ["2026-01-01T01:30", "2026-01-01T03:00"]],
    ["TZ=Asia/Tokyo 0 9 * * *", ["2026-01-02T00:00"]],
  ];
  for (const [spec, want] of cases) assert.deepEqual(times(spec, from, want.length), want, spec);
  assert.deepEqual(times("0 0 31 2 *", from, 1), []);
});

test("what the clocks skip is skipped, what they repeat comes twice", () => {
  const zone = "America/New_York";
  assert.deepEqual(times("30 2 * * *", "2026-03-07T12:00:00Z", 2, zone), ["2026-03-09T06:30", "2026-03-10T06:30"]);
  assert.deepEqual(times("30 1 * * *", "2026-11-01T00:00:00Z", 3, zone), [
    "2026-11-01T05:30",
    "2026-11-01T06:30",
    "2026-11-02T06:30",
  ]);
  assert.deepEqual(times("0 0 * * *", "2026-03-07T12:00:00Z", 2, zone), ["2026-03-08T05:00", "2026-03-09T04:00"]);
  // Clocks of half an hour, and a midnight that does not exist.
  assert.deepEqual(times("0 3 * * *", "2026-10-03T12:00:00Z", 2, "Australia/Lord_Howe"), [
    "2026-10-03T16:00",
    "2026-10-04T16:00",
  ]);
  assert.deepEqual(times("0 0 * * *", "2026-09-05T12:00:00Z", 2, "America/Santiago"), [
    "2026-09-07T03:00",
    "2026-09-08T03:00",
  ]);
});

test("errors are the original's", () => {
  const cases: Array<[string, string]> = [
    ["", "empty spec string"],
    ["H * * * *", 'failed to parse int from H: strconv.Atoi: parsing "H": invalid syntax'],
    ["* * L * *", 'failed to parse int from L: strconv.Atoi: parsing "L": invalid syntax'],
    ["@every 5", 'failed to parse duration @every 5: time: missing unit in duration "5"'],
    ["@never", "unrecognized descriptor: @never"],
    ["* * * *", "expected exactly 5 fields, found 4: [* * * *]"],
    ["60 * * * *", "end of range (60) above maximum (59): 60"],
    ["* * 0 * *", "beginning of range (0) below minimum (1): 0"],
    ["5-1 * * * *", "beginning of range (5) beyond end of range (1): 5-1"],
    ["*/0 * * * *", "step of range should be a positive number: */0"],
    ["1-2-3 * * * *", "too many hyphens: 1-2-3"],
    ["1/2/3 * * * *", "too many slashes: 1/2/3"],
    ["* * * * 7", "end of range (7) above maximum (6): 7"],
    ["TZ=No/Where * * * * *", "provided bad location No/Where: unknown time zone No/Where"],
  ];
  for (const [spec, message] of cases) assert.throws(() => parseCron(spec), { name: "CronError", message }, spec);
});

test("agrees with trying each minute", () => {
  const field = (min: number, max: number) =>
    fc.oneof(fc.constant("*"), fc.integer({ min, max }).map(String), fc.constant("*/7"));
  const spec = fc.tuple(
    field(0, 59),
    field(0, 23),
    fc.constantFrom("*", "1", "15"),
    fc.constant("*"),
    fc.constantFrom("*", "1", "0-3"),
  );
  const zone = fc.constantFrom("UTC", "Europe/Berlin", "America/New_York", "Australia/Lord_Howe");
  fc.assert(
    fc.property(spec, zone, fc.integer({ min: 0, max: 365 * 24 * 60 }), (parts, name, minute) => {
      const from = Date.UTC(2026, 0, 1) + minute * 60_000;
      const next = parseCron(parts.join(" "), name).next(from);
      const limit = from + 3 * 86_400_000;
      let at = from + 60_000;
      while (at <= limit && !matches(parts, at, name)) at += 60_000;
      if (at <= limit) assert.equal(next, at);
      else assert.ok(next === undefined || next > limit);
    }),
    { numRuns: 60 },
  );
});

function matches(parts: readonly string[], at: number, zone: string): boolean {
  const local = new Date(at + (timeZone(zone)?.offset(at) ?? 0));
  const [minute, hour, day, , weekday] = parts.map((part, i) => {
    const value = [
      local.getUTCMinutes(),
      local.getUTCHours(),
      local.getUTCDate(),
      local.getUTCMonth() + 1,
      local.getUTCDay(),
    ][i] as number;
    if (part === "*") return true;
    if (part.startsWith("*/")) return value % Number(part.slice(2)) === 0;
    const [low, high = low] = part.split("-").map(Number) as [number, number?];
    return value >= low && value <= (high as number);
  });
  const days = parts[2] === "*" || parts[4] === "*" ? day && weekday : day || weekday;
  return Boolean(minute && hour && days);
}
