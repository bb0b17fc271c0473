/** API types as OpenAPI schemas, from the same structs that decoding goes by. */
import type { ResourceRef } from "../resource-ref.ts";
import type { Field, Scalar, Struct, TypeRef } from "../schema.ts";
import type { Describe, Dialect, JsonSchema } from "./json-schema.ts";

const META = "io.k8s.apimachinery.pkg.apis.meta.v1";
const EXTENSIONS = "io.k8s.apiextensions-apiserver.pkg.apis.apiextensions.v1";

export const schemaName = (struct: string): string => `io.k8s.${struct}`;

const SCALARS: Partial<Record<Scalar, JsonSchema>> = {
  string: { type: "string" },
  int32: { type: "integer", format: "int32" },
  int64: { type: "integer", format: "int64" },
  bool: { type: "boolean" },
  double: { type: "number", format: "double" },
  bytes: { type: "string", format: "byte" },
  duration: { type: "string" },
};

/** Types with a name that are no structs here. */
const NAMED: Partial<Record<Scalar | TypeRef["kind"], string>> = {
  quantity: "io.k8s.apimachinery.pkg.api.resource.Quantity",
  intOrString: "io.k8s.apimachinery.pkg.util.intstr.IntOrString",
  time: `${META}.Time`,
  microtime: `${META}.MicroTime`,
  fields: `${META}.FieldsV1`,
  raw: "io.k8s.apimachinery.pkg.runtime.RawExtension",
  json: `${EXTENSIONS}.JSON`,
};
const SCHEMA_OR: Readonly<Record<string, string>> = {
  schemas: `${EXTENSIONS}.JSONSchemaPropsOrArray`,
  bool: `${EXTENSIONS}.JSONSchemaPropsOrBool`,
  strings: `${EXTENSIONS}.JSONSchemaPropsOrStringArray`,
};

/** Texts of types that have none among the published models. */
export const OWN_TEXTS: Readonly<Record<string, string>> = {
  [NAMED.quantity as string]:
    "A number with a suffix that says its magnitude: decimal (n, u, m, k, M, G, T, P, E), binary (Ki, Mi, Gi, Ti, Pi, Ei) or an exponent (1e3). 1500m is one and a half.",
  [NAMED.intOrString as string]: "A whole number, or a text such as a percentage or the name of a port.",
  [NAMED.time as string]: "A moment in the form of RFC 3339, to the second.",
  [NAMED.microtime as string]: "A moment in the form of RFC 3339, to the microsecond.",
  [NAMED.fields as string]:
    "A set of fields as a tree: f:NAME stands for a field, k:KEYS, v:VALUE and i:INDEX for items of lists, and . for the thing itself.",
  [NAMED.raw as string]: "An object of any kind.",
  [NAMED.json as string]: "Any JSON value.",
  [SCHEMA_OR["schemas"] as string]: "One schema, or a list of schemas.",
  [SCHEMA_OR["bool"] as string]: "A schema, or whether anything is allowed.",
  [SCHEMA_OR["strings"] as string]: "A schema, or a list of property names.",
};

/** The schemas of the names above, but for their texts. */
export const namedSchemas = (dialect: Dialect): Readonly<Record<string, JsonSchema>> => ({
  [NAMED.quantity as string]: dialect.quantity,
  [NAMED.intOrString as string]: dialect.intOrString,
  [NAMED.time as string]: { type: "string", format: "date-time" },
  [NAMED.microtime as string]: { type: "string", format: "date-time" },
  [NAMED.fields as string]: { type: "object" },
  [NAMED.raw as string]: { type: "object" },
  [NAMED.json as string]: {},
  ...Object.fromEntries(Object.values(SCHEMA_OR).map((name) => [name, {}])),
  [`${META}.Patch`]: { type: "object" },
});

/** Told of everything that a type refers to: structs, and names of other types. */
interface Referred {
  struct(struct: Struct): void;
  name(name: string): void;
}

/** Tells what the fields of a struct refer to. */
export function references(struct: Struct, told: Referred): void {
  for (const { type } of struct.fields) referencesOf(type, told);
}

function referencesOf(type: TypeRef, told: Referred): void {
  if (type.kind === "list") referencesOf(type.item, told);
  else if (type.kind === "map") referencesOf(type.value, told);
  else if (type.kind === "struct") told.struct(type.struct);
  else {
    const name = nameOf(type);
    if (name) told.name(name);
  }
}

const referredName = (type: TypeRef): string | undefined =>
  type.kind === "struct" ? schemaName(type.name) : nameOf(type);

function nameOf(type: TypeRef): string | undefined {
  if (type.kind === "schemaOr") return SCHEMA_OR[type.or];
  return NAMED[type.kind === "scalar" ? type.scalar : type.kind];
}

export function structSchema(struct: Struct, dialect: Dialect, describe: Describe): JsonSchema {
  const properties: Record<string, JsonSchema> = {};
  const required: string[] = [];
  for (const field of struct.fields) {
    properties[field.name] = fieldSchema(struct, field, dialect, describe);
    if (field.required) required.push(field.name);
  }
  const description = describe(schemaName(struct.name));
  return {
    ...(description && { description }),
    ...(required.length && { required }),
    type: "object",
    ...(struct.fields.length && { properties }),
    ...(struct.atomic && { "x-kubernetes-map-type": "atomic" }),
  };
}

function fieldSchema(struct: Struct, field: Field, dialect: Dialect, describe: Describe): JsonSchema {
  // What the field's own text does not tell, that of its type does.
  const referred = referredName(field.type);
  const description =
    describe(schemaName(struct.name), field.name) ?? (referred && (describe(referred) ?? OWN_TEXTS[referred]));
  const standard = defaultOf(field);
  return {
    ...(description && { description }),
    ...typeSchema(field.type, dialect),
    ...(standard !== undefined && { default: standard }),
    ...(field.list && { "x-kubernetes-list-type": field.list }),
    ...(field.listKeys && { "x-kubernetes-list-map-keys": field.listKeys }),
    ...(field.atomicMap && { "x-kubernetes-map-type": "atomic" }),
    ...(field.granular && { "x-kubernetes-map-type": "granular" }),
    ...(field.patchKey && { "x-kubernetes-patch-merge-key": field.patchKey }),
    ...((field.patchMerge || field.retainKeys || field.patchReplace) && {
      "x-kubernetes-patch-strategy": patchStrategy(field),
    }),
  };
}

/** Fields that are always there have the empty value of their type when nothing is said. */
function defaultOf({ type, pointer, required, default: given }: Field): unknown {
  if (given !== undefined || pointer) return given;
  if (type.kind === "struct") return {};
  if (type.kind !== "scalar" || !required) return undefined;
  return { string: "", int32: 0, int64: 0, bool: false }[type.scalar as string];
}

const patchStrategy = ({ patchMerge, retainKeys, patchReplace }: Field) =>
  [patchMerge && "merge", retainKeys && "retainKeys", patchReplace && "replace"].filter(Boolean).join(",");

function typeSchema(type: TypeRef, dialect: Dialect): JsonSchema {
  switch (type.kind) {
    case "list":
      return { type: "array", items: memberSchema(type.item, dialect) };
    case "map":
      return { type: "object", additionalProperties: memberSchema(type.value, dialect) };
    case "struct":
      return dialect.refer(schemaName(type.name));
    default: {
      const name = nameOf(type);
      if (name) return dialect.refer(name);
      return (type.kind === "scalar" && SCALARS[type.scalar]) || {};
    }
  }
}

/** What a list or a map is of. */
function memberSchema(type: TypeRef, dialect: Dialect): JsonSchema {
  const schema = typeSchema(type, dialect);
  if (dialect.version === 2) return schema;
  if (type.kind === "struct") return { ...schema, default: {} };
  return type.kind === "scalar" && type.scalar === "string" ? { ...schema, default: "" } : schema;
}

/** How a schema says which kinds it is of. */
export const kindExtension = (ref: { group: string; version: string; kind: string }): JsonSchema => ({
  "x-kubernetes-group-version-kind": [{ group: ref.group, kind: ref.kind, version: ref.version }],
});

export function listSchema(ref: ResourceRef, item: string, dialect: Dialect, describe: Describe): JsonSchema {
  const text = (field: string, otherwise: string) => ({ description: describe(`${item}List`, field) ?? otherwise });
  return {
    description: describe(`${item}List`) ?? `${ref.kind}List is a list of ${ref.kind}`,
    required: ["items"],
    type: "object",
    properties: {
      apiVersion: { ...text("apiVersion", "The version of the schema of this list."), type: "string" },
      items: {
        ...text("items", `List of ${ref.resource}.`),
        type: "array",
        items: dialect.refer(item),
      },
      kind: { ...text("kind", "What kind of list this is."), type: "string" },
      metadata: { ...text("metadata", "The metadata of the list."), ...dialect.refer(`${META}.ListMeta`) },
    },
    ...kindExtension({ ...ref, kind: `${ref.kind}List` }),
  };
}
