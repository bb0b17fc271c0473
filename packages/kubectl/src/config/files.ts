/**
 * The files of a kubeconfig as they are written, to be changed: each entry where it stands, a new one in the first file there is.
 * Holds: what is not known stays as it is in the file.
 */
import { mkdir, writeFile } from "node:fs/promises";
import { dirname, resolve } from "node:path";
import { kubeconfigPaths } from "@kubets/client/kubeconfig/kubeconfig";
import { getOwn, isObject } from "@kubets/machinery/json-value";
import { parseYaml, toYaml } from "@kubets/machinery/yaml";
import { configPath } from "../api/connect.ts";
import { UsageError } from "../errors.ts";
import { type JsonObject, type JsonValue, listAt, objectAt, textAt } from "../json.ts";
import type { Session } from "../session.ts";
import { ALWAYS, ENTRY, FIELDS, type Section } from "./shape.ts";

export interface ConfigFile {
  readonly path: string;
  readonly exists: boolean;
  readonly clusters: ReadonlyMap<string, JsonObject>;
  readonly contexts: ReadonlyMap<string, JsonObject>;
  readonly users: ReadonlyMap<string, JsonObject>;
  readonly currentContext: string;
  /** Preferences and extensions. */
  readonly rest: JsonObject;
}

export async function readFiles({ flags, machine }: Session): Promise<ConfigFile[]> {
  const named = kubeconfigPaths(flags.kubeconfig || undefined, machine.reading);
  const paths = named.length > 1 ? named : [await configPath(flags, machine)];
  return Promise.all(
    paths.map(async (path) => {
      const text = await machine.reading.readText(path).catch(() => undefined);
      return parseFile(text ?? "", resolve(path), text !== undefined);
    }),
  );
}

function parseFile(text: string, path: string, exists = true): ConfigFile {
  let content: unknown;
  try {
    content = parseYaml(text) ?? {};
  } catch (error) {
    throw new UsageError(`error loading config file ${JSON.stringify(path)}: ${(error as Error).message}`);
  }
  const entries = (section: Section) =>
    new Map(listAt(content, section).map((each) => [textAt(each, "name"), objectAt(each, ENTRY[section])]));
  const rest = Object.fromEntries(
    ["preferences", "extensions"].flatMap((field) => {
      const value = isObject(content) ? getOwn(content, field) : undefined;
      return isObject(value) && Object.keys(value).length === 0 ? [] : value == null ? [] : [[field, value]];
    }),
  );
  return {
    path,
    exists,
    clusters: entries("clusters"),
    contexts: entries("contexts"),
    users: entries("users"),
    currentContext: textAt(content, "current-context"),
    rest,
  };
}

/** The file's content, its members in the order in which the original shows them. */
export function contentOf(file: Omit<ConfigFile, "path" | "exists">): JsonObject {
  const listed = (section: Section) => {
    const names = [...file[section].keys()].sort();
    const entries = names.map((name) => ({ name, [ENTRY[section]]: entryOf(section, file[section].get(name) ?? {}) }));
    return entries.length > 0 ? entries : null;
  };
  return {
    kind: "Config",
    apiVersion: "v1",
    ...file.rest,
    clusters: listed("clusters"),
    users: listed("users"),
    contexts: listed("contexts"),
    "current-context": file.currentContext,
  };
}

function entryOf(section: Section, entry: JsonObject): JsonObject {
  const shown: JsonObject = {};
  for (const field of Object.keys(FIELDS[section])) {
    const value = entry[field];
    const isEmpty = value === undefined || value === null || value === "" || value === false;
    if (!isEmpty) shown[field] = isObject(value) ? inOrder(value) : value;
    else if (ALWAYS[section].includes(field)) shown[field] = "";
  }
  return shown;
}

/** Of what stands within an entry: programs that give credentials, and auth providers. */
const INNER = ["name", "command", "args", "env", "apiVersion", "installHint", "provideClusterInfo", "interactiveMode"];

function inOrder(value: JsonObject): JsonObject {
  const keys = [...INNER.filter((key) => key in value), ...Object.keys(value).filter((key) => !INNER.includes(key))];
  return Object.fromEntries(keys.map((key) => [key, value[key] as JsonValue]));
}

export async function writeConfig(file: ConfigFile): Promise<void> {
  await mkdir(dirname(file.path), { recursive: true });
  await writeFile(file.path, toYaml(contentOf(file)), { mode: 0o600 });
}

/** Where something new is put: the first file there is, else the last of those that were named. */
export const fileForNew = (files: readonly ConfigFile[]): ConfigFile =>
  files.find(({ exists }) => exists) ?? (files.at(-1) as ConfigFile);

export const withEntry = (
  file: ConfigFile,
  section: Section,
  name: string,
  entry: JsonObject | undefined,
): ConfigFile => {
  const entries = new Map(file[section]);
  if (entry) entries.set(name, entry);
  else entries.delete(name);
  return { ...file, [section]: entries };
};

/** Changes one entry where it stands. Gives whether it was there before. */
export async function changeEntry(
  session: Session,
  section: Section,
  name: string,
  change: (entry: JsonObject, file: ConfigFile) => JsonObject | Promise<JsonObject>,
): Promise<boolean> {
  const files = await readFiles(session);
  const own = files.find((file) => file[section].has(name));
  const file = own ?? fileForNew(files);
  await writeConfig(withEntry(file, section, name, await change(file[section].get(name) ?? {}, file)));
  return own !== undefined;
}

export async function setCurrentContext(session: Session, name: string): Promise<void> {
  const files = await readFiles(session);
  const file = files.find(({ currentContext }) => currentContext !== "") ?? fileForNew(files);
  await writeConfig({ ...file, currentContext: name });
}

/** All files as one: the first to name something wins. */
export const merged = (files: readonly ConfigFile[]): Omit<ConfigFile, "path" | "exists"> => ({
  clusters: new Map(files.toReversed().flatMap(({ clusters }) => [...clusters])),
  contexts: new Map(files.toReversed().flatMap(({ contexts }) => [...contexts])),
  users: new Map(files.toReversed().flatMap(({ users }) => [...users])),
  currentContext: files.find(({ currentContext }) => currentContext !== "")?.currentContext ?? "",
  rest: Object.assign({}, ...files.toReversed().map(({ rest }) => rest)) as JsonObject,
});
