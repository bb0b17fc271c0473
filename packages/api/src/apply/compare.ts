/**
 * What differs between two objects, as sets of paths: what the new one has or has otherwise, and what it has no more. Walks both at once
 * and makes sets of differences only.
 */
import { deepEqual } from "@kubets/machinery/deep-equal";
import { ownValue } from "../codec/map-keys.ts";
import { absentList, type PlainObject } from "../meta.ts";
import { emptySet, type FieldSet, leaf, sorted } from "./field-set.ts";
import { fieldElement } from "./path-element.ts";
import { anyShape, isMap, isVoid, itemElement, type Member, memberShape, type Shape, shapeFor } from "./shape.ts";

export interface Difference {
  /** Added or modified. */
  readonly changed: FieldSet;
  readonly removed: FieldSet;
}

/** Names of fields that are left out, with what is below them; `true` for the whole field. */
export interface Ignored {
  readonly [name: string]: true | Ignored;
}

export function compare(shape: Shape, before: object, after: object, ignored: Ignored = {}): Difference {
  const into: Sides = { changed: undefined, removed: undefined };
  compareMaps(shape, before as PlainObject, after as PlainObject, into, ignored);
  return { changed: into.changed ?? emptySet, removed: into.removed ?? emptySet };
}

type Open = Record<string, FieldSet>;

/** The sets of one level, made when the first difference is found. */
interface Sides {
  changed: Open | undefined;
  removed: Open | undefined;
}

function compareValues(shape: Shape, before: unknown, after: unknown, element: string, into: Sides): void {
  if (before === after) return;
  const now = shapeFor(shape, after);
  const was = shapeFor(shape, before);
  if (now.kind === "scalar" || now.atomic || now.kind !== was.kind) {
    if (!equal(now, before, after) || (Array.isArray(after) && isGiven(before) !== isGiven(after)))
      (into.changed ??= {})[element] = leaf;
    return;
  }
  if (isVoid(before) && isVoid(after)) {
    if (isGiven(before) !== isGiven(after)) (into.changed ??= {})[element] = leaf;
    return;
  }
  const inner: Sides = { changed: undefined, removed: undefined };
  if (now.kind === "list") compareLists(now, listOf(before), listOf(after), inner);
  else compareMaps(now, mapOf(before), mapOf(after), inner);
  if (inner.changed) (into.changed ??= {})[element] = inner.changed;
  if (inner.removed) (into.removed ??= {})[element] = inner.removed;
}

/** An empty list that was sent; one that was not is null. */
const isGiven = (value: unknown) => value !== null && value !== absentList;

const equal = (shape: Shape, before: unknown, after: unknown) =>
  shape.kind === "scalar" && !(typeof after === "object") ? before === after : deepEqual(before, after);

function compareMaps(shape: Shape, before: PlainObject, after: PlainObject, into: Sides, ignored?: Ignored): void {
  const { members } = shape;
  let common = 0;
  let differences = 0;
  for (const key in after) {
    const value = after[key];
    if (value === undefined || !Object.hasOwn(after, key)) continue;
    const member = members?.get(key);
    // Declared names are safe to look up; others may be called like what objects inherit.
    const old = member ? before[key] : ownValue(before, key);
    if (old !== undefined) common++;
    if (old === value) continue;
    const skip = ignored?.[key];
    if (skip === true) continue;
    differences++;
    const element = member ? member.element : fieldElement(key);
    const type = member ? member.shape : anyOf(shape, key);
    if (skip) compareIgnoring(type, mapOf(old), mapOf(value), element, into, skip);
    else if (old === undefined) (into.changed ??= {})[element] = allPaths(type, value);
    else compareValues(type, old, value, element, into);
  }
  if (into.changed && differences > 1) into.changed = sorted(into.changed) as Open;
  if (countOf(before) !== common) findRemoved(shape, before, after, into, ignored);
}

function countOf(object: PlainObject): number {
  let count = 0;
  for (const key in object) if (object[key] !== undefined) count++;
  return count;
}

function findRemoved(shape: Shape, before: PlainObject, after: PlainObject, into: Sides, ignored?: Ignored): void {
  for (const key of Object.keys(before)) {
    if (before[key] === undefined || ownValue(after, key) !== undefined || ignored?.[key]) continue;
    const element = shape.members?.get(key)?.element ?? fieldElement(key);
    (into.removed ??= {})[element] = allPaths(anyOf(shape, key), before[key]);
  }
  if (into.removed) into.removed = sorted(into.removed) as Open;
}

const anyOf = (shape: Shape, key: string): Shape => memberShape(shape, key) ?? anyShape;

/** A map of which a part does not count; the map itself, then, does not either. */
function compareIgnoring(
  shape: Shape,
  before: PlainObject,
  after: PlainObject,
  element: string,
  into: Sides,
  ignored: Ignored,
): void {
  const inner: Sides = { changed: undefined, removed: undefined };
  compareMaps(shape, before, after, inner, ignored);
  if (inner.changed) (into.changed ??= {})[element] = inner.changed;
  if (inner.removed) (into.removed ??= {})[element] = inner.removed;
}

/** Every path of what a struct holds: members come in its declared order, and are put in that of field sets. */
function structPaths(shape: Shape, members: ReadonlyMap<string, Member>, object: PlainObject, node: Open): void {
  const present: Member[] = [];
  for (const key in object) {
    const value = object[key];
    if (value === undefined || !Object.hasOwn(object, key)) continue;
    const member = members.get(key) ?? otherMember(shape, key);
    let at = present.length;
    for (; at > 0 && (present[at - 1] as Member).rank > member.rank; at--) present[at] = present[at - 1] as Member;
    present[at] = member;
  }
  for (let i = 0; i < present.length; i++) {
    const { element, shape: type, name } = present[i] as Member;
    node[element] = allPaths(type, object[name]);
  }
}

const otherMember = (shape: Shape, name: string): Member => ({
  name,
  element: fieldElement(name),
  rank: -1,
  shape: anyOf(shape, name),
  default: undefined,
});

function mapPaths(shape: Shape, object: PlainObject, node: Open): void {
  const names = Object.keys(object);
  if (!isSorted(names)) names.sort((a, b) => (a < b ? -1 : 1));
  for (const name of names)
    if (object[name] !== undefined) node[fieldElement(name)] = allPaths(anyOf(shape, name), object[name]);
}

function isSorted(names: readonly string[]): boolean {
  for (let i = 1; i < names.length; i++) if ((names[i - 1] as string) > (names[i] as string)) return false;
  return true;
}

function compareLists(shape: Shape, before: readonly unknown[], after: readonly unknown[], into: Sides): void {
  const item = shape.item as Shape;
  if (areSame(item, before, after)) return;
  const was = itemsByElement(shape, before);
  const now = itemsByElement(shape, after);
  for (const [element, value] of now) {
    const old = was.get(element);
    if (!was.has(element)) (into.changed ??= {})[element] = allPaths(item, value);
    else if (value instanceof Twins || old instanceof Twins) compareTwins(old, value, element, into);
    else if (shape.keys) compareValues(item, old, value, element, into);
  }
  for (const [element, value] of was) if (!now.has(element)) (into.removed ??= {})[element] = allPaths(item, value);
  if (into.changed && now.size > 1) into.changed = sorted(into.changed) as Open;
  if (into.removed && was.size > 1) into.removed = sorted(into.removed) as Open;
}

/** Whether the lists hold the same, item by item: so it mostly is, and then no item's keys need be looked at. */
function areSame(item: Shape, before: readonly unknown[], after: readonly unknown[]): boolean {
  if (before.length !== after.length) return false;
  const found: Sides = { changed: undefined, removed: undefined };
  for (let i = 0; i < after.length; i++) {
    compareValues(item, before[i], after[i], "i", found);
    if (found.changed || found.removed) return false;
  }
  return true;
}

/** Items of a list that should be one: they are owned together, as one. */
class Twins {
  readonly items: unknown[];

  constructor(items: unknown[]) {
    this.items = items;
  }
}

function compareTwins(before: unknown, after: unknown, element: string, into: Sides): void {
  const itemsOf = (value: unknown) => (value instanceof Twins ? value.items : [value]);
  if (!deepEqual(itemsOf(before), itemsOf(after))) (into.changed ??= {})[element] = leaf;
}

function itemsByElement(shape: Shape, items: readonly unknown[]): Map<string, unknown> {
  const byElement = new Map<string, unknown>();
  for (const item of items) {
    const element = itemElement(shape, item);
    const twin = byElement.get(element);
    if (!byElement.has(element)) byElement.set(element, item);
    else if (twin instanceof Twins) twin.items.push(item);
    else byElement.set(element, new Twins([twin, item]));
  }
  return byElement;
}

/** Every path of a value that is there on one side only, itself included. */
function allPaths(shape: Shape, value: unknown): FieldSet {
  if (value instanceof Twins) return leaf;
  const type = shapeFor(shape, value);
  if (type.kind === "scalar" || type.atomic || isVoid(value)) return leaf;
  const node: Open = { ".": leaf };
  if (type.kind === "list") {
    const items = listOf(value);
    if (items.length === 1) {
      node[itemElement(type, items[0])] = allPaths(type.item as Shape, items[0]);
      return node;
    }
    for (const [element, item] of itemsByElement(type, items)) node[element] = allPaths(type.item as Shape, item);
    return sorted(node);
  }
  const { members } = type;
  if (members) structPaths(type, members, mapOf(value), node);
  else mapPaths(type, mapOf(value), node);
  return node;
}

const listOf = (value: unknown): readonly unknown[] => (Array.isArray(value) ? value : []);
const mapOf = (value: unknown): PlainObject => (isMap(value) ? value : {});
