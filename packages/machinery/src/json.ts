/**
 * Exact JSON. `JSON.parse` is the road for nearly every text; what it would get wrong (integers that a double cannot
 * hold, lone surrogates, numbers out of range, nesting without end, repeated members where they are asked for) is
 * found by a scan and goes through the reader of json-reader.ts, which also words the errors as Go's encoding/json does.
 */
import { isUtf8 } from "node:buffer";
import { JsonReader, MAX_DEPTH, type Run, readJson, type WrittenFloat } from "./json-reader.ts";
import { isObject, type JsonObject, type JsonValue, type ReadonlyJson } from "./json-value.ts";
import { myTurn, piece } from "./turns.ts";
import { decodeUtf8 } from "./utf8.ts";

export { JsonError, WrittenFloat } from "./json-reader.ts";

export interface ParseJsonOptions {
  /** Collects the paths of members that stand twice in their object ("spec.containers[0].name"), in order. */
  readonly duplicates?: string[];
  /** Collects whole numbers that are written with a fraction or an exponent, each of which then stands in the value as a `WrittenFloat`. */
  readonly floats?: WrittenFloat[];
}

/** A number of many digits or with a large exponent, or an escaped surrogate: JSON.parse may not be exact. */
const NEEDS_CARE = /(?:^|[:,[\s])-?(?:[0-9]{16}|[0-9.]+[eE]\+?[0-9]{3})|\\u[dD][89a-fA-F]/;

/** No valid text shorter than this nests too deeply. */
const SHORTEST_DEEP = 2 * MAX_DEPTH;
/** Members are counted by recursion up to here. */
const SHALLOW = 500;

/** Parses JSON exactly; throws a JsonError in Go's words. */
export function parseJson(input: string | Uint8Array, { duplicates, floats }: ParseJsonOptions = {}): JsonValue {
  const text = typeof input === "string" ? input : textOf(input);
  const found = duplicates || floats || text.length >= SHORTEST_DEEP ? scan(text) : undefined;
  const told = found?.floats && found.depth <= SHALLOW ? floats : undefined;
  if (told || NEEDS_CARE.test(text)) return readJson(text, { duplicates, floats: told });
  if (found && found.depth > (duplicates ? SHALLOW : MAX_DEPTH)) return readJson(text, { duplicates });
  let value: JsonValue;
  try {
    value = JSON.parse(text) as JsonValue;
  } catch {
    return readJson(text, { duplicates });
  }
  return duplicates && countMembers(value) !== found?.members ? readJson(text, { duplicates }) : value;
}

/** The same of a long text, in turns with other work. */
export async function parseJsonInTurns(bytes: Uint8Array, options: ParseJsonOptions = {}): Promise<JsonValue> {
  await myTurn();
  const text = textOf(bytes);
  const reader = await readInTurns(text, options);
  if (!options.floats?.length || reader.deepest <= SHALLOW) return reader.value;
  options.floats.length = 0;
  return (await readInTurns(text, { duplicates: [] })).value;
}

async function readInTurns(text: string, options: ParseJsonOptions): Promise<JsonReader> {
  const wanted = { duplicates: options.duplicates !== undefined, floats: options.floats !== undefined };
  const reader = new JsonReader(text, options, (whole, from, isList) => readRun(whole, from, isList, wanted));
  while (!reader.read(piece({ look: LOOK }))) await myTurn();
  return reader;
}

/** Members read one by one between two looks at the clock, or runs of some. */
const LOOK = 4;
/** As much is read at once. */
const RUN = 16 * 1024;

/** The members from here on, as many as fit into a run, if JSON.parse is exact for them. */
function readRun(text: string, from: number, isList: boolean, wanted: { duplicates: boolean; floats: boolean }): Run {
  const found = scan(text, from, RUN);
  const { end } = found;
  // What is so long is looked into, but not at each level anew.
  if (end <= from) return { end: from + RUN / 2 };
  if ((wanted.floats && found.floats) || found.depth > SHALLOW) return { end };
  const written = text.slice(from, end);
  if (NEEDS_CARE.test(written)) return { end };
  try {
    const value = JSON.parse(isList ? `[${written}]` : `{${written}}`) as JsonValue[] | JsonObject;
    const isAll = (isList && (value as JsonValue[]).length > 0) || (!isList && isObjectWithMembers(value));
    return isAll && (!wanted.duplicates || countMembers(value) === found.members) ? { end, value } : { end };
  } catch {
    return { end };
  }
}

function isObjectWithMembers(value: object): boolean {
  for (const _ in value) return true;
  return false;
}

/** Writes JSON; bigints become numbers. */
export function stringifyJson(value: ReadonlyJson, indent?: number): string {
  try {
    return JSON.stringify(value, undefined, indent);
  } catch (error) {
    if (!(error instanceof TypeError)) throw error;
    return JSON.stringify(value, exactNumbers, indent);
  }
}

const exactNumbers = (_key: string, value: unknown): unknown =>
  typeof value === "bigint" ? rawJson(String(value)) : value;

/** Part of V8 for some releases, and not yet of TypeScript's library. */
const rawJson = (JSON as unknown as { rawJSON(text: string): unknown }).rawJSON;

function textOf(bytes: Uint8Array): string {
  const buffer = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  return isUtf8(buffer) ? buffer.toString("utf8") : decodeUtf8(buffer);
}

interface Scanned {
  /** How deeply the text nests. */
  readonly depth: number;
  /** How many members it writes. */
  readonly members: number;
  /** Whether a number has a fraction or an exponent. */
  readonly floats: boolean;
  /** Where the scan ended. */
  readonly end: number;
}

/** Looks over a text, as if it were valid: all of it, or from a place on to the end of the container around that, or to the last comma in it within a length. */
function scan(text: string, from = 0, length?: number): Scanned {
  const limit = length === undefined ? text.length : from + length;
  let depth = 0;
  let deepest = 0;
  let members = 0;
  let floats = false;
  let last: Scanned = { depth: 0, members: 0, floats: false, end: from };
  for (let i = from; i < text.length; i++) {
    if (i > limit) return last;
    switch (text.charCodeAt(i)) {
      case 0x22:
        i = endOfString(text, i);
        break;
      case 0x2c:
        if (depth === 0 && length !== undefined) last = { depth: deepest, members, floats, end: i };
        break;
      case 0x3a:
        members++;
        break;
      case 0x2e:
        floats = true;
        break;
      case 0x45:
      case 0x65:
        if (isDigit(text.charCodeAt(i - 1))) floats = true;
        break;
      case 0x5b:
      case 0x7b:
        if (++depth > deepest) deepest = depth;
        break;
      case 0x5d:
      case 0x7d:
        if (--depth < 0 && length !== undefined) return { depth: deepest, members, floats, end: i };
    }
  }
  return { depth: deepest, members, floats, end: text.length };
}

const isDigit = (code: number) => code >= 0x30 && code <= 0x39;

/** Where the string that begins here ends: at its closing quote, or at the end of the text. */
function endOfString(text: string, start: number): number {
  let end = start;
  for (;;) {
    end = text.indexOf('"', end + 1);
    if (end < 0) return text.length;
    let slashes = 0;
    while (text.charCodeAt(end - 1 - slashes) === 0x5c) slashes++;
    if (slashes % 2 === 0) return end;
  }
}

function countMembers(value: JsonValue): number {
  let count = 0;
  if (Array.isArray(value)) {
    for (let i = 0; i < value.length; i++)
      if (typeof value[i] === "object") count += countMembers(value[i] as JsonValue);
  } else if (isObject(value)) {
    for (const key in value) {
      count++;
      const member = value[key] as JsonValue;
      if (typeof member === "object") count += countMembers(member);
    }
  }
  return count;
}
