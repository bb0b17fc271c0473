/**
 * When a token that the cluster once kept in a Secret is marked as invalid, and when its Secret goes: each after a year (by default) in which nobody
 * used it. Pure.
 */
import type { Secret } from "@kubets/api/generated/types/core-v1";

export const INVALID_SINCE = "kubernetes.io/legacy-token-invalid-since";
const LAST_USED = "kubernetes.io/legacy-token-last-used";
const DAY_MS = 24 * 3_600_000;

type Verdict =
  | { readonly kind: "wait"; readonly untilMs: number }
  | { readonly kind: "mark" }
  | { readonly kind: "delete" };

/** The last moment of a day that is written as 2026-01-31; undefined where it is no day. */
function endOf(day: string | undefined): number | undefined {
  const time = Date.parse(day ?? "");
  return Number.isNaN(time) ? undefined : time + DAY_MS;
}

export const dayOf = (time: number): string => new Date(time).toISOString().slice(0, 10);

/** `trackedSince`: the day from which on uses are noted. */
export function judge({ metadata }: Secret, trackedSince: string, periodMs: number, now: number): Verdict {
  const { labels = {}, creationTimestamp } = metadata;
  const used = endOf(labels[LAST_USED]) ?? endOf(trackedSince) ?? now;
  const unusedFrom = Math.max(used, Date.parse(creationTimestamp)) + periodMs;
  if (unusedFrom > now) return { kind: "wait", untilMs: unusedFrom };
  const marked = endOf(labels[INVALID_SINCE]);
  if (marked === undefined) return { kind: "mark" };
  return marked + periodMs > now ? { kind: "wait", untilMs: marked + periodMs } : { kind: "delete" };
}
