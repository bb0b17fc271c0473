/**
 * Times as the API writes them: RFC 3339 in UTC, in whole seconds (Time) or with exactly six digits of a second (MicroTime).
 * Holds: what Go's time.Parse takes is taken, and refused in its words; the zero time (year 1) reads as no time.
 */
const TIME_LAYOUT = "2006-01-02T15:04:05Z07:00";
const MICRO_LAYOUT = "2006-01-02T15:04:05.000000Z07:00";

/** The form that needs no parsing; a day that its month may lack goes the long way. */
const CANONICAL = /^\d{4}-(?:0[1-9]|1[0-2])-(?:0[1-9]|1\d|2[0-8])T(?:[01]\d|2[0-3]):[0-5]\d:[0-5]\dZ$/;
const CANONICAL_MICRO = /^\d{4}-(?:0[1-9]|1[0-2])-(?:0[1-9]|1\d|2[0-8])T(?:[01]\d|2[0-3]):[0-5]\d:[0-5]\d\.\d{6}Z$/;
const ZERO = "0001-01-01T00:00:00";

export class TimeError extends Error {}

/** The canonical form, or undefined for the zero time. */
export function canonicalTime(text: string): string | undefined {
  if (CANONICAL.test(text)) return text.startsWith(ZERO) ? undefined : text;
  const { seconds } = parseTime(text, TIME_LAYOUT);
  return present(`${isoSeconds(seconds)}Z`);
}

export function canonicalMicroTime(text: string): string | undefined {
  if (CANONICAL_MICRO.test(text)) return present(text);
  const { seconds, fraction } = parseTime(text, MICRO_LAYOUT);
  return present(`${isoSeconds(seconds)}.${fraction.slice(0, 6).padEnd(6, "0")}Z`);
}

const present = (text: string) => (text === `${ZERO}Z` || text === `${ZERO}.000000Z` ? undefined : text);

function isoSeconds(seconds: number): string {
  const iso = new Date(seconds * 1000).toISOString();
  return (iso.startsWith("+") || iso.startsWith("-") ? iso.replace(/^[+-]0*(\d{4,})/, "$1") : iso).slice(0, -5);
}

/** Seconds since 1970 and the digits of the fraction. */
function parseTime(text: string, layout: string): { seconds: number; fraction: string } {
  const scan = new Scanner(text, layout);
  const year = scan.number("2006", 4, 4);
  scan.literal("-");
  const month = scan.number("01", 2, 2);
  if (month < 1 || month > 12) scan.outOfRange("month");
  scan.literal("-");
  const day = scan.number("02", 2, 2);
  scan.literal("T");
  const hour = scan.number("15", 1, 2);
  if (hour > 23) scan.outOfRange("hour");
  scan.literal(":");
  const minute = scan.number("04", 2, 2);
  if (minute > 59) scan.outOfRange("minute");
  scan.literal(":");
  const second = scan.number("05", 2, 2);
  if (second > 59) scan.outOfRange("second");
  const fraction = layout === MICRO_LAYOUT ? scan.micros() : scan.fraction();
  const offset = scan.zone();
  scan.end();
  if (day < 1 || day > daysIn(year, month)) scan.outOfRange("day");
  const date = new Date(0);
  date.setUTCFullYear(year, month - 1, day);
  date.setUTCHours(hour, minute, second);
  return { seconds: date.getTime() / 1000 - offset, fraction };
}

function daysIn(year: number, month: number): number {
  if (month === 2) return (year % 4 === 0 && year % 100 !== 0) || year % 400 === 0 ? 29 : 28;
  return [4, 6, 9, 11].includes(month) ? 30 : 31;
}

class Scanner {
  readonly #text: string;
  readonly #layout: string;
  #rest: string;

  constructor(text: string, layout: string) {
    this.#text = text;
    this.#layout = layout;
    this.#rest = text;
  }

  number(element: string, least: number, most: number): number {
    const digits = /^\d*/.exec(this.#rest.slice(0, most))?.[0] ?? "";
    if (digits.length < least) this.#cannot(element);
    this.#rest = this.#rest.slice(digits.length);
    return Number(digits);
  }

  literal(text: string): void {
    if (!this.#rest.startsWith(text)) this.#cannot(text);
    this.#rest = this.#rest.slice(text.length);
  }

  /** A fraction that the layout does not name: taken when it is there. */
  fraction(): string {
    const found = /^[.,](\d+)/.exec(this.#rest);
    if (!found) return "";
    this.#rest = this.#rest.slice(found[0].length);
    return found[1] ?? "";
  }

  micros(): string {
    const found = /^[.,](\d{6})/.exec(this.#rest);
    if (!found) this.#cannot(".000000");
    this.#rest = this.#rest.slice(7);
    return found[1] ?? "";
  }

  /** The offset from UTC in seconds. */
  zone(): number {
    if (this.#rest.startsWith("Z")) {
      this.#rest = this.#rest.slice(1);
      return 0;
    }
    const found = /^([+-])(\d\d):(\d\d)/.exec(this.#rest);
    if (!found) this.#cannot("Z07:00");
    const hours = Number(found[2]);
    const minutes = Number(found[3]);
    if (hours > 24) this.outOfRange("time zone offset hour");
    if (minutes > 60) this.outOfRange("time zone offset minute");
    this.#rest = this.#rest.slice(6);
    return (found[1] === "-" ? -1 : 1) * (hours * 3600 + minutes * 60);
  }

  end(): void {
    if (this.#rest) throw new TimeError(`parsing time ${quote(this.#text)}: extra text: ${quote(this.#rest)}`);
  }

  outOfRange(what: string): never {
    throw new TimeError(`parsing time ${quote(this.#text)}: ${what} out of range`);
  }

  #cannot(element: string): never {
    throw new TimeError(
      `parsing time ${quote(this.#text)} as ${quote(this.#layout)}: cannot parse ${quote(this.#rest)} as ${quote(element)}`,
    );
  }
}

const quote = (text: string) => JSON.stringify(text);
