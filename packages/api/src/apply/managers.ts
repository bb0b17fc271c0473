/**
 * Who owns what in an object: the entries of metadata.managedFields by manager, read and written as the original does. A manager is told by
 * its name, operation, subresource and, for updates, API version.
 */
import type { FieldSet } from "./field-set.ts";
import { isEmptySet, parseFieldSet, union } from "./field-set.ts";

export interface ManagedFieldsEntry {
  readonly manager?: string;
  readonly operation?: string;
  readonly apiVersion?: string;
  readonly time?: string | null;
  readonly fieldsType?: string;
  readonly fieldsV1?: Readonly<Record<string, unknown>>;
  readonly subresource?: string;
}

export interface Owner {
  readonly manager: string;
  readonly operation: "Apply" | "Update";
  readonly apiVersion: string;
  readonly subresource: string;
  readonly time: string | undefined;
  readonly fields: FieldSet;
  /** The entry that this was read from, while nothing differs from it. */
  readonly entry?: ManagedFieldsEntry;
}

export type Owners = Map<string, Owner>;

export function ownerKey(owner: Pick<Owner, "manager" | "operation" | "apiVersion" | "subresource">): string {
  const version = owner.operation === "Apply" ? "" : owner.apiVersion;
  return `${owner.manager}\n${owner.operation}\n${version}\n${owner.subresource}`;
}

/** Reads entries that somebody sent; undefined when one of them is none. */
export function readOwners(entries: readonly ManagedFieldsEntry[]): Owners | undefined {
  const owners: Owners = new Map();
  for (const entry of entries) {
    const fields = isEntry(entry) ? sentFields(entry.fieldsV1 ?? {}) : undefined;
    if (!fields) return undefined;
    add(owners, entry, fields);
  }
  return owners;
}

/** Reads the entries of a stored object, whose sets are in form. */
export function storedOwners(entries: readonly ManagedFieldsEntry[] | undefined): Owners {
  const owners: Owners = new Map();
  for (const entry of entries ?? []) if (isEntry(entry)) add(owners, entry, (entry.fieldsV1 ?? {}) as FieldSet);
  return owners;
}

const isEntry = ({ operation, apiVersion, fieldsType }: ManagedFieldsEntry) =>
  (operation === "Apply" || operation === "Update") && Boolean(apiVersion) && fieldsType === "FieldsV1";

function sentFields(fields: unknown): FieldSet | undefined {
  try {
    return parseFieldSet(fields);
  } catch (error) {
    if (error instanceof SyntaxError) return undefined;
    throw error;
  }
}

function add(owners: Owners, entry: ManagedFieldsEntry, fields: FieldSet): void {
  const { manager = "", operation, apiVersion = "", time, subresource = "" } = entry;
  const owner: Owner = {
    manager,
    operation: operation as Owner["operation"],
    apiVersion,
    subresource,
    time: time ?? undefined,
    fields,
    entry,
  };
  owners.set(ownerKey(owner), owner);
}

/** The entries to be stored: appliers first, then by time and name; undefined when nobody owns anything. */
export function writeOwners(owners: Owners): ManagedFieldsEntry[] | undefined {
  if (owners.size === 0) return undefined;
  return [...owners.values()].sort(byOperationAndTime).map((owner) => owner.entry ?? entryOf(owner));
}

function entryOf({ manager, operation, apiVersion, time, fields, subresource }: Owner): ManagedFieldsEntry {
  return {
    ...(manager && { manager }),
    operation,
    apiVersion,
    ...(time && { time }),
    fieldsType: "FieldsV1",
    fieldsV1: fields,
    ...(subresource && { subresource }),
  };
}

const compareText = (a: string, b: string) => (a < b ? -1 : a > b ? 1 : 0);
const byOperationAndTime = (a: Owner, b: Owner) =>
  compareText(a.operation, b.operation) ||
  compareText(a.time ?? "", b.time ?? "") ||
  compareText(a.manager, b.manager) ||
  compareText(a.apiVersion, b.apiVersion) ||
  compareText(a.subresource, b.subresource);

/** Gives an owner other fields; it goes when it has none. */
export function setFields(owners: Owners, key: string, owner: Owner, fields: FieldSet): void {
  if (isEmptySet(fields)) owners.delete(key);
  else owners.set(key, { ...owner, fields, entry: undefined });
}

/** As many entries of updates are kept apart. */
const MOST_UPDATERS = 10;
const OLD_UPDATES = "ancient-changes";

/** Puts the oldest updates together, a bucket for each API version, until they are few enough. */
export function capUpdaters(owners: Owners): void {
  const updaters = [...owners].filter(([, owner]) => owner.operation === "Update");
  let count = updaters.length;
  if (count <= MOST_UPDATERS) return;
  updaters.sort(([a, x], [b, y]) => compareText(x.time ?? "", y.time ?? "") || compareText(a, b));
  const firstOf = new Map<string, string>();
  for (const [key, owner] of updaters) {
    if (count <= MOST_UPDATERS) return;
    const { apiVersion } = owner;
    const first = firstOf.get(apiVersion);
    if (first === undefined) {
      firstOf.set(apiVersion, key);
      continue;
    }
    const bucket = { manager: OLD_UPDATES, operation: "Update", apiVersion, subresource: "" } as const;
    const bucketKey = ownerKey(bucket);
    const before = owners.get(bucketKey) ?? (owners.get(first) as Owner);
    if (!owners.has(bucketKey)) owners.delete(first);
    owners.delete(key);
    owners.set(bucketKey, { ...bucket, time: owner.time, fields: union(owner.fields, before.fields) });
    count--;
  }
}
