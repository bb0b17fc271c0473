/**
 * Times as the API writes them: `metav1.Time` (RFC 3339, whole seconds) and `metav1.MicroTime`, always in UTC.
 * Holds: a canonical text is the same for the same instant; what Go's parser refuses is refused with its words.
 */
import { quote } from "./quote.ts";

export class TimeError extends Error {
  override readonly name = "TimeError";
}

interface Layout {
  /** As Go writes it. */
  readonly text: string;
  readonly form: RegExp;
  /** The pieces of the layout with what each looks like, to name the first that is wrong. */
  readonly pieces: ReadonlyArray<readonly [text: string, form: RegExp]>;
}

const DATE = String.raw`^(\d{4})-(\d{2})-(\d{2})T(\d{2}):(\d{2}):(\d{2})`;
const ZONE = String.raw`(Z|[+-]\d{2}:\d{2})$`;

const PIECES: Layout["pieces"] = [
  ["2006", /^\d{4}/],
  ["-", /^-/],
  ["01", /^\d{2}/],
  ["-", /^-/],
  ["02", /^\d{2}/],
  ["T", /^T/],
  ["15", /^\d{2}/],
  [":", /^:/],
  ["04", /^\d{2}/],
  [":", /^:/],
];
const ZONE_PIECE = ["Z07:00", /^(Z|[+-]\d{2}:\d{2})/] as const;

const SECONDS: Layout = {
  text: "2006-01-02T15:04:05Z07:00",
  form: new RegExp(`${DATE}(?:[.,](\\d+))?${ZONE}`),
  pieces: [...PIECES, ["05", /^\d{2}([.,]\d+)?/], ZONE_PIECE],
};
/** Exactly six digits, as the original demands. */
const MICROS: Layout = {
  text: "2006-01-02T15:04:05.000000Z07:00",
  form: new RegExp(`${DATE}\\.(\\d{6})${ZONE}`),
  pieces: [...PIECES, ["05", /^\d{2}/], [".000000", /^\.\d{6}/], ZONE_PIECE],
};

/** An instant: whole seconds since 1970, and what is beyond them in billionths. */
interface Instant {
  readonly seconds: number;
  readonly nanos: number;
}

function parseInstant(text: string, layout: Layout): Instant {
  const match = layout.form.exec(text);
  if (!match) throw new TimeError(parseErrorText(text, layout));
  const [year, month, day, hour, minute, second] = match.slice(1, 7).map(Number) as [
    number,
    number,
    number,
    number,
    number,
    number,
  ];
  const outOfRange = rangeProblem(year, month, day, hour, minute, second);
  if (outOfRange) throw new TimeError(`parsing time ${quote(text)}: ${outOfRange} out of range`);
  const nanos = Number((match[7] ?? "").slice(0, 9).padEnd(9, "0"));
  const local = new Date(0);
  local.setUTCFullYear(year, month - 1, day);
  local.setUTCHours(hour, minute, second);
  return { seconds: local.getTime() / 1000 - offsetSeconds(match[8] as string), nanos };
}

/** Milliseconds since 1970 of an RFC 3339 text. */
export function parseTime(text: string): number {
  const { seconds, nanos } = parseInstant(text, SECONDS);
  return seconds * 1000 + Math.floor(nanos / 1_000_000);
}

/** The `metav1.Time` of milliseconds since 1970, cut to the second. */
export const formatTime = (ms: number): string => secondsText(Math.floor(ms / 1000));

/** The `metav1.MicroTime` of milliseconds since 1970, which may have a fraction. */
export function formatMicroTime(ms: number): string {
  const micros = Math.floor(ms * 1000);
  const seconds = Math.floor(micros / 1_000_000);
  return microText(seconds, micros - seconds * 1_000_000);
}

/** The same time as the API writes it back: in UTC and without a fraction. */
export const canonicalTime = (text: string): string => secondsText(parseInstant(text, SECONDS).seconds);

export function canonicalMicroTime(text: string): string {
  const { seconds, nanos } = parseInstant(text, MICROS);
  return microText(seconds, Math.floor(nanos / 1000));
}

function secondsText(seconds: number): string {
  const text = new Date(seconds * 1000).toISOString();
  return `${text.slice(0, text.indexOf("."))}Z`;
}

const microText = (seconds: number, micros: number): string =>
  `${secondsText(seconds).slice(0, -1)}.${String(micros).padStart(6, "0")}Z`;

function offsetSeconds(zone: string): number {
  if (zone === "Z") return 0;
  const size = Number(zone.slice(1, 3)) * 3600 + Number(zone.slice(4, 6)) * 60;
  return zone.startsWith("-") ? -size : size;
}

function rangeProblem(
  year: number,
  month: number,
  day: number,
  hour: number,
  minute: number,
  second: number,
): string | undefined {
  if (month < 1 || month > 12) return "month";
  if (day < 1 || day > new Date(Date.UTC(year < 100 ? year + 400 : year, month, 0)).getUTCDate()) return "day";
  if (hour > 23) return "hour";
  if (minute > 59) return "minute";
  return second > 59 ? "second" : undefined;
}

function parseErrorText(text: string, layout: Layout): string {
  let rest = text;
  const start = `parsing time ${quote(text)}`;
  for (const [piece, form] of layout.pieces) {
    const match = form.exec(rest);
    if (!match) return `${start} as "${layout.text}": cannot parse ${quote(rest)} as "${piece}"`;
    rest = rest.slice(match[0].length);
  }
  return `${start}: extra text: ${quote(rest)}`;
}
