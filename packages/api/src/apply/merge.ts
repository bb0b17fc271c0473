/**
 * The live object with an applied configuration over it: members and items of both, the configuration's leaves. Items of the configuration
 * keep its order, those of the live object theirs, and items of both decide how the two are interleaved.
 */
import { ownValue, setKey } from "../codec/map-keys.ts";
import type { PlainObject } from "../meta.ts";
import { anyShape, isMap, isVoid, itemElement, memberShape, type Shape, shapeFor } from "./shape.ts";

export const mergeObjects = (shape: Shape, live: object, applied: object): PlainObject =>
  mergeMaps(shape, live as PlainObject, applied as PlainObject);

function merge(shape: Shape, live: unknown, applied: unknown): unknown {
  if (applied === undefined) return live;
  if (live === undefined) return applied;
  const type = shapeFor(shape, applied ?? live);
  if (type.kind === "scalar" || type.atomic || (isVoid(live) && isVoid(applied))) return applied;
  if (type.kind === "list") {
    if (applied !== null && !Array.isArray(applied)) return applied;
    return mergeLists(type, Array.isArray(live) ? live : [], applied ?? []);
  }
  if (applied !== null && !isMap(applied)) return applied;
  return mergeMaps(type, isMap(live) ? live : {}, applied ?? {});
}

function mergeMaps(shape: Shape, live: PlainObject, applied: PlainObject): PlainObject {
  const out: PlainObject = { ...live };
  for (const [name, value] of Object.entries(applied))
    setKey(out, name, merge(memberShape(shape, name) ?? anyShape, ownValue(live, name), value));
  return out;
}

function mergeLists(shape: Shape, live: readonly unknown[], applied: readonly unknown[]): unknown[] {
  const item = shape.item as Shape;
  const liveElements = live.map((one) => itemElement(shape, one));
  const appliedElements = applied.map((one) => itemElement(shape, one));
  const liveItems = new Map(liveElements.map((element, i) => [element, live[i]]));
  const isApplied = new Set(appliedElements);
  const shared = appliedElements.filter((element) => liveItems.has(element));
  const taken = new Set<string>();
  const out: unknown[] = [];
  let [l, a] = [0, 0];
  const takeApplied = () => {
    const element = appliedElements[a] as string;
    out.push(merge(item, liveItems.get(element), applied[a++]));
    taken.add(element);
    if (shared[0] === element) shared.shift();
  };
  while (l < live.length || a < applied.length) {
    const element = liveElements[l];
    if (element !== undefined && a < applied.length) {
      if (element === appliedElements[a]) {
        takeApplied();
        l++;
        continue;
      }
      // An item of both, but not the one whose turn it is.
      if (isApplied.has(element) && shared.length > 0 && shared[0] !== element) {
        l++;
        continue;
      }
    }
    if (element !== undefined && !isApplied.has(element)) {
      out.push(live[l++]);
      continue;
    }
    if (element !== undefined && taken.has(element)) l++;
    if (a < applied.length) takeApplied();
    else if (element !== undefined && !taken.has(element)) l++;
  }
  return out;
}
