/**
 * The patch that brings a live object to what a file says: what the file sets and the live object lacks or has otherwise, and the
 * removal of what was applied before and is gone from the file.
 * Holds: pure; what others wrote beside it is left alone. With a struct the patch is a strategic merge patch, without a merge patch.
 */
import type { Field, Struct, TypeRef } from "@kubets/api/schema";
import { deepEqual } from "@kubets/machinery/deep-equal";
import { getOwn, isObject } from "@kubets/machinery/json-value";
import type { JsonObject, JsonValue } from "../json.ts";

/** Also for one side: with an empty `original`, what takes `current` to `modified` without removals. */
export function threeWayPatch(
  original: JsonObject,
  modified: JsonObject,
  current: JsonObject,
  struct?: Struct,
): JsonObject {
  const patch: JsonObject = {};
  for (const [key, wanted] of Object.entries(modified)) {
    const live = getOwn(current, key);
    const field = struct?.byName.get(key);
    if (live === undefined) {
      if (wanted !== null) patch[key] = wanted;
    } else if (isObject(wanted) && isObject(live) && !(struct && field?.patchReplace)) {
      putObject(patch, key, objectOr(getOwn(original, key)), wanted, live, struct && fieldStruct(field), field);
    } else if (Array.isArray(wanted) && Array.isArray(live) && field?.patchMerge) {
      putList(patch, key, { original: listOr(getOwn(original, key)), wanted, live, field });
    } else if (!deepEqual(wanted, live)) patch[key] = wanted;
  }
  for (const key of Object.keys(original)) {
    if (getOwn(modified, key) === undefined && getOwn(current, key) !== undefined) patch[key] = null;
  }
  return patch;
}

const objectOr = (value: JsonValue | undefined): JsonObject => (isObject(value) ? value : {});
const listOr = (value: JsonValue | undefined): JsonValue[] => (Array.isArray(value) ? value : []);

function putObject(
  patch: JsonObject,
  key: string,
  original: JsonObject,
  wanted: JsonObject,
  live: JsonObject,
  struct: Struct | undefined,
  field: Field | undefined,
): void {
  const inner = threeWayPatch(original, wanted, live, struct);
  if (Object.keys(inner).length === 0) return;
  patch[key] = field?.retainKeys ? { ...inner, $retainKeys: Object.keys(wanted).sort() } : inner;
}

const structOfType = (type: TypeRef | undefined): Struct | undefined =>
  type?.kind === "struct" ? type.struct : undefined;

/** The struct below a field; a map's values have none of their own here. */
const fieldStruct = (field: Field | undefined): Struct | undefined => structOfType(field?.type) ?? NO_FIELDS;

const NO_FIELDS: Struct = { name: "", fields: [], byName: new Map(), always: [], atomic: false };

interface Lists {
  readonly original: readonly JsonValue[];
  readonly wanted: readonly JsonValue[];
  readonly live: readonly JsonValue[];
  readonly field: Field;
}

function putList(patch: JsonObject, key: string, lists: Lists): void {
  const { patchKey, type } = lists.field;
  if (patchKey === undefined) putPrimitives(patch, key, lists);
  else putItems(patch, key, patchKey, lists, (type.kind === "list" && structOfType(type.item)) || NO_FIELDS);
}

function putPrimitives(patch: JsonObject, key: string, { original, wanted, live }: Lists): void {
  const added = wanted.filter((item) => !live.includes(item));
  const removed = original.filter((item) => !wanted.includes(item) && live.includes(item));
  if (added.length > 0) patch[key] = added;
  if (removed.length > 0) patch[`$deleteFromPrimitiveList/${key}`] = removed;
  if (added.length + removed.length > 0) patch[`$setElementOrder/${key}`] = [...wanted];
}

function putItems(
  patch: JsonObject,
  key: string,
  mergeKey: string,
  { original, wanted, live }: Lists,
  struct: Struct,
): void {
  const identity = (item: JsonValue) => (isObject(item) ? getOwn(item, mergeKey) : undefined);
  const find = (items: readonly JsonValue[], id: JsonValue | undefined) => items.find((item) => identity(item) === id);
  const changes: JsonValue[] = [];
  for (const item of wanted) {
    const id = identity(item);
    const found = find(live, id);
    if (found === undefined) changes.push(item);
    else {
      const inner = threeWayPatch(objectOr(find(original, id)), objectOr(item), objectOr(found), struct);
      if (Object.keys(inner).length > 0) changes.push({ ...inner, [mergeKey]: id as JsonValue });
    }
  }
  for (const item of original) {
    const id = identity(item);
    if (find(wanted, id) === undefined && find(live, id) !== undefined)
      changes.push({ $patch: "delete", [mergeKey]: id as JsonValue });
  }
  const order = wanted.map(identity);
  const kept = live.map(identity).filter((id) => order.includes(id));
  const sameOrder = deepEqual(
    kept,
    order.filter((id) => kept.includes(id)),
  );
  if (changes.length === 0 && sameOrder) return;
  if (changes.length > 0) patch[key] = changes;
  patch[`$setElementOrder/${key}`] = order.map((id) => ({ [mergeKey]: id as JsonValue }));
}
