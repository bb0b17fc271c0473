/** The paths that an applied configuration claims: its leaves, its items, and what it leaves empty on purpose. */
import { type FieldSet, leaf, nodeOf, sorted } from "./field-set.ts";
import { fieldElement } from "./path-element.ts";
import { anyShape, isMap, itemElement, memberShape, type Shape, shapeFor } from "./shape.ts";

/** The set of a whole object. */
export const ownedSet = (shape: Shape, object: object): FieldSet => claim(shape, object) ?? {};

/** What a value claims at and below its place, without the place itself unless it is owned as one. */
function claim(shape: Shape, value: unknown): FieldSet | undefined {
  const type = shapeFor(shape, value);
  if (type.kind === "scalar" || type.atomic) return leaf;
  const inside: Record<string, FieldSet> = {};
  if (type.kind === "list" && Array.isArray(value))
    for (const item of value) inside[itemElement(type, item)] = member(claim(type.item as Shape, item));
  if (type.kind === "map" && isMap(value))
    for (const [name, one] of Object.entries(value)) {
      if (one === undefined) continue;
      const below = claim(memberShape(type, name) ?? anyShape, one);
      const isEmpty = one === null || (isMap(one) && Object.keys(one).length === 0);
      const node = isEmpty || !type.members?.has(name) ? member(below) : below;
      if (node) inside[fieldElement(name)] = node;
    }
  return Object.keys(inside).length ? sorted(inside) : undefined;
}

const member = (below: FieldSet | undefined): FieldSet => nodeOf(true, below === leaf ? undefined : below) as FieldSet;
