/** The types of the API for expressions: what checking types goes by. Read from the structs that decoding goes by, field by field as they are asked for. */
import { type CelType, celTypes, type FieldType, type ObjectType } from "@kubets/cel";
import type { ResourceDefinition } from "../../resource.ts";
import { ruleType } from "../../rules/rule-types.ts";
import type { Scalar, Struct, TypeRef } from "../../schema.ts";
import type { Schema } from "../../structural/schema.ts";

const SCALARS: Readonly<Record<Scalar, CelType>> = {
  string: celTypes.string,
  int32: celTypes.int,
  int64: celTypes.int,
  bool: celTypes.bool,
  double: celTypes.double,
  bytes: celTypes.bytes,
  quantity: celTypes.dyn,
  time: celTypes.timestamp,
  microtime: celTypes.timestamp,
  duration: celTypes.string,
  intOrString: celTypes.dyn,
};

const known = new WeakMap<Struct, ObjectType>();

function objectTypeOf(struct: Struct): ObjectType {
  let type = known.get(struct);
  if (!type) known.set(struct, (type = celTypes.object(`io.k8s.${struct.name}`, fieldsOf(struct))));
  return type;
}

/** What is to be known of a kind for checking types; `openApiSchema` of those that came at run time. */
export type CheckedKind = Pick<
  ResourceDefinition,
  "group" | "version" | "resource" | "kind" | "schema" | "openApiSchema"
>;

/** The type of a kind's objects: of a custom kind, what its schema says, beside the metadata that all have. */
export function kindType(definition: CheckedKind): ObjectType {
  const type = objectTypeOf(definition.schema);
  const custom = definition.openApiSchema && ruleType(definition.openApiSchema as Schema, true)?.type;
  if (custom?.kind !== "object") return type;
  return celTypes.object(custom.name, { ...custom.fields, metadata: type.fields["metadata"] as FieldType });
}

function fieldsOf(struct: Struct): Record<string, FieldType> {
  const fields: Record<string, FieldType> = {};
  for (const { name, type } of struct.fields) {
    let made: FieldType | undefined;
    Object.defineProperty(fields, name, { enumerable: true, get: () => (made ??= { type: typeOf(type) }) });
  }
  return fields;
}

function typeOf(type: TypeRef): CelType {
  switch (type.kind) {
    case "scalar":
      return SCALARS[type.scalar];
    case "struct":
      return objectTypeOf(type.struct);
    case "list":
      return celTypes.list(typeOf(type.item));
    case "map":
      return celTypes.map(celTypes.string, typeOf(type.value));
    default:
      return celTypes.dyn;
  }
}
