/**
 * metadata.managedFields after a create or an update: what it changed belongs to its manager, and to nobody else. On the way of every write.
 * To be called with the object as it was sent, decoded and defaulted, before admission and strategy change it.
 */
import { deepEqual } from "@kubets/machinery/deep-equal";
import { canonical } from "../codec/canonical.ts";
import { encodeJson } from "../codec/json.ts";
import { keepText } from "../codec/known-texts.ts";
import { BySpec, LONGEST_SPEC } from "../codec/spec-text.ts";
import type { PlainObject } from "../meta.ts";
import type { Struct } from "../schema.ts";
import { compare, type Difference, type Ignored } from "./compare.ts";
import { difference, type FieldSet, isEmptySet, sorted, union } from "./field-set.ts";
import {
  capUpdaters,
  type ManagedFieldsEntry,
  type Owner,
  type Owners,
  ownerKey,
  readOwners,
  setFields,
  storedOwners,
  writeOwners,
} from "./managers.ts";
import { shapeOfStruct } from "./struct-shape.ts";

export type { ManagedFieldsEntry } from "./managers.ts";

export interface UpdateOptions {
  readonly manager: string;
  /** Of the request: "apps/v1". */
  readonly apiVersion: string;
  /** RFC 3339, seconds. */
  readonly time: string;
  readonly subresource?: string;
  /** Fields that a write of this kind does not set, by path; `status` when absent, and `spec` for the subresource status. */
  readonly resetFields?: readonly (readonly string[])[];
  /** Too large to be known by its text. */
  readonly isLarge?: boolean | undefined;
  /** The same two objects in another version, for entries of that version; undefined for one that is served no more. */
  inVersion?(
    apiVersion: string,
  ): { readonly struct: Struct; readonly old: object; readonly object: object } | undefined;
}

/** The entries to be stored with the object. The result is the old list itself when nothing about ownership changed. */
export function afterUpdate(
  struct: Struct,
  old: object | undefined,
  object: object,
  options: UpdateOptions,
): readonly ManagedFieldsEntry[] | undefined {
  const live = (old ?? blank(struct)) as PlainObject;
  const entries = entriesOf(live);
  const sent = options.subresource ? undefined : sentOwners(entries, entriesOf(object));
  const owners = sent ?? storedOwners(entries);
  if (owners.size === 0 && hasUid(live)) return undefined;
  const changed = noteUpdate(struct, live, object, owners, options);
  return changed || sent ? writeOwners(owners) : entries;
}

/** Specs of new objects, by their text, with the fields that they set: what comes from one template shares one set. */
const specs = new BySpec<FieldSet>();

function fieldsOfNew(struct: Struct, object: PlainObject, ignored: Ignored, { isLarge }: UpdateOptions): Difference {
  const shape = shapeOfStruct(struct);
  const { spec } = object;
  const text = spec === undefined || isLarge ? "" : encodeJson(spec);
  if (text === "" || text.length > LONGEST_SPEC) return compare(shape, blank(struct), object, ignored);
  const ofSpec = specs.of(struct).getOrMake(text, () => {
    const { changed } = compare(shape, blank(struct), { spec });
    for (const fields of Object.values(changed)) keepText(fields);
    return changed;
  });
  const others = compare(shape, blank(struct), object, { ...ignored, spec: true });
  return { changed: sorted({ ...others.changed, ...ofSpec }), removed: others.removed };
}

/** Gives the updater what it changed, and takes it from the others. Says whether anything changed hands. */
export function noteUpdate(
  struct: Struct,
  live: object,
  object: object,
  owners: Owners,
  options: UpdateOptions,
): boolean {
  const ignored = ignoredFields(struct, options);
  const isNew = owners.size === 0 && live === blanks.get(struct) && (ignored === NOT_STATUS || ignored === ALWAYS);
  const changes = isNew
    ? fieldsOfNew(struct, object as PlainObject, ignored, options)
    : compare(shapeOfStruct(struct), live, object, ignored);
  const touched = takeFromOthers(owners, changes, options, ignored);
  if (isEmptySet(changes.changed)) return touched;
  const self: Owner = {
    manager: options.manager,
    operation: "Update",
    apiVersion: options.apiVersion,
    subresource: options.subresource ?? "",
    // The original drops the time on its way through a scale.
    time: options.subresource === "scale" ? undefined : options.time,
    fields: changes.changed,
  };
  const key = ownerKey(self);
  const previous = owners.get(key);
  owners.set(key, previous ? { ...self, fields: union(self.fields, previous.fields) } : self);
  capUpdaters(owners);
  return true;
}

/** Takes from all owners what was changed or removed; those who own nothing go. */
export function takeFromOthers(
  owners: Owners,
  changes: Difference,
  options: UpdateOptions,
  ignored: Ignored,
  except?: string,
): boolean {
  let touched = false;
  for (const [key, owner] of owners) {
    if (key === except) continue;
    const here = changesFor(owner, changes, options, ignored);
    const fields = here ? difference(difference(owner.fields, here.changed), here.removed) : {};
    if (fields === owner.fields && !isEmptySet(fields)) continue;
    setFields(owners, key, owner, fields);
    touched = true;
  }
  return touched;
}

/** The changes in the version of an owner's entry; undefined when that version is gone. */
export function changesFor(
  owner: Owner,
  changes: Difference,
  options: UpdateOptions,
  ignored: Ignored,
): Difference | undefined {
  if (owner.apiVersion === options.apiVersion || !options.inVersion) return changes;
  const version = options.inVersion(owner.apiVersion);
  return version && compare(shapeOfStruct(version.struct), version.old, version.object, ignored);
}

/** Metadata that nobody owns. */
const META: Ignored = {
  name: true,
  namespace: true,
  creationTimestamp: true,
  selfLink: true,
  uid: true,
  clusterName: true,
  generation: true,
  managedFields: true,
  resourceVersion: true,
};
const ALWAYS: Ignored = { apiVersion: true, kind: true, metadata: META };
const NOT_STATUS: Ignored = { ...ALWAYS, status: true };
const NOT_SPEC: Ignored = { ...ALWAYS, spec: true };

export function ignoredFields(
  struct: Struct,
  { resetFields, subresource }: Pick<UpdateOptions, "resetFields" | "subresource">,
): Ignored {
  if (resetFields) return withPaths(ALWAYS, resetFields);
  if (subresource === "status") return NOT_SPEC;
  return struct.byName.has("status") ? NOT_STATUS : ALWAYS;
}

function withPaths(ignored: Ignored, paths: readonly (readonly string[])[]): Ignored {
  let out = ignored;
  for (const path of paths) out = withPath(out, path);
  return out;
}

function withPath(ignored: Ignored, [name = "", ...rest]: readonly string[]): Ignored {
  const inner = ignored[name];
  if (inner === true) return ignored;
  return { ...ignored, [name]: rest.length === 0 ? true : withPath(inner ?? {}, rest) };
}

const entriesOf = (object: object): readonly ManagedFieldsEntry[] | undefined =>
  ((object as PlainObject)["metadata"] as { managedFields?: readonly ManagedFieldsEntry[] } | undefined)?.managedFields;

const hasUid = (object: PlainObject) => Boolean((object["metadata"] as { uid?: string } | undefined)?.uid);

/**
 * The owners that an update sends, if it sends others than there are: entries can be edited, and an empty list or one empty entry clears
 * them. What is none is ignored.
 */
function sentOwners(
  entries: readonly ManagedFieldsEntry[] | undefined,
  sent: readonly ManagedFieldsEntry[] | undefined | null,
): Owners | undefined {
  if (sent === undefined || sent === null || sent === entries) return undefined;
  if (sent.length === 0 || (sent.length === 1 && Object.keys(sent[0] ?? {}).length === 0)) return new Map();
  if (deepEqual(sent, entries)) return undefined;
  const owners = readOwners(sent);
  return owners?.size ? owners : undefined;
}

const blanks = new WeakMap<Struct, PlainObject>();

/** What a new object is compared with: one of its kind without any content. */
export function blank(struct: Struct): PlainObject {
  let object = blanks.get(struct);
  if (!object) {
    object = canonical(struct, {});
    blanks.set(struct, object);
  }
  return object;
}
