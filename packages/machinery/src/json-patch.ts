/**
 * JSON Patch (RFC 6902) as the original applies it, with its leniences: "replace" of a member that is not there adds
 * it, "copy" of one that is not there copies null, indexes may be negative, a path may lack its leading slash's text.
 * Holds: the document and the patch are never changed; what a patch leaves alone is shared with the document.
 */
import { deepEqual } from "./deep-equal.ts";
import { getOwn, isObject, type JsonObject, type JsonValue, setOwn } from "./json-value.ts";

export class JsonPatchError extends Error {
  override readonly name = "JsonPatchError";
  /** True where the patch asks for too much, rather than for what does not apply. */
  readonly tooLarge: boolean;

  constructor(message: string, tooLarge = false) {
    super(message);
    this.tooLarge = tooLarge;
  }
}

export const MAX_PATCH_OPERATIONS = 10_000;

/** How many bytes "copy" may add in all. */
const MAX_COPY_BYTES = 3 * 1024 * 1024;

type Container = JsonValue[] | JsonObject;

/** Applies the operations in order and gives the new document; throws a JsonPatchError at the first that fails. */
export function applyJsonPatch(document: unknown, patch: readonly unknown[]): JsonValue {
  if (patch.length > MAX_PATCH_OPERATIONS) {
    const text = `The allowed maximum operations in a JSON patch is ${MAX_PATCH_OPERATIONS}, got ${patch.length}`;
    throw new JsonPatchError(text, true);
  }
  const run = new PatchRun(document as JsonValue);
  for (const operation of patch) run.apply(isObject(operation) ? operation : {});
  return run.document;
}

class PatchRun {
  document: JsonValue;
  #copied = 0;
  /** Containers that this run made, and may therefore change. */
  readonly #own = new Set<Container>();

  constructor(document: JsonValue) {
    this.document = document;
  }

  apply(operation: JsonObject): void {
    const kind = textOf(operation, "op");
    switch (kind) {
      case "add":
        return this.#add(operation);
      case "remove":
        return this.#remove(operation);
      case "replace":
        return this.#replace(operation);
      case "move":
        return this.#move(operation);
      case "copy":
        return this.#copy(operation);
      case "test":
        return this.#test(operation);
      default:
        throw new JsonPatchError(`Unexpected kind: ${kind ?? "unknown"}`);
    }
  }

  #add(operation: JsonObject): void {
    const path = pathOf(operation, "add", "path");
    const target = this.#container(path);
    if (!target) fail(`add operation does not apply: doc is missing path: "${path}": missing value`);
    within(`error in add for path: '${path}'`, () => insert(target, lastKey(path), valueOf(operation)));
  }

  #remove(operation: JsonObject): void {
    const path = pathOf(operation, "remove", "path");
    const target = this.#container(path);
    if (!target) fail(`remove operation does not apply: doc is missing path: "${path}": missing value`);
    within(`error in remove for path: '${path}'`, () => remove(target, lastKey(path)));
  }

  #replace(operation: JsonObject): void {
    const path = pathOf(operation, "replace", "path");
    if (path === "") {
      const value = valueOf(operation);
      if (typeof value !== "object" || value === null) fail("replace operation value must be object or array");
      this.document = value;
      return;
    }
    const target = this.#container(path);
    if (!target) fail(`replace operation does not apply: doc is missing path: ${path}: missing value`);
    const key = lastKey(path);
    if (Array.isArray(target)) {
      const index = existingIndex(target, key);
      if (index === undefined) fail(`replace operation does not apply: doc is missing key: ${path}: missing value`);
      target[index] = valueOf(operation);
    } else {
      setOwn(target, key, valueOf(operation));
    }
  }

  #move(operation: JsonObject): void {
    const from = pathOf(operation, "move", "from");
    const source = this.#container(from);
    if (!source) fail(`move operation does not apply: doc is missing from path: ${from}: missing value`);
    const key = lastKey(from);
    const value = within(`error in move for path: '${key}'`, () => {
      const found = member(source, key);
      remove(source, key);
      return found;
    });
    const path = pathOf(operation, "move", "path");
    const target = this.#container(path);
    if (!target) fail(`move operation does not apply: doc is missing destination path: ${path}: missing value`);
    within(`error in move for path: '${path}'`, () => insert(target, lastKey(path), value));
  }

  #copy(operation: JsonObject): void {
    const from = pathOf(operation, "copy", "from");
    const source = this.#find(from);
    if (!source) fail(`copy operation does not apply: doc is missing from path: ${from}: missing value`);
    const value = within(`error in copy for from: '${from}'`, () => member(source, lastKey(from)));
    this.#countCopy(value);
    // The copy and its source are one object from here on, so neither may be changed in place.
    disown(value, this.#own);
    const path = pathOf(operation, "copy", "path");
    const target = this.#container(path);
    if (!target) fail(`copy operation does not apply: doc is missing destination path: ${path}: missing value`);
    within("error while adding value during copy", () => insert(target, lastKey(path), value));
  }

  #countCopy(value: JsonValue): void {
    this.#copied += jsonSize(value);
    if (this.#copied <= MAX_COPY_BYTES) return;
    const text = `Unable to complete the copy, the accumulated size increase of copy is ${this.#copied}, exceeding the limit ${MAX_COPY_BYTES}`;
    throw new JsonPatchError(text, true);
  }

  #test(operation: JsonObject): void {
    const path = pathOf(operation, "test", "path");
    let found: JsonValue = this.document;
    if (path !== "") {
      const target = this.#find(path);
      if (!target) fail(`test operation does not apply: is missing path: ${path}: missing value`);
      found = within(`error in test for path: '${path}'`, () => member(target, lastKey(path)));
    }
    if (!deepEqual(found, valueOf(operation))) fail(`testing value ${path} failed: test failed`);
  }

  /** The container that holds the last key of a path, for reading. */
  #find(path: string): Container | undefined {
    let at: JsonValue = this.document;
    const keys = keysOf(path);
    if (!keys) return undefined;
    for (const key of keys) {
      const next: JsonValue | undefined = childOf(at, key);
      if (next === undefined) return undefined;
      at = next;
    }
    return isContainer(at) ? at : undefined;
  }

  /** The same for changing: each container on the way becomes this run's own. */
  #container(path: string): Container | undefined {
    if (!this.#find(path)) return undefined;
    let at = this.#owned(this.document as Container);
    this.document = at;
    for (const key of keysOf(path) as string[]) {
      const child: Container = this.#owned(childOf(at, key) as Container);
      if (Array.isArray(at)) at[existingIndex(at, key) as number] = child;
      else setOwn(at, key, child);
      at = child;
    }
    return at;
  }

  #owned(container: Container): Container {
    if (this.#own.has(container)) return container;
    const copy = Array.isArray(container) ? [...container] : { ...container };
    this.#own.add(copy);
    return copy;
  }
}

function fail(message: string): never {
  throw new JsonPatchError(message);
}

/** Runs a step; what fails in it is told with where. */
function within<T>(where: string, step: () => T): T {
  try {
    return step();
  } catch (error) {
    if (error instanceof JsonPatchError) fail(`${where}: ${error.message}`);
    throw error;
  }
}

const isContainer = (value: JsonValue): value is Container => typeof value === "object" && value !== null;

const textOf = (operation: JsonObject, name: string): string | undefined => {
  const value = getOwn(operation, name);
  return typeof value === "string" ? value : undefined;
};

const valueOf = (operation: JsonObject): JsonValue => getOwn(operation, "value") ?? null;

function pathOf(operation: JsonObject, kind: string, name: "path" | "from"): string {
  const path = textOf(operation, name);
  if (path !== undefined) return path;
  const missing = name === "path" ? "operation missing path field" : "operation, missing from field";
  const short = name === "path" && (kind === "add" || kind === "remove" || kind === "copy");
  return fail(`${kind} operation failed to decode ${name}: ${short ? "" : `${missing}: `}missing value`);
}

const decodeKey = (key: string): string => key.replace(/~[01]/g, (escape) => (escape === "~0" ? "~" : "/"));

/** The keys that lead to the container; undefined for a path without a slash. */
function keysOf(path: string): string[] | undefined {
  const parts = path.split("/");
  return parts.length < 2 ? undefined : parts.slice(1, -1).map(decodeKey);
}

const lastKey = (path: string): string => decodeKey(path.slice(path.lastIndexOf("/") + 1));

function childOf(value: JsonValue, key: string): JsonValue | undefined {
  if (Array.isArray(value)) {
    const index = existingIndex(value, key);
    return index === undefined ? undefined : (value[index] ?? undefined);
  }
  return isObject(value) ? (getOwn(value, key) ?? undefined) : undefined;
}

/** A whole number as Go's Atoi reads it. */
const indexOf = (key: string): number | undefined => (/^[+-]?[0-9]{1,15}$/.test(key) ? Number(key) : undefined);

function existingIndex(list: readonly JsonValue[], key: string): number | undefined {
  const given = indexOf(key);
  if (given === undefined) return undefined;
  const index = given < 0 ? given + list.length : given;
  return index >= 0 && index < list.length ? index : undefined;
}

const badIndex = (key: string): never =>
  fail(
    indexOf(key) === undefined
      ? `strconv.Atoi: parsing ${JSON.stringify(key)}: invalid syntax`
      : `Unable to access invalid index: ${indexOf(key)}: invalid index referenced`,
  );

function member(container: Container, key: string): JsonValue {
  if (!Array.isArray(container)) return getOwn(container, key) ?? null;
  const index = existingIndex(container, key);
  return index === undefined ? badIndex(key) : (container[index] as JsonValue);
}

function insert(container: Container, key: string, value: JsonValue): void {
  if (!Array.isArray(container)) {
    setOwn(container, key, value);
    return;
  }
  if (key === "-") {
    container.push(value);
    return;
  }
  const given = indexOf(key);
  if (given === undefined) {
    fail(`value was not a proper array index: '${key}': strconv.Atoi: parsing ${JSON.stringify(key)}: invalid syntax`);
  }
  const index = given < 0 ? given + container.length + 1 : given;
  if (index < 0 || index > container.length) badIndex(key);
  container.splice(index, 0, value);
}

function remove(container: Container, key: string): void {
  if (Array.isArray(container)) {
    container.splice(existingIndex(container, key) ?? badIndex(key), 1);
    return;
  }
  if (!Object.hasOwn(container, key)) fail(`Unable to remove nonexistent key: ${key}: missing value`);
  delete container[key];
}

function disown(value: JsonValue, own: Set<Container>): void {
  if (!isContainer(value) || own.size === 0) return;
  own.delete(value);
  for (const child of Object.values(value)) disown(child, own);
}

const jsonSize = (value: JsonValue): number =>
  JSON.stringify(value, (_, item: unknown) => (typeof item === "bigint" ? Number(item) : item)).length;
