/**
 * Server-side apply: a configuration laid over the live object. What it names belongs to its manager; what the manager named before and does
 * no more goes, unless others own it; what others own with another value is a conflict, unless forced.
 * Pure: gives a new object, still to be decoded, and the entries of managedFields; changes nothing.
 */
import { badRequest, StatusError } from "@kubets/machinery";
import { deepEqual } from "@kubets/machinery/deep-equal";
import { ownValue } from "../codec/map-keys.ts";
import type { PlainObject } from "../meta.ts";
import { groupVersion } from "../resource-ref.ts";
import type { Struct } from "../schema.ts";
import { compare, type Ignored } from "./compare.ts";
import { type Conflict, conflictError } from "./conflicts.ts";
import {
  difference,
  emptySet,
  type FieldSet,
  intersection,
  isEmptySet,
  recursiveDifference,
  union,
  withoutSelf,
} from "./field-set.ts";
import { allowedByLastApplied, syncLastApplied } from "./last-applied.ts";
import {
  blank,
  changesFor,
  ignoredFields,
  type ManagedFieldsEntry,
  noteUpdate,
  takeFromOthers,
  type UpdateOptions,
} from "./managed-fields.ts";
import { type Owner, type Owners, ownerKey, storedOwners, writeOwners } from "./managers.ts";
import { mergeObjects } from "./merge.ts";
import { ownedSet } from "./owned-set.ts";
import { removePaths, withNamedFields } from "./remove.ts";
import { type Shape } from "./shape.ts";
import { shapeOfStruct } from "./struct-shape.ts";
import { typedError } from "./typed-errors.ts";

export interface ApplyOptions extends UpdateOptions {
  readonly force?: boolean;
}

interface Applied {
  /** The live object itself when the configuration changes nothing of it. */
  readonly object: PlainObject;
  readonly managedFields: readonly ManagedFieldsEntry[] | undefined;
}

interface AppliedKind {
  readonly group: string;
  readonly version: string;
  readonly kind: string;
  readonly schema: Struct;
}

/** What owns the fields of objects that nobody managed before they were applied to. */
const BEFORE_FIRST_APPLY = "before-first-apply";

export function applyPatch(
  kind: AppliedKind,
  live: object | undefined,
  configuration: object,
  options: ApplyOptions,
): Applied {
  const applied = checkedConfiguration(kind, configuration as PlainObject);
  const owners = ownersOf(kind.schema, live, options);
  const before = withoutManagedFields((live ?? newObject(kind)) as PlainObject);
  const result = applyTo(kind, before, applied, owners, options);
  if (deepEqual(before, result.object) && live)
    return { object: before, managedFields: writeOwners(stamped(result.owners, owners, options, false)) };
  const managedFields = writeOwners(stamped(result.owners, owners, options, true));
  return { object: syncLastApplied(result.object, applied, options.manager), managedFields };
}

/** The configuration, which must be of the kind, without managedFields, and right in every field. */
function checkedConfiguration(kind: AppliedKind, configuration: PlainObject): PlainObject {
  const { apiVersion = "", kind: name = "" } = configuration as { apiVersion?: string; kind?: string };
  const metadata = (configuration["metadata"] ?? {}) as PlainObject;
  if (apiVersion !== groupVersion(kind) || name !== kind.kind)
    throw badRequest(`invalid object type: ${gvkText(apiVersion, name)}`);
  if (ownValue(metadata, "managedFields") != null) throw badRequest("metadata.managedFields must be nil");
  const error = typedError(shapeOfStruct(kind.schema), configuration);
  if (error === undefined) return configuration;
  const at = `${textOf(metadata["namespace"])}/${textOf(metadata["name"])}; ${gvkText(apiVersion, name)}`;
  throw new StatusError({ code: 500, message: `failed to create typed patch object (${at}): ${error}` });
}

/** "apps/v1, Kind=Deployment"; the core group shows as nothing before the slash. */
const gvkText = (apiVersion: string, kind: string) =>
  `${apiVersion.includes("/") ? apiVersion : `/${apiVersion}`}, Kind=${kind}`;
const textOf = (value: unknown) => (typeof value === "string" ? value : "");

function newObject(kind: AppliedKind): PlainObject {
  return { ...blank(kind.schema), kind: kind.kind, apiVersion: groupVersion(kind) };
}

function withoutManagedFields(object: PlainObject): PlainObject {
  const metadata = object["metadata"] as PlainObject | undefined;
  if (!metadata || !Object.hasOwn(metadata, "managedFields")) return object;
  const { managedFields: _, ...rest } = metadata;
  return { ...object, metadata: rest };
}

/** The owners before: where nobody is noted, all that is there is put down to an unknown update. */
function ownersOf(struct: Struct, live: object | undefined, options: ApplyOptions): Owners {
  const metadata = (live as PlainObject | undefined)?.["metadata"] as
    | { managedFields?: ManagedFieldsEntry[] }
    | undefined;
  const owners = storedOwners(metadata?.managedFields);
  if (owners.size === 0 && live)
    noteUpdate(struct, blank(struct), live, owners, { ...options, manager: BEFORE_FIRST_APPLY, subresource: "" });
  return owners;
}

interface Outcome {
  readonly object: PlainObject;
  readonly owners: Owners;
}

function applyTo(
  kind: AppliedKind,
  live: PlainObject,
  applied: PlainObject,
  before: Owners,
  options: ApplyOptions,
): Outcome {
  const shape = shapeOfStruct(kind.schema);
  const ignored = ignoredFields(kind.schema, options);
  const named = ownedSet(shape, applied);
  const self: Owner = {
    manager: options.manager,
    operation: "Apply",
    apiVersion: options.apiVersion,
    subresource: options.subresource ?? "",
    time: undefined,
    fields: withoutIgnored(named, ignored),
  };
  const key = ownerKey(self);
  const last = before.get(key);
  const owners: Owners = new Map(before);
  owners.set(key, self);
  const merged = mergeObjects(shape, live, applied);
  const object = last ? prune(shape, merged, owners, withoutIgnored(last.fields, ignored), named) : merged;

  const changes = compare(shape, live, object, ignored);
  const conflicts = conflictsOf(owners, key, changes, options, ignored);
  if (conflicts.length && !options.force) refuse(kind, live, conflicts, options.manager);
  takeFromOthers(owners, changes, options, ignored, key);
  if (isEmptySet(self.fields)) owners.delete(key);
  return { object, owners };
}

/** Throws the conflicts, but for those with the same client's earlier way of applying. */
function refuse(kind: AppliedKind, live: PlainObject, conflicts: readonly Conflict[], manager: string): void {
  const allowed = allowedByLastApplied(kind, live, manager);
  const left = conflicts
    .map(({ owner, fields }) => ({ owner, fields: difference(fields, allowed) }))
    .filter(({ fields }) => !isEmptySet(fields));
  if (left.length) throw conflictError(left);
}

function conflictsOf(
  owners: Owners,
  self: string,
  changes: { readonly changed: FieldSet; readonly removed: FieldSet },
  options: ApplyOptions,
  ignored: Ignored,
): Conflict[] {
  const conflicts: Conflict[] = [];
  for (const [key, owner] of owners) {
    if (key === self) continue;
    const here = changesFor(owner, changes, options, ignored);
    const fields = here ? intersection(owner.fields, here.changed) : emptySet;
    if (!isEmptySet(fields)) conflicts.push({ owner, fields });
  }
  return conflicts;
}

/** Removes what the manager applied last and does not any more, but for what anybody still owns and what is applied unowned (the name). */
function prune(shape: Shape, merged: PlainObject, owners: Owners, last: FieldSet, applied: FieldSet): PlainObject {
  if (isEmptySet(last)) return merged;
  const named = (set: FieldSet) => withNamedFields(shape, set);
  const all = named(ownedSet(shape, merged));
  let owned = applied;
  for (const { fields } of owners.values()) owned = union(owned, fields);

  const pruned = removePaths(shape, merged, named(last));
  const kept = union(named(ownedSet(shape, pruned)), named(owned));
  const withOwned = removePaths(shape, merged, difference(all, kept));
  // What nobody owned and the manager never applied stays as well.
  const gone = difference(all, named(ownedSet(shape, withOwned)));
  return removePaths(shape, merged, intersection(gone, named(last)));
}

/** A set without the ignored fields and all below them. */
function withoutIgnored(set: FieldSet, ignored: Ignored): FieldSet {
  return recursiveDifference(withoutMetadata(set), ignoredSet(ignored));
}

/** The place of metadata itself is owned by nobody. */
function withoutMetadata(set: FieldSet): FieldSet {
  const metadata = set["f:metadata"];
  if (!metadata) return set;
  const { "f:metadata": _, ...rest } = set;
  const below = withoutSelf(metadata);
  return isEmptySet(below) ? rest : { ...set, "f:metadata": below };
}

const ignoredSets = new WeakMap<Ignored, FieldSet>();

function ignoredSet(ignored: Ignored): FieldSet {
  let set = ignoredSets.get(ignored);
  if (!set) {
    set = Object.fromEntries(
      Object.entries(ignored).map(([name, inner]) => [`f:${name}`, inner === true ? {} : ignoredSet(inner)]),
    );
    ignoredSets.set(ignored, set);
  }
  return set;
}

/** Sets the time of the applier's entry: now when the object changed, else what it was. */
function stamped(owners: Owners, before: Owners, options: ApplyOptions, changed: boolean): Owners {
  const key = ownerKey({
    manager: options.manager,
    operation: "Apply",
    apiVersion: options.apiVersion,
    subresource: options.subresource ?? "",
  });
  const self = owners.get(key);
  if (!self) return owners;
  const time = changed && options.subresource !== "scale" ? options.time : before.get(key)?.time;
  return new Map(owners).set(key, { ...self, time });
}
