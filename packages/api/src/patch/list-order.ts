/**
 * The order of a merged list: what the patch names stands in the patch's order, the rest in the object's, and where the object knows
 * the place of both, its order decides between them; otherwise what the patch brings goes first.
 */
import type { PlainObject } from "../meta.ts";
import { noMergeKey } from "./patch-error.ts";

/** What tells the items of a list apart: a key of the objects in it, or nothing where they are scalars. */
export type MergeKey = string | undefined;

/** Puts a merged list in order: `named` are the patch's items or its order directive, `before` the object's items. */
export function inOrder(
  merged: readonly unknown[],
  named: readonly unknown[],
  before: readonly unknown[],
  key: MergeKey,
): unknown[] {
  const namedIds = named.map((item) => identityOf(item, key));
  const beforeIds = before.map((item) => identityOf(item, key));
  const ids = new Map(merged.map((item) => [item, identityOf(item, key)] as const));
  const placeIn = (list: readonly unknown[]) => (item: unknown) => list.indexOf(ids.get(item));
  const fromPatch = sortedBy(
    merged.filter((item) => namedIds.includes(ids.get(item))),
    placeIn(namedIds),
  );
  const fromObject = sortedBy(
    merged.filter((item) => !namedIds.includes(ids.get(item))),
    placeIn(beforeIds),
  );
  return interleave(fromObject, fromPatch, placeIn(beforeIds));
}

/** What makes an item the same as another. */
export function identityOf(item: unknown, key: MergeKey): unknown {
  if (key === undefined) return item;
  if (typeof item !== "object" || item === null || !Object.hasOwn(item, key)) throw noMergeKey(item, key);
  return (item as PlainObject)[key];
}

const sortedBy = (items: readonly unknown[], place: (item: unknown) => number) =>
  items
    .map((item) => ({ item, at: place(item) }))
    .sort((a, b) => (a.at < 0 || b.at < 0 ? 0 : a.at - b.at))
    .map(({ item }) => item);

/** Merges two sorted lists without common items. */
function interleave(left: readonly unknown[], right: readonly unknown[], place: (item: unknown) => number): unknown[] {
  const out: unknown[] = [];
  let [i, j] = [0, 0];
  while (i < left.length && j < right.length) {
    const [a, b] = [place(left[i]), place(right[j])];
    out.push(a >= 0 && b >= 0 && a < b ? left[i++] : right[j++]);
  }
  return [...out, ...left.slice(i), ...right.slice(j)];
}
