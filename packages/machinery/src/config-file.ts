/**
 * Configuration files of components (`KubeletConfiguration`, ...): YAML or JSON, chosen by apiVersion and kind, read
 * strictly against a declared shape.
 * Holds: a field that the shape does not name is an error that tells file and path; what is not given has its default.
 */
import { readFileSync } from "node:fs";
import { DurationError, parseDuration } from "./duration.ts";
import { ExitError, exitCode } from "./exit-codes.ts";
import { isObject, type JsonObject, type JsonValue } from "./json-value.ts";
import { nearest } from "./nearest.ts";
import { parseYaml, YamlError } from "./yaml.ts";

export class ConfigError extends ExitError {
  constructor(message: string) {
    super(exitCode.usage, message);
  }
}

/** Reads one value; `path` is for messages. Throws a ShapeError. */
export interface Shape<T> {
  read(value: JsonValue | undefined, path: string): T;
}

export type Infer<S> = S extends Shape<infer T> ? T : never;
type Fields = Readonly<Record<string, Shape<unknown>>>;
type ObjectOf<F extends Fields> = { [K in keyof F]: Infer<F[K]> };

class ShapeError extends Error {}

const kindOf = (value: JsonValue): string => (value === null ? "null" : Array.isArray(value) ? "a list" : typeof value);

function scalar<T>(wanted: string, fallback: T, convert: (value: JsonValue) => T | undefined): Shape<T> {
  return {
    read(value, path) {
      if (value === undefined || value === null) return fallback;
      const converted = convert(value);
      if (converted === undefined) throw new ShapeError(`${path} must be ${wanted}, not ${kindOf(value)}`);
      return converted;
    },
  };
}

export const str = (fallback = ""): Shape<string> =>
  scalar("text", fallback, (value) => (typeof value === "string" ? value : undefined));
export const bool = (fallback = false): Shape<boolean> =>
  scalar("true or false", fallback, (value) => (typeof value === "boolean" ? value : undefined));
export const int = (fallback = 0): Shape<number> =>
  scalar("a whole number", fallback, (value) => (Number.isSafeInteger(value) ? (value as number) : undefined));
export const num = (fallback = 0): Shape<number> =>
  scalar("a number", fallback, (value) => (typeof value === "number" ? value : undefined));
/** Anything, as it stands. */
export const any = (): Shape<JsonValue | undefined> => ({ read: (value) => value });

/** "1m30s", in milliseconds. */
export const duration = (fallback = 0): Shape<number> => ({
  read(value, path) {
    if (value === undefined || value === null) return fallback;
    try {
      if (typeof value === "string") return parseDuration(value);
    } catch (error) {
      if (!(error instanceof DurationError)) throw error;
    }
    throw new ShapeError(`${path} must be a duration such as "1m30s", not ${JSON.stringify(String(value as string))}`);
  },
});

export const choice = <const W extends string>(words: readonly W[], fallback: NoInfer<W>): Shape<W> => ({
  read(value, path) {
    if (value === undefined || value === null) return fallback;
    const word = words.find((each) => each === value);
    if (word === undefined) throw new ShapeError(`${path} must be one of ${words.join(", ")}`);
    return word;
  },
});

/** What may be left out. */
export const optional = <T>(shape: Shape<T>): Shape<T | undefined> => ({
  read: (value, path) => (value === undefined || value === null ? undefined : shape.read(value, path)),
});

export const list = <T>(item: Shape<T>, fallback: readonly T[] = []): Shape<readonly T[]> => ({
  read(value, path) {
    if (value === undefined || value === null) return fallback;
    if (!Array.isArray(value)) throw new ShapeError(`${path} must be a list, not ${kindOf(value)}`);
    return value.map((each, i) => item.read(each, `${path}[${i}]`));
  },
});

export const map = <T>(item: Shape<T>): Shape<Readonly<Record<string, T>>> => ({
  read(value, path) {
    const object = value ?? {};
    if (!isObject(object)) throw new ShapeError(`${path} must be an object, not ${kindOf(object)}`);
    return Object.fromEntries(Object.entries(object).map(([key, each]) => [key, item.read(each, `${path}.${key}`)]));
  },
});

export const object = <const F extends Fields>(fields: F): Shape<ObjectOf<F>> => ({
  read(value, path) {
    const given = value ?? {};
    if (!isObject(given)) throw new ShapeError(`${path || "the file"} must be an object, not ${kindOf(given)}`);
    const at = (key: string) => (path ? `${path}.${key}` : key);
    for (const key of Object.keys(given)) {
      if (Object.hasOwn(fields, key)) continue;
      const meant = nearest(key, Object.keys(fields));
      throw new ShapeError(
        `unknown field ${JSON.stringify(at(key))}${meant ? `: did you mean ${JSON.stringify(at(meant))}?` : ""}`,
      );
    }
    const read = Object.entries(fields).map(([key, shape]) => [
      key,
      shape.read(Object.hasOwn(given, key) ? given[key] : undefined, at(key)),
    ]);
    return Object.fromEntries(read) as ObjectOf<F>;
  },
});

/** The shapes by "apiVersion/kind": `kubelet.config.k8s.io/v1beta1/KubeletConfiguration`. */
export type ConfigKinds = Readonly<Record<string, Shape<unknown>>>;

export type LoadedConfig<K extends ConfigKinds> = { [N in keyof K]: { kind: N; config: Infer<K[N]> } }[keyof K];

/** Reads a file, and gives its text too; throws a ConfigError that names it. */
export function loadConfigFile<const K extends ConfigKinds>(
  path: string,
  kinds: K,
): LoadedConfig<K> & { readonly text: string } {
  let text: string;
  try {
    text = readFileSync(path, "utf8");
  } catch (error) {
    throw new ConfigError(`the configuration file ${path} cannot be read: ${(error as Error).message}`);
  }
  return { ...parseConfig(text, path, kinds), text };
}

/** Reads the text of a file that is called `name` in messages. */
export function parseConfig<const K extends ConfigKinds>(text: string, name: string, kinds: K): LoadedConfig<K> {
  const duplicates: string[] = [];
  try {
    const value = parseYaml(text, { duplicates });
    if (duplicates.length) throw new ShapeError(duplicates.join(", "));
    if (!isObject(value)) throw new ShapeError("an object with apiVersion and kind is wanted");
    return readKind(value, kinds);
  } catch (error) {
    if (error instanceof ShapeError || error instanceof YamlError) throw new ConfigError(`${name}: ${error.message}`);
    throw error;
  }
}

/** Reads fields that were put together from several places; `name` is what they are called in messages. */
export function readFields<T>(fields: JsonObject, name: string, shape: Shape<T>): T {
  try {
    return shape.read(fields, "");
  } catch (error) {
    if (error instanceof ShapeError) throw new ConfigError(`${name}: ${error.message}`);
    throw error;
  }
}

function readKind<K extends ConfigKinds>(value: JsonObject, kinds: K): LoadedConfig<K> {
  const { apiVersion, kind, ...fields } = value;
  const found = `${String(apiVersion as string)}/${String(kind as string)}`;
  const shape = Object.hasOwn(kinds, found) ? kinds[found] : undefined;
  if (!shape) {
    const known = Object.keys(kinds).map((each) => {
      const cut = each.lastIndexOf("/");
      return `apiVersion: ${each.slice(0, cut)}, kind: ${each.slice(cut + 1)}`;
    });
    throw new ShapeError(
      `no kind ${JSON.stringify(kind ?? "")} is known for version ${JSON.stringify(apiVersion ?? "")}; wanted: ${known.join("; or ")}`,
    );
  }
  return { kind: found, config: shape.read(fields, "") } as LoadedConfig<K>;
}
