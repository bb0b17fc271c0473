/** The parts of timestamps, in UTC or a named zone, and of durations. */
import type { Overload } from "../declarations.ts";
import { method } from "../declare.ts";
import { wallClock } from "../time-values.ts";
import { celTypes as t } from "../types.ts";
import type { Duration, Timestamp } from "../values.ts";

const DAY = 86_400_000;

const PARTS: readonly (readonly [name: string, id: string, part: (clock: Date) => number])[] = [
  ["getFullYear", "year", (clock) => clock.getUTCFullYear()],
  ["getMonth", "month", (clock) => clock.getUTCMonth()],
  ["getDayOfYear", "day_of_year", dayOfYear],
  ["getDayOfMonth", "day_of_month", (clock) => clock.getUTCDate() - 1],
  ["getDate", "day_of_month_1_based", (clock) => clock.getUTCDate()],
  ["getDayOfWeek", "day_of_week", (clock) => clock.getUTCDay()],
  ["getHours", "hours", (clock) => clock.getUTCHours()],
  ["getMinutes", "minutes", (clock) => clock.getUTCMinutes()],
  ["getSeconds", "seconds", (clock) => clock.getUTCSeconds()],
  ["getMilliseconds", "milliseconds", (clock) => clock.getUTCMilliseconds()],
];

function dayOfYear(clock: Date): number {
  const start = new Date(clock.getTime());
  start.setUTCMonth(0, 1);
  return Math.round((clock.getTime() - start.getTime()) / DAY);
}

const DURATION_PARTS: readonly (readonly [name: string, id: string, nanos: bigint, of?: bigint])[] = [
  ["getHours", "hours", 3_600_000_000_000n],
  ["getMinutes", "minutes", 60_000_000_000n],
  ["getSeconds", "seconds", 1_000_000_000n],
  ["getMilliseconds", "milliseconds", 1_000_000n, 1000n],
];

export const timeParts: readonly Overload[] = [
  ...PARTS.flatMap(([name, id, part]) => [
    method(name, `timestamp_to_${id}`, [t.timestamp], t.int, (at: Timestamp) => BigInt(part(wallClock(at, "UTC")))),
    method(name, `timestamp_to_${id}_with_tz`, [t.timestamp, t.string], t.int, (at: Timestamp, zone: string) =>
      BigInt(part(wallClock(at, zone))),
    ),
  ]),
  ...DURATION_PARTS.map(([name, id, nanos, of]) =>
    method(name, `duration_to_${id}`, [t.duration], t.int, (value: Duration) =>
      of ? (value.nanos / nanos) % of : value.nanos / nanos,
    ),
  ),
];
