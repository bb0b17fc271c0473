/** The values of literals: numbers with their limits, strings and bytes with their escapes. */
import { Uint } from "./values.ts";

const MAX_INT = 2n ** 63n - 1n;
const MAX_UINT = 2n ** 64n - 1n;

/** undefined for what does not fit. */
export function intLiteral(text: string, negative: boolean): bigint | undefined {
  const value = negative ? -BigInt(text) : BigInt(text);
  return value > MAX_INT || value < -MAX_INT - 1n ? undefined : value;
}

export function uintLiteral(text: string): Uint | undefined {
  const value = BigInt(text.slice(0, -1));
  return value > MAX_UINT ? undefined : new Uint(value);
}

export function doubleLiteral(text: string, negative: boolean): number | undefined {
  const value = Number(text);
  return Number.isFinite(value) ? (negative ? -value : value) : undefined;
}

const SHORT: Readonly<Record<string, string>> = { a: "\x07", b: "\b", f: "\f", n: "\n", r: "\r", t: "\t", v: "\v" };

/** The text of a string token; throws a RangeError for what is no character. */
export function stringLiteral(token: string): string {
  const { raw, body } = parts(token);
  if (raw) return body;
  return body.replace(ESCAPES, (_whole, code: string) => {
    const number = codeOf(code);
    if (number === undefined) return SHORT[code] ?? code;
    if (number >= 0xd800 && number <= 0xdfff) throw new RangeError("invalid unicode code point");
    if (number > 0x10ffff) throw new RangeError("invalid unicode code point");
    return String.fromCodePoint(number);
  });
}

const encoder = new TextEncoder();

/** The bytes of a bytes token: numeric escapes of two digits (or three octal ones) are bytes, not characters. */
export function bytesLiteral(token: string): Uint8Array {
  const { raw, body } = parts(token);
  if (raw) return encoder.encode(body);
  const bytes: number[] = [];
  let plain = 0;
  const take = (end: number) => {
    for (const byte of encoder.encode(body.slice(plain, end))) bytes.push(byte);
  };
  for (const match of body.matchAll(ESCAPES)) {
    take(match.index);
    plain = match.index + match[0].length;
    const code = match[1] as string;
    const number = codeOf(code);
    if (number === undefined) bytes.push(...encoder.encode(SHORT[code] ?? code));
    else if (/^[xX0-3]/.test(code)) bytes.push(number);
    else throw new RangeError("unable to unescape string");
  }
  take(body.length);
  return Uint8Array.from(bytes);
}

const ESCAPES = /\\(x[0-9a-fA-F]{2}|X[0-9a-fA-F]{2}|u[0-9a-fA-F]{4}|U[0-9a-fA-F]{8}|[0-3][0-7]{2}|[^])/g;

function codeOf(code: string): number | undefined {
  if (/^[xXuU]./.test(code)) return Number.parseInt(code.slice(1), 16);
  return /^[0-3][0-7]{2}$/.test(code) ? Number.parseInt(code, 8) : undefined;
}

function parts(token: string): { raw: boolean; body: string } {
  const [prefix, quotes] = [/^[a-zA-Z]*/.exec(token)?.[0] ?? "", /("""|'''|"|')/.exec(token)?.[0] as string];
  const body = token.slice(prefix.length + quotes.length, -quotes.length).replace(/\r\n?/g, "\n");
  return { raw: /r/i.test(prefix), body };
}
