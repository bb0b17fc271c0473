/**
 * A share of a collection (`shardSelector` of lists and watches): the objects of which the hash of one field lies in one of some ranges.
 * Holds: servers and clients count the same hash, so that shards whose ranges cover all of them together have each object once.
 */
import { fnv1a64 } from "./hash.ts";

export const SHARD_FIELDS = ["object.metadata.uid", "object.metadata.namespace"] as const;
export type ShardField = (typeof SHARD_FIELDS)[number];

/** From a hash up to another, which does not belong to it: "0x" and 16 digits, or `PAST_ALL`. */
export interface ShardRange {
  readonly start: string;
  readonly end: string;
}

export interface ShardSelector {
  readonly field: ShardField;
  readonly ranges: readonly ShardRange[];
}

/** Past the greatest hash: 2^64. */
export const PAST_ALL = "0x10000000000000000";

export const shardHash = (value: string): string => `0x${fnv1a64(value)}`;

/** Which of two hashes is the smaller one; `PAST_ALL` has a digit more. */
export const isBelow = (a: string, b: string): boolean => (a.length === b.length ? a < b : a.length < b.length);

export const hasHash = ({ ranges }: ShardSelector, hash: string): boolean =>
  ranges.some(({ start, end }) => !isBelow(hash, start) && isBelow(hash, end));

/** By the hash of an object's own field; where there is no namespace, of an empty one. */
export const hasObject = (
  selector: ShardSelector,
  { metadata }: { readonly metadata: { readonly uid: string; readonly namespace?: string } },
): boolean =>
  hasHash(selector, shardHash(selector.field === "object.metadata.uid" ? metadata.uid : (metadata.namespace ?? "")));

/** As requests say it, and answers. */
export const shardSelectorText = ({ field, ranges }: ShardSelector): string =>
  ranges.map(({ start, end }) => `shardRange(${field}, '${start}', '${end}')`).join(" || ");

/** One of several shards of the same size, counted from 0. */
export function evenShard(index: number, count: number, field: ShardField = "object.metadata.uid"): ShardSelector {
  return { field, ranges: [{ start: boundOf(index, count), end: boundOf(index + 1, count) }] };
}

const boundOf = (index: number, count: number): string =>
  `0x${((BigInt(index) << 64n) / BigInt(count)).toString(16).padStart(16, "0")}`;
