/**
 * Who owns the number of replicas, as a Scale shows it and as the object itself keeps it. A write through a Scale takes only that field: whoever
 * owned it in the object loses it, and the owners that the Scale has afterwards get entries of their own.
 */
import { difference, type FieldSet, isEmptySet } from "./field-set.ts";
import { type ManagedFieldsEntry, type Owners, ownerKey, storedOwners, writeOwners } from "./managers.ts";

const SCALE_VERSION = "autoscaling/v1";

/** The entries of the object's Scale. `path` is where the object keeps its replicas. */
export function scaleOwners(
  entries: readonly ManagedFieldsEntry[] | undefined,
  path: readonly string[],
): ManagedFieldsEntry[] | undefined {
  const owners: Owners = new Map();
  for (const [key, owner] of storedOwners(entries))
    if (holds(owner.fields, path))
      owners.set(key, { ...owner, apiVersion: SCALE_VERSION, fields: setOf(["spec", "replicas"]), entry: undefined });
  return writeOwners(owners);
}

/** The entries of the object after a write that left its Scale with these. */
export function ownersAfterScale(
  entries: readonly ManagedFieldsEntry[] | undefined,
  ofScale: readonly ManagedFieldsEntry[] | undefined,
  path: readonly string[],
  apiVersion: string,
): ManagedFieldsEntry[] | undefined {
  const left = storedOwners(ofScale);
  const owners: Owners = new Map();
  for (const [key, owner] of storedOwners(entries)) {
    if (!holds(owner.fields, path) || left.delete(key)) {
      owners.set(key, owner);
      continue;
    }
    const fields = difference(owner.fields, setOf(path));
    if (!isEmptySet(fields)) owners.set(key, { ...owner, fields, entry: undefined });
  }
  for (const owner of left.values())
    owners.set(`${ownerKey(owner)}\n${SCALE_VERSION}`, { ...owner, apiVersion, fields: setOf(path), entry: undefined });
  return writeOwners(owners);
}

const setOf = (path: readonly string[]): FieldSet =>
  path.reduceRight<FieldSet>((below, name) => ({ [`f:${name}`]: below }), {});

function holds(fields: FieldSet, path: readonly string[]): boolean {
  let at: FieldSet | undefined = fields;
  for (const name of path) at = at?.[`f:${name}`] as FieldSet | undefined;
  return at !== undefined;
}
