/**
 * The careful JSON reader: exact integers, paths of repeated members, a limit to nesting, errors in Go's words.
 * Holds: it uses no recursion, so that no text can exhaust the stack; the last of repeated members counts. Of long texts it can stop and go on.
 */
import { type JsonObject, type JsonValue, setOwn } from "./json-value.ts";

export class JsonError extends Error {
  override readonly name: string = "JsonError";
}

export const MAX_DEPTH = 10_000;
/** As many repeated members are told. */
const MOST_DUPLICATES = 100;

const NUMBER = /-?(?:0|[1-9][0-9]*)(\.[0-9]+)?([eE][+-]?[0-9]+)?/y;
const SPACE = /[ \t\r\n]*/y;
const PLAIN = /[ !#-[\]-\uffff]*/y;
const ESCAPES: Readonly<Record<string, string>> = {
  '"': '"',
  "\\": "\\",
  "/": "/",
  b: "\b",
  f: "\f",
  n: "\n",
  r: "\r",
  t: "\t",
};

/** A whole number that was written with a fraction or an exponent: no integer to who asks for one by its text, as Go does. */
export class WrittenFloat {
  readonly source: string;

  constructor(source: string) {
    this.source = source;
  }

  toJSON(): number {
    return Number(this.source);
  }
}

interface Level {
  readonly container: JsonValue[] | JsonObject;
  /** The member that is being read. */
  key: string;
}

/** Collects paths of repeated members, and whole numbers that are not written as integers, where lists for them are given. */
interface Collecting {
  readonly duplicates?: string[] | undefined;
  readonly floats?: WrittenFloat[] | undefined;
}

/** Reads some members of a container at once, from a place on: gives nothing where it takes care, and how far to take it then. */
type ReadRun = (text: string, from: number, isList: boolean) => Run;
export interface Run {
  readonly end: number;
  readonly value?: JsonValue[] | JsonObject | undefined;
}

export function readJson(text: string, collecting: Collecting = {}): JsonValue {
  const reader = new JsonReader(text, collecting);
  reader.read();
  return reader.value;
}

/** What stands for the members that were read at once. */
const SOME = Symbol("some members");

export class JsonReader {
  readonly #text: string;
  readonly #duplicates: string[] | undefined;
  readonly #floats: WrittenFloat[] | undefined;
  readonly #readRun: ReadRun | undefined;
  /** Where members are read one by one, up to here. */
  #careful = 0;
  #value: JsonValue | typeof SOME | undefined;
  /** Paths that were told, each once. */
  readonly #told = new Set<string>();
  readonly #stack: Level[] = [];
  #at = 0;
  #deepest = 0;

  constructor(text: string, { duplicates, floats }: Collecting, readRun?: ReadRun) {
    this.#text = text;
    this.#duplicates = duplicates;
    this.#floats = floats;
    this.#readRun = readRun;
  }

  /** What was read. */
  get value(): JsonValue {
    return this.#value as JsonValue;
  }

  get deepest(): number {
    return this.#deepest;
  }

  /** Reads on, and says whether that was all; no further than until it is told to stop. */
  read(isOver: () => boolean = () => false): boolean {
    do {
      if (this.#value === undefined) this.#value = this.#begin();
      else {
        const level = this.#stack.at(-1);
        if (!level) {
          this.#space();
          if (this.#at < this.#text.length) this.#fail("after top-level value");
          return true;
        }
        if (this.#value !== SOME) this.#put(level, this.#value);
        this.#value = this.#next(level);
      }
    } while (!isOver());
    return false;
  }

  /** Reads a scalar or an empty container, or opens one (undefined). */
  #begin(): JsonValue | typeof SOME | undefined {
    this.#space();
    const letter = this.#text[this.#at];
    switch (letter) {
      case "{":
        return this.#open({}, "}");
      case "[":
        return this.#open([], "]");
      case '"':
        return this.#string();
      case "t":
        return this.#literal("true", true);
      case "f":
        return this.#literal("false", false);
      case "n":
        return this.#literal("null", null);
      default:
        if (letter !== undefined && /[-0-9]/.test(letter)) return this.#number();
        return this.#fail("looking for beginning of value");
    }
  }

  #open(container: JsonValue[] | JsonObject, close: string): JsonValue | typeof SOME | undefined {
    this.#at++;
    this.#space();
    if (this.#text[this.#at] === close) {
      this.#at++;
      return container;
    }
    if (this.#stack.length >= MAX_DEPTH) throw new JsonError("exceeded max depth");
    const level = { container, key: "" };
    this.#deepest = Math.max(this.#deepest, this.#stack.push(level));
    return this.#member(level);
  }

  /** To the value of the next member (undefined), or past some members. */
  #member(level: Level): typeof SOME | undefined {
    if (this.#readRun && this.#at >= this.#careful && this.#takeRun(level, this.#readRun)) return SOME;
    if (!Array.isArray(level.container)) this.#key(level);
    return undefined;
  }

  #takeRun({ container }: Level, readRun: ReadRun): boolean {
    const isList = Array.isArray(container);
    const { end, value } = readRun(this.#text, this.#at, isList);
    const names = !isList && value ? Object.keys(value) : [];
    if (!value || (this.#duplicates && names.some((name) => Object.hasOwn(container, name)))) {
      this.#careful = end;
      return false;
    }
    if (isList) for (const item of value as JsonValue[]) container.push(item);
    else for (const name of names) setOwn(container, name, (value as JsonObject)[name] as JsonValue);
    this.#at = end;
    return true;
  }

  #put(level: Level, value: JsonValue): void {
    if (Array.isArray(level.container)) level.container.push(value);
    else setOwn(level.container, level.key, value);
  }

  /** After a value: to the next (undefined), past some, or the whole container if it ends here. */
  #next(level: Level): JsonValue | typeof SOME | undefined {
    this.#space();
    const isList = Array.isArray(level.container);
    const letter = this.#text[this.#at];
    if (letter === (isList ? "]" : "}")) {
      this.#at++;
      this.#stack.pop();
      return level.container;
    }
    if (letter !== ",") this.#fail(isList ? "after array element" : "after object key:value pair");
    this.#at++;
    return this.#member(level);
  }

  #key(level: Level): void {
    this.#space();
    if (this.#text[this.#at] !== '"') this.#fail("looking for beginning of object key string");
    level.key = this.#string();
    if (this.#duplicates && Object.hasOwn(level.container, level.key)) this.#tellDuplicate();
    this.#space();
    if (this.#text[this.#at] !== ":") this.#fail("after object key");
    this.#at++;
  }

  #tellDuplicate(): void {
    let path = "";
    for (const { container, key } of this.#stack) {
      if (Array.isArray(container)) path += `[${container.length}]`;
      else path += path ? `.${key}` : key;
    }
    if (this.#told.size >= MOST_DUPLICATES || this.#told.has(path)) return;
    this.#told.add(path);
    this.#duplicates?.push(path);
  }

  #number(): number | bigint {
    NUMBER.lastIndex = this.#at;
    const match = NUMBER.exec(this.#text);
    if (!match) {
      this.#at++;
      return this.#fail("in numeric literal");
    }
    const [source, fraction, exponent] = match;
    this.#at += source.length;
    const letter = this.#text[this.#at] ?? "";
    if (letter === "." && fraction === undefined && exponent === undefined) {
      this.#at++;
      this.#fail("after decimal point in numeric literal");
    }
    if (exponent === undefined && (letter === "e" || letter === "E")) {
      this.#at += /[+-]/.test(this.#text[this.#at + 1] ?? "") ? 2 : 1;
      this.#fail("in exponent of numeric literal");
    }
    const number = Number(source);
    if (fraction === undefined && exponent === undefined) return Number.isSafeInteger(number) ? number : BigInt(source);
    if (this.#floats && Number.isInteger(number)) {
      const float = new WrittenFloat(source);
      this.#floats.push(float);
      // Who asks for these knows them; to all others they are no part of a value.
      return float as unknown as number;
    }
    if (Number.isFinite(number)) return number;
    throw new JsonError(`json: cannot unmarshal number ${source} into Go value of type float64`);
  }

  #literal<T>(word: string, value: T): T {
    for (let i = 1; i < word.length; i++) {
      this.#at++;
      if (this.#text[this.#at] !== word[i])
        this.#fail(`in literal ${word} (expecting ${quoteByte(word[i] as string)})`);
    }
    this.#at++;
    return value;
  }

  #string(): string {
    let value = "";
    let isEscaped = false;
    for (this.#at++; ; ) {
      PLAIN.lastIndex = this.#at;
      const plain = (PLAIN.exec(this.#text) as RegExpExecArray)[0];
      value += plain;
      this.#at += plain.length;
      const letter = this.#text[this.#at];
      if (letter === '"') break;
      if (letter !== "\\") this.#fail("in string literal");
      isEscaped = true;
      value += this.#escape();
    }
    this.#at++;
    return isEscaped ? value.toWellFormed() : value;
  }

  #escape(): string {
    const letter = this.#text[++this.#at] ?? "";
    if (letter !== "u") {
      if (!Object.hasOwn(ESCAPES, letter)) this.#fail("in string escape code");
      this.#at++;
      return ESCAPES[letter] as string;
    }
    for (let i = 0; i < 4; i++) {
      this.#at++;
      if (!/^[0-9a-fA-F]$/.test(this.#text[this.#at] ?? "")) this.#fail("in \\u hexadecimal character escape");
    }
    this.#at++;
    return String.fromCharCode(Number.parseInt(this.#text.slice(this.#at - 4, this.#at), 16));
  }

  #space(): void {
    SPACE.lastIndex = this.#at;
    this.#at += (SPACE.exec(this.#text) as RegExpExecArray)[0].length;
  }

  #fail(where: string): never {
    const code = this.#text.codePointAt(this.#at);
    if (code === undefined) throw new JsonError("unexpected end of JSON input");
    throw new JsonError(`invalid character ${quoteByte(String.fromCodePoint(code))} ${where}`);
  }
}

/** The first byte of a character, quoted as Go shows it. */
function quoteByte(character: string): string {
  const byte = Buffer.from(character)[0] as number;
  if (byte === 0x27) return "'\\''";
  if (byte === 0x22) return "'\"'";
  if (byte === 0x5c) return "'\\\\'";
  const short = { 7: "a", 8: "b", 9: "t", 10: "n", 11: "v", 12: "f", 13: "r" }[byte];
  if (short) return `'\\${short}'`;
  if (byte < 0x20 || byte === 0x7f) return `'\\x${byte.toString(16).padStart(2, "0")}'`;
  if ((byte >= 0x80 && byte <= 0xa0) || byte === 0xad) return `'\\u00${byte.toString(16)}'`;
  return `'${String.fromCharCode(byte)}'`;
}
