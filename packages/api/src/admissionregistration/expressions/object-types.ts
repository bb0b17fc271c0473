/** The types of the API for expressions: what checking types goes by. Read from the structs that decoding goes by, field by field as they are asked for. */
import { type CelType, celTypes, type FieldType, type ObjectType } from "@kubets/cel";
import type { Scalar, Struct, TypeRef } from "../../schema.ts";

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

export function objectTypeOf(struct: Struct): ObjectType {
  let type = known.get(struct);
  if (!type) known.set(struct, (type = celTypes.object(`io.k8s.${struct.name}`, fieldsOf(struct))));
  return type;
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
