/**
 * Timestamps and durations: read from text, checked against their limits, printed, and taken apart in a time zone.
 * A timestamp lies in the years 1 to 9999; a duration is a 64-bit number of nanoseconds.
 */
import { formatDurationNanos, parseDurationNanos } from "@kubets/machinery";
import { timeZone } from "@kubets/machinery/time-zone";
import { failure } from "./errors.ts";
import { Duration, Timestamp } from "./values.ts";

const SECOND = 1_000_000_000n;
const EARLIEST = -62_135_596_800n;
const LATEST = 253_402_300_799n;
const LONGEST = 2n ** 63n;

const RFC3339 = /^(\d{4})-(\d{2})-(\d{2})[Tt](\d{2}):(\d{2}):(\d{2})(?:[.,](\d+))?([Zz]|[+-]\d{2}:\d{2})$/;

/** undefined for what is no timestamp. */
export function parseTimestamp(text: string): Timestamp | undefined {
  const match = RFC3339.exec(text);
  if (!match) return undefined;
  const [year, month, day, hour, minute, second] = match.slice(1, 7).map(Number) as [
    number,
    number,
    number,
    number,
    number,
    number,
  ];
  const date = new Date(0);
  date.setUTCFullYear(year, month - 1, day);
  if (month < 1 || month > 12 || date.getUTCDate() !== day || date.getUTCMonth() !== month - 1) return undefined;
  if (hour > 23 || minute > 59 || second > 59) return undefined;
  date.setUTCHours(hour, minute, second);
  const offset = zoneSeconds(match[8] as string);
  const seconds = BigInt(date.getTime() / 1000 - offset);
  const nanos = BigInt((match[7] ?? "").slice(0, 9).padEnd(9, "0"));
  return inRange(seconds) ? new Timestamp(seconds * SECOND + nanos) : undefined;
}

const inRange = (seconds: bigint): boolean => seconds >= EARLIEST && seconds <= LATEST;

function zoneSeconds(zone: string): number {
  if (zone === "Z" || zone === "z") return 0;
  const size = Number(zone.slice(1, 3)) * 3600 + Number(zone.slice(4, 6)) * 60;
  return zone.startsWith("-") ? -size : size;
}

/** A timestamp of so many nanoseconds, if there is one. */
export function timestampOf(nanos: bigint): Timestamp {
  if (!inRange(floorDivide(nanos, SECOND))) throw failure("timestamp overflow");
  return new Timestamp(nanos);
}

export function durationOf(nanos: bigint): Duration {
  if (nanos >= LONGEST || nanos < -LONGEST) throw failure("integer overflow");
  return new Duration(nanos);
}

/** Reads Go's durations ("1h30m"); undefined for what is none. */
export function parseDurationValue(text: string): Duration | undefined {
  try {
    return new Duration(parseDurationNanos(text));
  } catch {
    return undefined;
  }
}

export function formatTimestamp({ nanos }: Timestamp): string {
  const seconds = floorDivide(nanos, SECOND);
  const text = new Date(Number(seconds) * 1000).toISOString().slice(0, 19);
  const fraction = String(nanos - seconds * SECOND)
    .padStart(9, "0")
    .replace(/0+$/, "");
  return `${text}${fraction && `.${fraction}`}Z`;
}

/** Seconds with a fraction, as in "5400s". */
export function formatSeconds({ nanos }: Duration): string {
  const size = nanos < 0n ? -nanos : nanos;
  const fraction = String(size % SECOND)
    .padStart(9, "0")
    .replace(/0+$/, "");
  return `${nanos < 0n ? "-" : ""}${size / SECOND}${fraction && `.${fraction}`}s`;
}

/** As Go prints a duration. */
export const formatGoDuration = ({ nanos }: Duration): string => formatDurationNanos(nanos);

export const floorDivide = (a: bigint, b: bigint): bigint => (a - (((a % b) + b) % b)) / b;

/** The wall clock at an instant in a zone: a name, or an offset such as "+02:00". */
export function wallClock({ nanos }: Timestamp, zone: string): Date {
  const at = Number(floorDivide(nanos, 1_000_000n));
  return new Date(at + zoneOffset(zone, at));
}

function zoneOffset(zone: string, at: number): number {
  const fixed = /^([+-]?)(\d{2}):(\d{2})$/.exec(zone);
  if (fixed) {
    const size = (Number(fixed[2]) * 60 + Number(fixed[3])) * 60_000;
    return fixed[1] === "-" ? -size : size;
  }
  const known = timeZone(zone);
  if (!known) throw failure(`unknown time zone ${zone}`);
  return known.offset(at);
}
