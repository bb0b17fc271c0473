/** One value of a kubeconfig by its dotted name: "clusters.a.server", "current-context". Pure. */
import { parseBool } from "@kubets/machinery/flag-types";
import { isObject, type JsonObject, type JsonValue } from "@kubets/machinery/json-value";
import { UsageError } from "../errors.ts";
import { type ConfigFile, withEntry } from "./files.ts";
import { FIELDS, type FieldType, type Section } from "./shape.ts";

type Property =
  | { readonly at: "current-context" }
  | { readonly at: "colors" }
  | { readonly at: Section; readonly name: string; readonly field: string; readonly type: FieldType };

export function propertyOf(path: string): Property {
  if (path === "current-context") return { at: "current-context" };
  if (path === "preferences.colors") return { at: "colors" };
  const [section = "", ...words] = path.split(".");
  if (!(section in FIELDS)) throw new UsageError(`unable to parse ${path} after [] at api.Config`);
  const fields = FIELDS[section as Section];
  const last = words.at(-1) ?? "";
  // Names may hold dots; what no field is called belongs to the name.
  if (!(last in fields) || words.length === 1)
    return { at: section as Section, name: words.join("."), field: "", type: "other" };
  return { at: section as Section, name: words.slice(0, -1).join("."), field: last, type: fields[last] as FieldType };
}

export function withProperty(file: ConfigFile, path: string, written: string, raw: boolean): ConfigFile {
  const property = propertyOf(path);
  if (property.at === "current-context") return { ...file, currentContext: written };
  if (property.at === "colors") return { ...file, rest: { ...file.rest, preferences: { colors: parseBool(written) } } };
  const { at, name, field, type } = property;
  if (field === "" || type === "other") throw new UsageError(`unable to parse one or more field values of ${path}`);
  const entry = { ...file[at].get(name), [field]: valueOf(written, type, raw) };
  return withEntry(file, at, name, entry);
}

function valueOf(written: string, type: FieldType, raw: boolean): JsonValue {
  if (type === "bool") return parseBool(written);
  if (type !== "bytes") return written;
  if (raw) return Buffer.from(written).toString("base64");
  if (!/^[A-Za-z0-9+/\r\n]*={0,2}$/.test(written) || written.length % 4 !== 0)
    throw new UsageError(`error decoding base64 ${JSON.stringify(written)}: give it in base64, or add --set-raw-bytes`);
  return written;
}

export function withoutProperty(file: ConfigFile, path: string): ConfigFile {
  const property = propertyOf(path);
  if (property.at === "current-context") return { ...file, currentContext: "" };
  if (property.at === "colors") return { ...file, rest: without(file.rest, "preferences") };
  const { at, name, field } = property;
  const entry = file[at].get(name);
  if (!isObject(entry)) return file;
  return withEntry(file, at, name, field ? without(entry, field) : undefined);
}

function without(object: JsonObject, key: string): JsonObject {
  const { [key]: _, ...rest } = object;
  return rest;
}
