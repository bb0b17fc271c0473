/**
 * How server-side apply sees a type: what is owned as one (scalars, atomic maps and lists), what by member (maps, structs), what by item
 * (sets, lists with keys). Where no schema says, maps are owned by member and lists as one.
 */
import { ownValue } from "../codec/map-keys.ts";
import type { PlainObject } from "../meta.ts";
import type { Scalar } from "../schema.ts";
import { keyElement, valueElement } from "./path-element.ts";

export interface Shape {
  readonly kind: "scalar" | "map" | "list" | "any";
  /** Owned as one. */
  readonly atomic: boolean;
  readonly scalar?: Scalar;
  /** The members of a struct, in the order of field sets. */
  readonly members?: ReadonlyMap<string, Member>;
  /** What other members of a map are; nothing where there may be none. */
  readonly value?: Shape;
  readonly item?: Shape;
  /** How the items of a list are told apart. */
  readonly keys?: readonly string[];
}

export interface Member {
  readonly name: string;
  readonly element: string;
  readonly rank: number;
  readonly shape: Shape;
  readonly default: unknown;
}

export const anyShape: Shape = { kind: "any", atomic: false };

/** The shape of a value: what is of any shape is what it looks like. */
export function shapeFor(shape: Shape, value: unknown): Shape {
  if (shape.kind !== "any") return shape;
  if (Array.isArray(value)) return anyList;
  return typeof value === "object" && value !== null ? anyMap : anyScalar;
}

const anyScalar: Shape = { kind: "scalar", atomic: true };
const anyList: Shape = { kind: "list", atomic: true, item: anyShape };
const anyMap: Shape = { kind: "map", atomic: false, value: anyShape };

/** The shape of a map's member; undefined where the schema has none of that name. */
export const memberShape = (shape: Shape, name: string): Shape | undefined =>
  shape.members?.get(name)?.shape ?? shape.value;

/** The path element of a list's item. */
export function itemElement(list: Shape, item: unknown): string {
  if (!list.keys) return valueElement(item);
  const object = typeof item === "object" && item !== null ? (item as PlainObject) : {};
  return keyElement(list.keys, (key) => ownValue(object, key) ?? list.item?.members?.get(key)?.default);
}

export const isMap = (value: unknown): value is PlainObject =>
  typeof value === "object" && value !== null && !Array.isArray(value);

/** Nothing, or a map or list without content: these count as one and the same leaf. */
export function isVoid(value: unknown): boolean {
  if (value === null || value === undefined) return true;
  if (Array.isArray(value)) return value.length === 0;
  if (typeof value !== "object") return false;
  for (const key in value) if ((value as PlainObject)[key] !== undefined) return false;
  return true;
}
