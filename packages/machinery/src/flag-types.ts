/**
 * The types of flags: how each reads its text, what it shows in help, and what it is without a value.
 * Holds: `parse` throws with a message that says what would be right.
 */
import { formatDuration, parseDuration } from "./duration.ts";
import { parseQuantity, type Quantity } from "./quantity.ts";

export interface FlagOptions {
  /** What the flag does, one sentence. */
  readonly help: string;
  /** What stands for the value in help: PORT, FILE. */
  readonly placeholder?: string;
  /** The heading under which help lists it. */
  readonly group?: string;
  /** One letter. */
  readonly short?: string;
  readonly aliases?: readonly string[];
  /** What to use instead; the flag still works, and says so. */
  readonly deprecated?: string;
  readonly hidden?: boolean;
  readonly required?: boolean;
}

export interface Flag<T> extends FlagOptions {
  readonly placeholder: string;
  readonly default: T;
  /** The default as help shows it; empty where it is nothing worth telling. */
  readonly defaultText: string;
  /** The text that the flag alone stands for (`--watch` is `--watch=true`). */
  readonly valueAlone?: string;
  /** Reads a text; `before` is the value of the same flag given earlier. */
  parse(text: string, before: T | undefined): T;
}

type With<T> = FlagOptions & { readonly default?: T };

function flag<T>(
  options: FlagOptions,
  rest: { placeholder: string; default: T; defaultText: string; valueAlone?: string; parse: Flag<T>["parse"] },
): Flag<T> {
  return { ...options, ...rest, placeholder: options.placeholder ?? rest.placeholder };
}

export const text = (options: With<string>): Flag<string> =>
  flag(options, {
    placeholder: "TEXT",
    default: options.default ?? "",
    defaultText: options.default ? JSON.stringify(options.default) : "",
    parse: (value) => value,
  });

/** A path to a file or folder. */
export const file = (options: With<string>): Flag<string> => ({
  ...text(options),
  placeholder: options.placeholder ?? "FILE",
  defaultText: options.default ?? "",
  parse(value) {
    if (value.includes("\0")) throw new Error("a path cannot hold a zero byte");
    return value;
  },
});

const BOOLS: ReadonlyMap<string, boolean> = new Map([
  ...["1", "t", "T", "TRUE", "true", "True"].map((word): [string, boolean] => [word, true]),
  ...["0", "f", "F", "FALSE", "false", "False"].map((word): [string, boolean] => [word, false]),
]);

/** Reads a truth value as Go does. */
export function parseBool(value: string): boolean {
  const known = BOOLS.get(value);
  if (known === undefined) throw new Error(`strconv.ParseBool: parsing ${JSON.stringify(value)}: invalid syntax`);
  return known;
}

export const bool = (options: With<boolean>): Flag<boolean> =>
  flag(options, {
    placeholder: "",
    default: options.default ?? false,
    defaultText: options.default ? "true" : "",
    valueAlone: "true",
    parse: parseBool,
  });

interface NumberOptions extends With<number> {
  readonly min?: number;
  readonly max?: number;
}

function inBounds(value: number, { min, max }: NumberOptions): number {
  if ((min !== undefined && value < min) || (max !== undefined && value > max)) {
    const bounds =
      min === undefined ? `at most ${max}` : max === undefined ? `at least ${min}` : `between ${min} and ${max}`;
    throw new Error(`must be ${bounds}`);
  }
  return value;
}

/** A whole number. */
export const int = (options: NumberOptions): Flag<number> =>
  flag(options, {
    placeholder: "NUMBER",
    default: options.default ?? 0,
    defaultText: options.default === undefined ? "" : String(options.default),
    parse(value) {
      const digits = value.replace(/^[+-]/, "");
      const number = /^(0x[0-9a-fA-F]+|0o[0-7]+|0b[01]+|[0-9]+)$/.test(digits) ? Number(digits) : Number.NaN;
      const problem = Number.isNaN(number)
        ? "invalid syntax"
        : Number.isSafeInteger(number)
          ? ""
          : "value out of range";
      if (problem) throw new Error(`strconv.ParseInt: parsing ${JSON.stringify(value)}: ${problem}`);
      return inBounds(value.startsWith("-") ? -number : number, options);
    },
  });

/** A number that may have a fraction. */
export const number = (options: NumberOptions): Flag<number> =>
  flag(options, {
    placeholder: "NUMBER",
    default: options.default ?? 0,
    defaultText: options.default === undefined ? "" : String(options.default),
    parse(value) {
      const parsed = /^[+-]?([0-9]+\.?[0-9]*|\.[0-9]+)([eE][+-]?[0-9]+)?$/.test(value) ? Number(value) : Number.NaN;
      if (Number.isNaN(parsed)) {
        throw new Error(`strconv.ParseFloat: parsing ${JSON.stringify(value)}: invalid syntax`);
      }
      return inBounds(parsed, options);
    },
  });

/** A time span ("1m30s"), in milliseconds. */
export const duration = (options: NumberOptions): Flag<number> =>
  flag(options, {
    placeholder: "DURATION",
    default: options.default ?? 0,
    defaultText: options.default === undefined ? "" : formatDuration(options.default),
    parse: (value) => inBounds(parseDuration(value), options),
  });

export const quantity = (options: With<Quantity>): Flag<Quantity | undefined> =>
  flag<Quantity | undefined>(options, {
    placeholder: "QUANTITY",
    default: options.default,
    defaultText: options.default?.toString() ?? "",
    parse: parseQuantity,
  });

/** One of some words. */
export const choice = <const W extends string>(
  words: readonly W[],
  options: FlagOptions & { readonly default: NoInfer<W> },
): Flag<W> =>
  flag<W>(options, {
    placeholder: words.join("|"),
    default: options.default,
    defaultText: options.default,
    parse(value) {
      const word = words.find((each) => each === value);
      if (word === undefined) throw new Error(`must be one of ${words.map((each) => JSON.stringify(each)).join(", ")}`);
      return word;
    },
  });

/** Several texts: `--x a,b --x c`. With `split: false` commas are part of a text. */
export const list = (options: With<readonly string[]> & { readonly split?: boolean }): Flag<readonly string[]> =>
  flag<readonly string[]>(options, {
    placeholder: "TEXT,...",
    default: options.default ?? [],
    defaultText: options.default?.join(",") ?? "",
    parse: (value, before = []) => [...before, ...(options.split === false ? [value] : splitList(value))],
  });

/** Names with values: `--x a=1,b=2`. */
export const map = (options: With<Readonly<Record<string, string>>>): Flag<Readonly<Record<string, string>>> =>
  flag<Readonly<Record<string, string>>>(options, {
    placeholder: "KEY=VALUE,...",
    default: options.default ?? {},
    defaultText: Object.entries(options.default ?? {})
      .map(([key, value]) => `${key}=${value}`)
      .join(","),
    parse: (value, before = {}) => ({ ...before, ...Object.fromEntries(splitList(value).map(pairOf)) }),
  });

/** How often it is given: `-vvv` is 3, as is `-v=3`. */
export const count = (options: With<number>): Flag<number> =>
  flag(options, {
    placeholder: "LEVEL",
    default: options.default ?? 0,
    defaultText: options.default ? String(options.default) : "",
    valueAlone: "+1",
    parse: (value, before = 0) => (value === "+1" ? before + 1 : int({ help: "", min: 0 }).parse(value, undefined)),
  });

function pairOf(pair: string): [string, string] {
  const equals = pair.indexOf("=");
  if (equals < 0) throw new Error(`${pair} must be formatted as key=value`);
  return [pair.slice(0, equals).trim(), pair.slice(equals + 1)];
}

/** Splits at commas; a part in double quotes may hold some, and doubles the quotes in it. */
function splitList(value: string): string[] {
  if (value === "") return [];
  if (!value.includes('"')) return value.split(",");
  const parts: string[] = [];
  const part = /(?:"((?:[^"]|"")*)"|([^",]*))(,|$)/y;
  for (let end = false; !end; ) {
    const match = part.exec(value);
    if (!match) throw new Error('a part with quotes must stand in quotes as a whole, as in "a,b",c');
    parts.push(match[1] === undefined ? (match[2] as string) : match[1].replaceAll('""', '"'));
    end = match[3] === "";
  }
  return parts;
}
