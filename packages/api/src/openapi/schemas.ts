/** API types as OpenAPI v3 schemas, from the same structs that decoding goes by. */
import { groupVersion } from "../resource-ref.ts";
import type { Field, Scalar, Struct, TypeRef } from "../schema.ts";

export type JsonSchema = { readonly [key: string]: unknown };

/** Texts for people, where they are at hand: of a type, or of one of its fields. */
export type Describe = (type: string, field?: string) => string | undefined;

export const schemaName = (struct: string): string => `io.k8s.${struct}`;

const SCALARS: Record<Scalar, JsonSchema> = {
  string: { type: "string" },
  int32: { type: "integer", format: "int32" },
  int64: { type: "integer", format: "int64" },
  bool: { type: "boolean" },
  double: { type: "number", format: "double" },
  bytes: { type: "string", format: "byte" },
  quantity: { oneOf: [{ type: "string" }, { type: "number" }] },
  time: { type: "string", format: "date-time" },
  microtime: { type: "string", format: "date-time" },
  duration: { type: "string" },
  intOrString: { format: "int-or-string", oneOf: [{ type: "integer" }, { type: "string" }] },
};

/** The schema of a struct, telling of each struct that it refers to. */
export function structSchema(struct: Struct, refer: (struct: Struct) => void, describe: Describe): JsonSchema {
  const properties: Record<string, JsonSchema> = {};
  const required: string[] = [];
  for (const field of struct.fields) {
    properties[field.name] = fieldSchema(struct, field, refer, describe);
    if (field.required) required.push(field.name);
  }
  const description = describe(struct.name);
  return {
    ...(description && { description }),
    type: "object",
    ...(struct.fields.length && { properties }),
    ...(required.length && { required }),
    ...(struct.atomic && { "x-kubernetes-map-type": "atomic" }),
  };
}

function fieldSchema(struct: Struct, field: Field, refer: (struct: Struct) => void, describe: Describe): JsonSchema {
  const description = describe(struct.name, field.name);
  return {
    ...(description && { description }),
    ...typeSchema(field.type, refer),
    ...(field.default !== undefined && { default: field.default }),
    ...(field.list && { "x-kubernetes-list-type": field.list }),
    ...(field.listKeys && { "x-kubernetes-list-map-keys": field.listKeys }),
    ...(field.atomicMap && { "x-kubernetes-map-type": "atomic" }),
    ...(field.patchKey && { "x-kubernetes-patch-merge-key": field.patchKey }),
    ...((field.patchMerge || field.retainKeys) && { "x-kubernetes-patch-strategy": patchStrategy(field) }),
  };
}

const patchStrategy = ({ patchMerge, retainKeys }: Field) =>
  [patchMerge && "merge", retainKeys && "retainKeys"].filter(Boolean).join(",");

function typeSchema(type: TypeRef, refer: (struct: Struct) => void): JsonSchema {
  switch (type.kind) {
    case "scalar":
      return SCALARS[type.scalar];
    case "list":
      return { type: "array", items: typeSchema(type.item, refer) };
    case "map":
      return { type: "object", additionalProperties: typeSchema(type.value, refer) };
    case "struct":
      refer(type.struct);
      // Beside a bare reference nothing else counts; in a list of one it may have a description.
      return { allOf: [{ $ref: `#/components/schemas/${schemaName(type.name)}` }] };
    case "raw":
    case "fields":
      return { type: "object" };
    default:
      return {};
  }
}

/** How a schema says which kinds it is of. */
export const kindExtension = (ref: { group: string; version: string; kind: string }): JsonSchema => ({
  "x-kubernetes-group-version-kind": [{ group: ref.group, kind: ref.kind, version: ref.version }],
});

export const listSchema = (ref: { group: string; version: string; kind: string }, item: string): JsonSchema => ({
  description: `${ref.kind}List is a list of ${groupVersion(ref)} ${ref.kind}.`,
  type: "object",
  required: ["items"],
  properties: {
    apiVersion: { type: "string" },
    items: { type: "array", items: { allOf: [{ $ref: `#/components/schemas/${item}` }] } },
    kind: { type: "string" },
    metadata: { allOf: [{ $ref: "#/components/schemas/io.k8s.apimachinery.pkg.apis.meta.v1.ListMeta" }] },
  },
  ...kindExtension({ ...ref, kind: `${ref.kind}List` }),
});
