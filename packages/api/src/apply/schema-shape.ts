/** How server-side apply sees a custom kind, by its schema: what that does not type is owned as it looks. */
import { isEmbedded, isSchema, itemsOf, keepsUnknown, type Schema, valuesOf } from "../structural/schema.ts";
import { fieldElement } from "./path-element.ts";
import { anyShape, type Member, type Shape } from "./shape.ts";

/** The shape of an object: `own` are the members that every object has. */
export function objectShape(schema: Schema, own: ReadonlyMap<string, Shape>): Shape {
  return mapShape(schema, own, own);
}

/** `meta` are the members of objects that stand in others. */
function mapShape(schema: Schema, meta: ReadonlyMap<string, Shape>, own: ReadonlyMap<string, Shape>): Shape {
  const values = valuesOf(schema);
  const isAnything = keepsUnknown(schema) || (schema.properties === undefined && schema.additionalProperties == null);
  let members: ReadonlyMap<string, Member> | undefined;
  return {
    kind: "map",
    atomic: schema["x-kubernetes-map-type"] === "atomic",
    ...((values || isAnything || schema.additionalProperties === true) && {
      value: values ? valueShape(values, meta) : anyShape,
    }),
    get members() {
      return (members ??= membersOf(schema, meta, isEmbedded(schema) ? meta : own));
    },
  };
}

function membersOf(
  { properties }: Schema,
  meta: ReadonlyMap<string, Shape>,
  own: ReadonlyMap<string, Shape>,
): ReadonlyMap<string, Member> {
  const names = [...new Set([...own.keys(), ...Object.keys(properties ?? {})])].sort((a, b) => (a < b ? -1 : 1));
  return new Map(
    names.map((name, rank) => {
      const property = properties?.[name];
      let shape = own.get(name);
      const member: Member = {
        name,
        element: fieldElement(name),
        rank,
        default: property?.default,
        get shape() {
          return (shape ??= valueShape(property ?? {}, meta));
        },
      };
      return [name, member];
    }),
  );
}

const NOTHING: ReadonlyMap<string, Shape> = new Map();

function valueShape(schema: Schema, meta: ReadonlyMap<string, Shape>): Shape {
  switch (schema.type) {
    case "object":
      return mapShape(schema, meta, NOTHING);
    case "array":
      return listShape(schema, meta);
    case "string":
      return { kind: "scalar", atomic: true, scalar: "string" };
    case "boolean":
      return { kind: "scalar", atomic: true, scalar: "bool" };
    case "integer":
    case "number":
      return { kind: "scalar", atomic: true, scalar: "double" };
    default:
      return schema["x-kubernetes-int-or-string"] ? { kind: "scalar", atomic: true } : anyShape;
  }
}

function listShape(schema: Schema, meta: ReadonlyMap<string, Shape>): Shape {
  const type = schema["x-kubernetes-list-type"];
  const keys = schema["x-kubernetes-list-map-keys"];
  const items = itemsOf(schema);
  let item: Shape | undefined;
  return {
    kind: "list",
    atomic: type !== "set" && type !== "map",
    ...(type === "map" && keys && { keys: [...keys].sort() }),
    get item() {
      return (item ??= isSchema(items) ? valueShape(items, meta) : anyShape);
    },
  };
}
