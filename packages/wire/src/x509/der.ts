/**
 * ASN.1's distinguished encoding: small functions that write a value and a reader that walks one.
 * Only what certificates need. The reader throws `DerError` on anything that is cut short or not definite.
 */
export class DerError extends Error {
  constructor(message: string) {
    super(message);
    this.name = "DerError";
  }
}

const TAG = {
  boolean: 0x01,
  integer: 0x02,
  bitString: 0x03,
  octetString: 0x04,
  null: 0x05,
  oid: 0x06,
  utf8String: 0x0c,
  printableString: 0x13,
  teletexString: 0x14,
  ia5String: 0x16,
  utcTime: 0x17,
  generalizedTime: 0x18,
  bmpString: 0x1e,
  sequence: 0x30,
  set: 0x31,
} as const;

export function der(tag: number, ...parts: readonly Uint8Array[]): Buffer {
  let size = 0;
  for (const part of parts) size += part.length;
  return Buffer.concat([Buffer.from([tag, ...lengthBytes(size)]), ...parts]);
}

function lengthBytes(size: number): number[] {
  if (size < 128) return [size];
  const bytes: number[] = [];
  for (let rest = size; rest > 0; rest >>>= 8) bytes.unshift(rest & 255);
  return [128 | bytes.length, ...bytes];
}

export const sequence = (...parts: readonly Uint8Array[]): Buffer => der(TAG.sequence, ...parts);
export const octetString = (content: Uint8Array): Buffer => der(TAG.octetString, content);
export const bitString = (content: Uint8Array, unusedBits = 0): Buffer =>
  der(TAG.bitString, Buffer.from([unusedBits]), content);
export const boolean = (value: boolean): Buffer => der(TAG.boolean, Buffer.from([value ? 255 : 0]));
export const nothing = (): Buffer => der(TAG.null);
export const utf8String = (value: string): Buffer => der(TAG.utf8String, Buffer.from(value));

/** A SET OF: its elements in the order of their bytes. */
export const setOf = (...parts: readonly Buffer[]): Buffer => der(TAG.set, ...[...parts].sort(Buffer.compare));

/** `[number]` around a whole value. */
export const explicit = (number: number, content: Uint8Array): Buffer => der(0xa0 | number, content);
/** `[number]` in place of a primitive value's own tag. */
export const implicit = (number: number, content: Uint8Array): Buffer => der(0x80 | number, content);

/** An integer that is not negative: below 2^32, or given by its bytes with the highest first. */
export function integer(value: number | Uint8Array): Buffer {
  const bytes =
    typeof value === "number" ? Buffer.of(value >>> 24, value >>> 16, value >>> 8, value) : Buffer.from(value);
  let from = 0;
  while (from < bytes.length - 1 && bytes[from] === 0) from++;
  const trimmed = bytes.subarray(from);
  return (trimmed[0] ?? 0) > 127 ? der(TAG.integer, Buffer.from([0]), trimmed) : der(TAG.integer, trimmed);
}

export function oid(dotted: string): Buffer {
  const [first = 0, second = 0, ...rest] = dotted.split(".").map(Number);
  const bytes: number[] = [];
  for (const arc of [first * 40 + second, ...rest]) {
    const groups = [arc % 128];
    for (let left = Math.floor(arc / 128); left > 0; left = Math.floor(left / 128)) groups.unshift((left % 128) | 128);
    bytes.push(...groups);
  }
  return der(TAG.oid, Buffer.from(bytes));
}

/** A time to the second: two-digit years until 2049, as X.509 demands. */
export function time(ms: number): Buffer {
  const digits = new Date(ms).toISOString().replace(/[-:T]|\.\d+/g, "");
  const year = Number(digits.slice(0, 4));
  return year >= 1950 && year < 2050
    ? der(TAG.utcTime, Buffer.from(digits.slice(2)))
    : der(TAG.generalizedTime, Buffer.from(digits));
}

/** One encoded value and what is inside it. */
export interface DerValue {
  readonly tag: number;
  readonly content: Buffer;
  /** With tag and length. */
  readonly raw: Buffer;
}

export function readDer(bytes: Uint8Array): DerValue {
  const buffer = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const value = readAt(buffer, 0);
  if (value.raw.length !== buffer.length) throw new DerError("there are bytes after the end of the value");
  return value;
}

/** The values inside a sequence, a set or an explicit tag. */
export function childrenOf(value: DerValue): DerValue[] {
  const children: DerValue[] = [];
  for (let at = 0; at < value.content.length; ) {
    const child = readAt(value.content, at);
    children.push(child);
    at += child.raw.length;
  }
  return children;
}

function readAt(buffer: Buffer, at: number): DerValue {
  const tag = buffer[at];
  const first = buffer[at + 1];
  if (tag === undefined || first === undefined) throw new DerError("the value is cut short");
  if ((tag & 31) === 31) throw new DerError("tags of several bytes are not used in certificates");
  let start = at + 2;
  let size = first;
  if (first >= 128) {
    const count = first & 127;
    if (count === 0 || count > 4 || start + count > buffer.length) throw new DerError("the length is not definite");
    size = buffer.readUIntBE(start, count);
    start += count;
  }
  if (start + size > buffer.length) throw new DerError("the value is cut short");
  return { tag, content: buffer.subarray(start, start + size), raw: buffer.subarray(at, start + size) };
}

export function readOid(value: DerValue): string {
  const arcs: number[] = [];
  let arc = 0;
  for (const byte of value.content) {
    arc = arc * 128 + (byte & 127);
    if (byte < 128) {
      arcs.push(arc);
      arc = 0;
    }
  }
  const head = arcs.shift() ?? 0;
  const first = Math.min(2, Math.floor(head / 40));
  return [first, head - first * 40, ...arcs].join(".");
}

/** A time in milliseconds since 1970. */
export function readTime(value: DerValue): number {
  const text = value.content.toString("latin1");
  const full = value.tag === TAG.utcTime ? `${Number(text.slice(0, 2)) < 50 ? "20" : "19"}${text}` : text;
  const [, year, month, day, hour, minute, second] = /^(\d{4})(\d\d)(\d\d)(\d\d)(\d\d)(\d\d)Z$/.exec(full) ?? [];
  if (!year) throw new DerError(`"${text}" is no time`);
  return Date.UTC(Number(year), Number(month) - 1, Number(day), Number(hour), Number(minute), Number(second));
}

export function readText(value: DerValue): string {
  if (value.tag === TAG.bmpString) return Buffer.from(value.content).swap16().toString("utf16le");
  return value.content.toString(value.tag === TAG.utf8String ? "utf8" : "latin1");
}
