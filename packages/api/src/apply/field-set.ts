/**
 * A set of paths, kept in the form in which managedFields holds it: each path element leads to an object; a leaf is a member of the set,
 * and so is what holds ".". Sets are never changed: operations give new ones and share what stays the same.
 * Holds: elements stand in the original's order; no object is empty but leaves and the empty set itself; keys always begin with their
 * element's letter, so that no name can be taken for another thing.
 */
import { compareElements, elementText, isPathElement } from "./path-element.ts";

export interface FieldSet {
  readonly [element: string]: FieldSet;
}

export const leaf: FieldSet = Object.freeze({});
export const emptySet: FieldSet = leaf;
const SELF = ".";

export function isEmptySet(set: FieldSet): boolean {
  for (const _ in set) return false;
  return true;
}

/** Whether the path that leads to this node is a member. */
export const isMember = (node: FieldSet): boolean => SELF in node || isEmptySet(node);

/** A node of a path: a member or not, with what is below; nothing if neither. */
export function nodeOf(member: boolean, below: FieldSet | undefined): FieldSet | undefined {
  if (below === undefined || isEmptySet(below)) return member ? leaf : undefined;
  return member ? { [SELF]: leaf, ...below } : below;
}

/** The members of both. */
export function union(a: FieldSet, b: FieldSet): FieldSet {
  if (a === b || isEmptySet(b)) return a;
  if (isEmptySet(a)) return b;
  const out: Record<string, FieldSet> = { ...a };
  let grown = false;
  for (const element in b) {
    const left = a[element];
    const right = b[element] as FieldSet;
    if (left === undefined) grown = true;
    out[element] = left === undefined ? right : unionNodes(left, right);
  }
  return grown ? sorted(out) : out;
}

function unionNodes(a: FieldSet, b: FieldSet): FieldSet {
  if (a === b) return a;
  const below = union(withoutSelf(a), withoutSelf(b));
  return nodeOf(isMember(a) || isMember(b), below) ?? leaf;
}

/** The members of `a` that are none of `b`. */
export const difference = (a: FieldSet, b: FieldSet): FieldSet => subtract(a, b, false) ?? emptySet;

/** As `difference`, but a member of `b` takes away everything below it too. */
export const recursiveDifference = (a: FieldSet, b: FieldSet): FieldSet => subtract(a, b, true) ?? emptySet;

function subtract(a: FieldSet, b: FieldSet, recursive: boolean): FieldSet | undefined {
  let out: Record<string, FieldSet> | undefined;
  for (const element in b) {
    const left = a[element];
    if (left === undefined || element === SELF) continue;
    const rest = subtractNode(left, b[element] as FieldSet, recursive);
    if (rest === left) continue;
    out ??= { ...a };
    if (rest === undefined) delete out[element];
    else out[element] = rest;
  }
  return out ?? a;
}

function subtractNode(a: FieldSet, b: FieldSet, recursive: boolean): FieldSet | undefined {
  const taken = isMember(b);
  if (taken && recursive) return undefined;
  const before = withoutSelf(a);
  const below = subtract(before, b, recursive);
  const member = isMember(a) && !taken;
  return below === before && member === isMember(a) ? a : nodeOf(member, below);
}

/** The members that both have. */
export function intersection(a: FieldSet, b: FieldSet): FieldSet {
  const out: Record<string, FieldSet> = {};
  for (const element in a) {
    const right = b[element];
    if (right === undefined || element === SELF) continue;
    const left = a[element] as FieldSet;
    const node = nodeOf(isMember(left) && isMember(right), intersection(withoutSelf(left), withoutSelf(right)));
    if (node) out[element] = node;
  }
  return out;
}

export function intersects(a: FieldSet, b: FieldSet): boolean {
  for (const element in a) {
    const right = b[element];
    if (right === undefined || element === SELF) continue;
    const left = a[element] as FieldSet;
    if ((isMember(left) && isMember(right)) || intersects(left, right)) return true;
  }
  return false;
}

/** What stands below a node. */
export function withoutSelf(node: FieldSet): FieldSet {
  if (!(SELF in node)) return node;
  const { [SELF]: _, ...below } = node;
  return below;
}

/** The set below one element; undefined where there is nothing. */
export const below = (set: FieldSet, element: string): FieldSet | undefined => {
  const node = Object.hasOwn(set, element) ? set[element] : undefined;
  return node && withoutSelf(node);
};

export const hasElement = (set: FieldSet, element: string): boolean =>
  Object.hasOwn(set, element) && isMember(set[element] as FieldSet);

/** Every member as messages show it (".spec.ports[port=80].name"), those of one level before those below them. */
export function pathsOf(set: FieldSet, prefix = ""): string[] {
  const elements = Object.keys(set).filter((element) => element !== SELF);
  const here = elements.filter((element) => isMember(set[element] as FieldSet));
  return [
    ...here.map((element) => prefix + elementText(element)),
    ...elements.flatMap((element) => pathsOf(set[element] as FieldSet, prefix + elementText(element))),
  ];
}

/** Reads FieldsV1; elements of a kind that is not known are left out. Throws a SyntaxError for what is no set. */
export function parseFieldSet(fields: unknown): FieldSet {
  const node = parseNode(fields);
  return withoutSelf(node);
}

function parseNode(fields: unknown): FieldSet {
  if (typeof fields !== "object" || fields === null || Array.isArray(fields))
    throw new SyntaxError("a field set is an object");
  const out: Record<string, FieldSet> = {};
  let inOrder = true;
  let last: string | undefined;
  for (const [element, value] of Object.entries(fields)) {
    if (element === SELF) out[SELF] = leaf;
    if (!isPathElement(element)) continue;
    out[element] = parseNode(value);
    if (last !== undefined && inOrder) inOrder = compareElements(last, element) < 0;
    last = element;
  }
  return inOrder ? out : sorted(out);
}

/** The same elements in the order of field sets. */
export function sorted(set: Record<string, FieldSet>): FieldSet {
  const elements = Object.keys(set);
  if (isInOrder(elements)) return set;
  const out: Record<string, FieldSet> = {};
  for (const element of elements.sort(byElement)) out[element] = set[element] as FieldSet;
  return out;
}

const byElement = (a: string, b: string) => (a === SELF ? -1 : b === SELF ? 1 : compareElements(a, b));

function isInOrder(elements: readonly string[]): boolean {
  for (let i = 1; i < elements.length; i++)
    if (byElement(elements[i - 1] as string, elements[i] as string) > 0) return false;
  return true;
}
