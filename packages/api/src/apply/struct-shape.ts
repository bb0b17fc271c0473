/** The shape of a kind, from the struct that decoding goes by; made when it is first asked for. */
import type { Field, Scalar, Struct, TypeRef } from "../schema.ts";
import { fieldElement } from "./path-element.ts";
import { objectShape } from "./schema-shape.ts";
import { anyShape, type Member, type Shape } from "./shape.ts";

const shapes = new WeakMap<Struct, Shape>();
/** Of structs that a field sees otherwise than their type does. */
const otherShapes = new WeakMap<Struct, Shape>();

export function shapeOfStruct(struct: Struct): Shape {
  let shape = shapes.get(struct);
  if (!shape) {
    shape = makeStructShape(struct, struct.atomic);
    shapes.set(struct, shape);
  }
  return shape;
}

function makeStructShape(struct: Struct, atomic: boolean): Shape {
  if (struct.open) return objectShape(struct.open, membersOfAll(struct));
  let members: ReadonlyMap<string, Member> | undefined;
  return {
    kind: "map",
    atomic,
    // Made when first asked for: types hold themselves.
    get members() {
      return (members ??= membersOf(struct));
    },
  };
}

/** What every custom object has. */
function membersOfAll(struct: Struct): ReadonlyMap<string, Shape> {
  const text = shapeOf({ kind: "scalar", scalar: "string" });
  const own = struct.fields.map((field): [string, Shape] => [field.name, shapeOfField(field)]);
  return new Map([["apiVersion", text], ["kind", text], ...own]);
}

function membersOf(struct: Struct): ReadonlyMap<string, Member> {
  const names = struct.fields.map((f) => f.name).sort((a, b) => (a < b ? -1 : 1));
  return new Map(
    struct.fields.map((field) => {
      const { name } = field;
      let shape: Shape | undefined;
      const member: Member = {
        name,
        element: fieldElement(name),
        rank: names.indexOf(name),
        default: field.default ?? zeroOf(field),
        get shape() {
          return (shape ??= shapeOfField(field));
        },
      };
      return [name, member];
    }),
  );
}

/** What a key of a list's items is where it is not given. */
const zeroOf = ({ type, pointer }: Field): unknown =>
  type.kind === "scalar" && !pointer ? ZEROS[type.scalar] : undefined;
const ZEROS: Partial<Record<Scalar, unknown>> = { string: "", int32: 0, int64: 0, bool: false };

function shapeOfField(field: Field): Shape {
  const { type } = field;
  if (type.kind === "list")
    return {
      kind: "list",
      atomic: field.list !== "set" && field.list !== "map",
      item: shapeOf(type.item),
      ...(field.listKeys && { keys: [...field.listKeys].sort() }),
    };
  if (field.atomicMap && type.kind === "map") return { kind: "map", atomic: true, value: shapeOf(type.value) };
  if (field.atomicMap && type.kind === "struct") return structShape(type.struct, true);
  if (field.granular && type.kind === "struct") return structShape(type.struct, false);
  return shapeOf(type);
}

function structShape(struct: Struct, atomic: boolean): Shape {
  if (struct.atomic === atomic) return shapeOfStruct(struct);
  let shape = otherShapes.get(struct);
  if (!shape) {
    shape = makeStructShape(struct, atomic);
    otherShapes.set(struct, shape);
  }
  return shape;
}

function shapeOf(type: TypeRef): Shape {
  switch (type.kind) {
    case "scalar":
      return { kind: "scalar", atomic: true, scalar: type.scalar };
    case "struct":
      return shapeOfStruct(type.struct);
    case "map":
      return { kind: "map", atomic: false, value: shapeOf(type.value) };
    case "list":
      return { kind: "list", atomic: true, item: shapeOf(type.item) };
    default:
      return anyShape;
  }
}
