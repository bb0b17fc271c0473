/**
 * Go's durations ("1h30m0.5s") and the short ones of tables ("5m12s", "3h", "2d5h").
 * Holds: a duration is a bigint of nanoseconds where it must be exact, and milliseconds elsewhere.
 */
import { quote } from "./quote.ts";

export class DurationError extends Error {
  override readonly name = "DurationError";
}

const UNIT_NANOS: Readonly<Record<string, bigint>> = {
  ns: 1n,
  us: 1_000n,
  µs: 1_000n,
  μs: 1_000n,
  ms: 1_000_000n,
  s: 1_000_000_000n,
  m: 60_000_000_000n,
  h: 3_600_000_000_000n,
};
const SECOND = 1_000_000_000n;
const LONGEST = 2n ** 63n - 1n;

const PART = /^([0-9]*)(?:\.([0-9]*))?/;

/** Nanoseconds of a Go duration; throws a DurationError in Go's words. */
export function parseDurationNanos(text: string): bigint {
  const bad = () => new DurationError(`time: invalid duration ${quote(text)}`);
  const negative = text.startsWith("-");
  let rest = /^[+-]/.test(text) ? text.slice(1) : text;
  if (rest === "0") return 0n;
  if (rest === "") throw bad();
  let sum = 0n;
  while (rest) {
    const [number, whole = "", fraction = ""] = PART.exec(rest) as RegExpExecArray;
    if (whole === "" && fraction === "") throw bad();
    rest = rest.slice(number.length);
    const unit = (/^[^.0-9]*/.exec(rest) as RegExpExecArray)[0];
    if (unit === "") throw new DurationError(`time: missing unit in duration ${quote(text)}`);
    const nanos = Object.hasOwn(UNIT_NANOS, unit) ? UNIT_NANOS[unit] : undefined;
    if (nanos === undefined) {
      throw new DurationError(`time: unknown unit ${quote(unit)} in duration ${quote(text)}`);
    }
    if (whole.length > 20) throw bad();
    const digits = fraction.slice(0, 30);
    sum += BigInt(whole || "0") * nanos + (BigInt(digits || "0") * nanos) / 10n ** BigInt(digits.length);
    if (sum > LONGEST + (negative ? 1n : 0n)) throw bad();
    rest = rest.slice(unit.length);
  }
  return negative ? -sum : sum;
}

/** Milliseconds of a Go duration, with a fraction where it has one. */
export const parseDuration = (text: string): number => {
  const nanos = parseDurationNanos(text);
  return nanos % 1_000_000n === 0n ? Number(nanos / 1_000_000n) : Number(nanos) / 1e6;
};

/** A Go duration as Go prints it: "1h30m0.5s", "1.5ms", "0s". */
export function formatDurationNanos(nanos: bigint): string {
  if (nanos === 0n) return "0s";
  const sign = nanos < 0n ? "-" : "";
  const size = nanos < 0n ? -nanos : nanos;
  if (size < SECOND) {
    const [unit, factor] = size < 1000n ? ["ns", 1n] : size < 1_000_000n ? ["µs", 1000n] : ["ms", 1_000_000n];
    return sign + decimal(size, factor as bigint) + (unit as string);
  }
  const hours = size / (3600n * SECOND);
  const minutes = (size / (60n * SECOND)) % 60n;
  const seconds = `${decimal(size % (60n * SECOND), SECOND)}s`;
  if (hours > 0n) return `${sign}${hours}h${minutes}m${seconds}`;
  return minutes > 0n ? `${sign}${minutes}m${seconds}` : sign + seconds;
}

export const formatDuration = (ms: number): string => formatDurationNanos(BigInt(Math.round(ms * 1e6)));

/** value / factor as a decimal without trailing zeros. */
function decimal(value: bigint, factor: bigint): string {
  const fraction = (value % factor)
    .toString()
    .padStart(String(factor).length - 1, "0")
    .replace(/0+$/, "");
  return fraction && factor > 1n ? `${value / factor}.${fraction}` : String(value / factor);
}

/** The age of something as tables show it: two or three figures, the coarser the older. */
export function humanDuration(ms: number): string {
  const seconds = Math.trunc(ms / 1000);
  if (seconds < -1) return "<invalid>";
  if (seconds < 0) return "0s";
  if (seconds < 120) return `${seconds}s`;
  const minutes = Math.trunc(seconds / 60);
  if (minutes < 10) return pair(minutes, "m", seconds % 60, "s");
  if (minutes < 180) return `${minutes}m`;
  const hours = Math.trunc(minutes / 60);
  if (hours < 8) return pair(hours, "h", minutes % 60, "m");
  if (hours < 48) return `${hours}h`;
  const days = Math.trunc(hours / 24);
  if (hours < 192) return pair(days, "d", hours % 24, "h");
  if (days < 730) return `${days}d`;
  const years = Math.trunc(days / 365);
  return days < 2920 ? pair(years, "y", days % 365, "d") : `${years}y`;
}

/** The same in one figure. */
export function shortHumanDuration(ms: number): string {
  const seconds = Math.trunc(ms / 1000);
  if (seconds < -1) return "<invalid>";
  if (seconds < 0) return "0s";
  if (seconds < 60) return `${seconds}s`;
  const minutes = Math.trunc(seconds / 60);
  if (minutes < 60) return `${minutes}m`;
  const hours = Math.trunc(minutes / 60);
  if (hours < 24) return `${hours}h`;
  return hours < 24 * 365 ? `${Math.trunc(hours / 24)}d` : `${Math.trunc(hours / 24 / 365)}y`;
}

const pair = (large: number, largeUnit: string, small: number, smallUnit: string): string =>
  small === 0 ? `${large}${largeUnit}` : `${large}${largeUnit}${small}${smallUnit}`;
