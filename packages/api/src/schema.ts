/**
 * What is known of each API type: its fields in the order in which they are written, their types, list and map kinds, defaults and
 * protobuf numbers. Read from the compact tables under generated/, one type at a time, when it is first needed.
 *
 * In memory an object has the shape of its JSON: times, quantities and bytes are strings in canonical form, integers are
 * numbers, or bigints where a double is not exact.
 */
import { tables } from "./generated/tables.ts";
import { metaKinds } from "./meta-kinds.ts";
import type { Schema } from "./structural/schema.ts";

export type Scalar =
  | "string"
  | "int32"
  | "int64"
  | "bool"
  | "double"
  | "bytes"
  | "quantity"
  | "time"
  | "microtime"
  | "duration"
  | "intOrString";

/**
 * `raw` is a whole object of any kind (RawExtension), `json` any JSON value, `fields` the field set of a managedFields entry,
 * `schemaOr` one of the unions of JSONSchemaProps: a schema, or a list of schemas, a bool or a list of strings.
 */
export type TypeRef =
  | { readonly kind: "scalar"; readonly scalar: Scalar }
  | { readonly kind: "struct"; readonly name: string; readonly struct: Struct }
  | { readonly kind: "list"; readonly item: TypeRef }
  | { readonly kind: "map"; readonly value: TypeRef }
  | { readonly kind: "schemaOr"; readonly or: "schemas" | "bool" | "strings"; readonly struct: Struct }
  | { readonly kind: "raw" | "json" | "fields" };

export interface Field {
  readonly name: string;
  /** Its place in the declared order. */
  readonly index: number;
  readonly type: TypeRef;
  /** The protobuf number; of a field that stands in an embedded message there, the numbers on the way to it. */
  readonly proto: readonly number[];
  /** Written even when empty. */
  readonly always: boolean;
  /** In the schema's list of required fields. */
  readonly required: boolean;
  /** Zero differs from absent. */
  readonly pointer: boolean;
  /** What an absent field stands for, by the type's own declaration. */
  readonly default?: unknown;
  /** How server-side apply merges: lists default to atomic, maps and structs to granular. */
  readonly list?: "atomic" | "set" | "map";
  readonly listKeys?: readonly string[];
  readonly atomicMap?: boolean;
  /** Owned field by field, whatever its type says of itself. */
  readonly granular?: boolean;
  /** How strategic merge patch merges. */
  readonly patchMerge?: boolean;
  readonly patchKey?: string;
  readonly retainKeys?: boolean;
  readonly patchReplace?: boolean;
}

export interface Struct {
  /** As in OpenAPI, without the leading "io.k8s.": "api.core.v1.Pod". */
  readonly name: string;
  readonly fields: readonly Field[];
  readonly byName: ReadonlyMap<string, Field>;
  /** The fields that are always written. */
  readonly always: readonly Field[];
  /** Server-side apply treats a value of this type as one. */
  readonly atomic: boolean;
  /**
   * The schema of a custom kind: what it keeps and how its parts merge. Values stay as they are given, empty ones too; only `metadata`, the
   * one field of such a struct, is brought into canonical form.
   */
  readonly open?: Schema;
}

const known = new Map<string, Struct>();

/** The struct of a type name such as "api.core.v1.Pod"; throws on a name that no table has. */
export function structOf(name: string): Struct {
  const found = known.get(name);
  if (found) return found;
  const table = tableOf(name);
  if (table === undefined) throw new Error(`no API type is called ${name}`);
  const struct = parseStruct(name, table);
  known.set(name, struct);
  return struct;
}

export const hasStruct = (name: string): boolean => tableOf(name) !== undefined;

function tableOf(name: string): string | undefined {
  const from = Object.hasOwn(tables, name) ? tables : metaKinds;
  return Object.hasOwn(from, name) ? from[name] : undefined;
}

function parseStruct(name: string, table: string): Struct {
  const atomic = table.startsWith("&");
  const text = atomic ? table.slice(1) : table;
  const scope = name.slice(0, name.lastIndexOf(".") + 1);
  const fields = text === "" ? [] : text.split("\n").map((line) => parseField(line, scope));
  return makeStruct(name, fields, { atomic });
}

/** All fields have the same members in the same order, as references have: every walk over every object looks at them. */
const NO_FIELD: Omit<Field, "name" | "index" | "type" | "proto"> = {
  always: false,
  required: false,
  pointer: false,
  default: undefined,
  list: undefined,
  listKeys: undefined,
  atomicMap: undefined,
  granular: undefined,
  patchMerge: undefined,
  patchKey: undefined,
  retainKeys: undefined,
  patchReplace: undefined,
};

/** A struct of fields in their declared order, also for kinds that are made at run time. */
export function makeStruct(
  name: string,
  fields: readonly Omit<Field, "index">[],
  { atomic = false, open }: { atomic?: boolean; open?: Schema } = {},
): Struct {
  const placed = fields.map((field, index): Field => ({ ...NO_FIELD, ...field, index }));
  return {
    name,
    fields: placed,
    byName: new Map(placed.map((f) => [f.name, f])),
    always: placed.filter((f) => f.always),
    atomic,
    ...(open && { open }),
  };
}

type ParsedField = { -readonly [K in keyof Omit<Field, "index">]: Field[K] };

/** A line is: name, type, protobuf number(s), then flags; see tools/generate.ts, which writes them. */
function parseField(line: string, scope: string): ParsedField {
  const [name = "", type = "", proto = "", ...flags] = line.split(" ");
  const field: ParsedField = {
    name,
    type: parseType(type, scope),
    proto: proto === "-" ? [] : proto.split(".").map(Number),
    always: false,
    required: false,
    pointer: false,
  };
  for (const flag of flags) readFlag(field, flag);
  return field;
}

function readFlag(field: ParsedField, flag: string): void {
  const rest = flag.slice(1);
  switch (flag[0]) {
    case "+":
      field.always = true;
      break;
    case "!":
      field.required = true;
      break;
    case "^":
      field.pointer = true;
      break;
    case "=":
      field.default = JSON.parse(rest);
      break;
    case "L":
      field.list = rest === "" ? "atomic" : rest === "*" ? "set" : "map";
      if (field.list === "map") field.listKeys = rest.split(",");
      break;
    case "A":
      field.atomicMap = true;
      break;
    case "G":
      field.granular = true;
      break;
    case "P":
      field.patchMerge = true;
      if (rest) field.patchKey = rest;
      break;
    case "K":
      field.retainKeys = true;
      break;
    case "R":
      field.patchReplace = true;
      break;
    default:
      throw new Error(`the table of ${field.name} holds the unknown flag ${flag}`);
  }
}

const SCALARS: Record<string, Scalar> = {
  s: "string",
  i: "int32",
  l: "int64",
  b: "bool",
  d: "double",
  y: "bytes",
  q: "quantity",
  t: "time",
  u: "microtime",
  D: "duration",
  x: "intOrString",
};
/** Every TypeRef of the tables. Its struct is parsed when it is first looked at: types refer to each other in circles. */
class Ref {
  readonly kind: TypeRef["kind"];
  readonly scalar: Scalar | undefined;
  readonly item: TypeRef | undefined;
  readonly value: TypeRef | undefined;
  readonly or: "schemas" | "bool" | "strings" | undefined;
  readonly name: string | undefined;
  #struct: Struct | undefined;

  constructor(kind: TypeRef["kind"], { scalar, item, value, or, name }: Partial<Omit<Ref, "kind" | "struct">> = {}) {
    this.kind = kind;
    this.scalar = scalar;
    this.item = item;
    this.value = value;
    this.or = or;
    this.name = name;
  }

  get struct(): Struct {
    return (this.#struct ??= structOf(this.name ?? ""));
  }
}

const ref = (...parts: ConstructorParameters<typeof Ref>) => new Ref(...parts) as TypeRef;

const scalarRefs = new Map(Object.entries(SCALARS).map(([letter, scalar]) => [letter, ref("scalar", { scalar })]));
const rawRef = ref("raw");
const jsonRef = ref("json");
const fieldsRef = ref("fields");
const schemaOr = (or: Ref["or"]) =>
  ref("schemaOr", { or, name: "apiextensions-apiserver.pkg.apis.apiextensions.v1.JSONSchemaProps" });
const schemaRefs: Readonly<Record<string, TypeRef>> = {
  oa: schemaOr("schemas"),
  ob: schemaOr("bool"),
  os: schemaOr("strings"),
};

function parseType(text: string, scope: string): TypeRef {
  switch (text[0]) {
    case "[":
      return ref("list", { item: parseType(text.slice(1), scope) });
    case "{":
      return ref("map", { value: parseType(text.slice(1), scope) });
    case "@":
      return ref("struct", { name: text.includes(".") ? text.slice(1) : scope + text.slice(1) });
    case "r":
      return rawRef;
    case "j":
      return jsonRef;
    case "f":
      return fieldsRef;
    default: {
      const ref = scalarRefs.get(text) ?? schemaRefs[text];
      if (!ref) throw new Error(`the tables hold the unknown type ${text}`);
      return ref;
    }
  }
}
