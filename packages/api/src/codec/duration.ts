/**
 * Go durations ("1h30m", "1.5s") in the form in which Go prints them ("1h30m0s", "1.5s"). Counted exactly, in nanoseconds.
 */
const UNITS: Readonly<Record<string, bigint>> = {
  ns: 1n,
  us: 1_000n,
  "\u00b5s": 1_000n,
  "\u03bcs": 1_000n,
  ms: 1_000_000n,
  s: 1_000_000_000n,
  m: 60_000_000_000n,
  h: 3_600_000_000_000n,
};
const SECOND = 1_000_000_000n;
const LONGEST = 2n ** 63n;

export class DurationError extends Error {}

export const canonicalDuration = (text: string): string => formatDuration(parseDuration(text));

/** Nanoseconds; throws a DurationError in Go's words. */
export function parseDuration(text: string): bigint {
  const quoted = JSON.stringify(text);
  const invalid = () => new DurationError(`time: invalid duration ${quoted}`);
  const negative = text.startsWith("-");
  let rest = negative || text.startsWith("+") ? text.slice(1) : text;
  if (rest === "0") return 0n;
  if (rest === "") throw invalid();
  let total = 0n;
  while (rest) {
    const number = /^(\d*)(?:\.(\d*))?/.exec(rest) as RegExpExecArray;
    const [all, whole = "", fraction = ""] = number;
    if (whole === "" && fraction === "") throw invalid();
    rest = rest.slice(all.length);
    const unit = /^[^.\d]*/.exec(rest)?.[0] ?? "";
    if (unit === "") throw new DurationError(`time: missing unit in duration ${quoted}`);
    const size = UNITS[unit];
    if (size === undefined) throw new DurationError(`time: unknown unit ${JSON.stringify(unit)} in duration ${quoted}`);
    total += BigInt(whole || "0") * size + (fraction ? (BigInt(fraction) * size) / 10n ** BigInt(fraction.length) : 0n);
    if (total > LONGEST || (total === LONGEST && !negative)) throw invalid();
    rest = rest.slice(unit.length);
  }
  return negative ? -total : total;
}

export function formatDuration(nanoseconds: bigint): string {
  if (nanoseconds === 0n) return "0s";
  const sign = nanoseconds < 0n ? "-" : "";
  const size = nanoseconds < 0n ? -nanoseconds : nanoseconds;
  if (size < 1_000n) return `${sign}${size}ns`;
  if (size < 1_000_000n) return `${sign}${withFraction(size, 1_000n)}\u00b5s`;
  if (size < SECOND) return `${sign}${withFraction(size, 1_000_000n)}ms`;
  const minutes = size / (60n * SECOND);
  const seconds = `${withFraction(size % (60n * SECOND), SECOND)}s`;
  if (minutes === 0n) return sign + seconds;
  if (minutes < 60n) return `${sign}${minutes}m${seconds}`;
  return `${sign}${minutes / 60n}h${minutes % 60n}m${seconds}`;
}

function withFraction(size: bigint, unit: bigint): string {
  const rest = size % unit;
  if (rest === 0n) return `${size / unit}`;
  const digits = String(unit).length - 1;
  return `${size / unit}.${String(rest).padStart(digits, "0").replace(/0+$/, "")}`;
}
