/** Takes paths out of an object, and makes of a set the one that does so: with the fields on the way to its members as members. */
import { setKey } from "../codec/map-keys.ts";
import type { PlainObject } from "../meta.ts";
import { below, type FieldSet, hasElement, isEmptySet, isMember, nodeOf } from "./field-set.ts";
import { fieldElement } from "./path-element.ts";
import { anyShape, isMap, itemElement, memberShape, type Shape, shapeFor } from "./shape.ts";

/** The object without the members of the set. What loses all that it holds becomes null. */
export function removePaths(shape: Shape, object: PlainObject, set: FieldSet): PlainObject {
  return isEmptySet(set) ? object : ((remove(shape, object, set) as PlainObject | null) ?? {});
}

function remove(shape: Shape, value: unknown, set: FieldSet): unknown {
  const type = shapeFor(shape, value);
  if (type.kind === "list" && Array.isArray(value)) return removeItems(type, value, set);
  if (type.kind === "map" && isMap(value)) return removeMembers(type, value, set);
  return value;
}

function removeItems(shape: Shape, items: readonly unknown[], set: FieldSet): unknown[] | null {
  const out: unknown[] = [];
  for (const [i, item] of items.entries()) {
    // The items of an atomic list have no path of their own but their place.
    const element = shape.atomic ? `i:${i}` : itemElement(shape, item);
    if (hasElement(set, element)) continue;
    const inner = below(set, element);
    out.push(inner && !isEmptySet(inner) ? remove(shape.item as Shape, item, inner) : item);
  }
  return out.length ? out : null;
}

function removeMembers(shape: Shape, object: PlainObject, set: FieldSet): PlainObject | null {
  const out: PlainObject = {};
  let any = false;
  for (const [name, value] of Object.entries(object)) {
    const element = fieldElement(name);
    if (hasElement(set, element)) continue;
    const inner = below(set, element);
    const rest = inner && !isEmptySet(inner) ? remove(memberShape(shape, name) ?? anyShape, value, inner) : value;
    setKey(out, name, rest);
    any = true;
  }
  return any ? out : null;
}

/** The set with each field of a struct on the way to a member as a member too. */
export function withNamedFields(shape: Shape, set: FieldSet): FieldSet {
  const out: Record<string, FieldSet> = {};
  for (const [element, node] of Object.entries(set)) {
    if (element === ".") continue;
    const name = element.startsWith("f:") ? element.slice(2) : undefined;
    const isField = name !== undefined && shape.members?.has(name) === true;
    const inner = name === undefined ? (shape.item ?? anyShape) : (memberShape(shape, name) ?? anyShape);
    const kept = nodeOf(isMember(node) || isField, withNamedFields(inner, node));
    if (kept) out[element] = kept;
  }
  return out;
}
