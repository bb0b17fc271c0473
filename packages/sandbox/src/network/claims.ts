/**
 * Ranges that a cluster has on this machine for itself alone. The kernel keeps the book: an unreachable route for each, whose metric says whose it is.
 * What is for an address of it that nobody has never leaves by the uplink.
 * Holds: of clusters that choose at once one waits for the other; a claim outlives who was killed, until its next run or `down` takes it back; nobody takes
 * back another's.
 */
import { createHash } from "node:crypto";
import type { ClusterPlace } from "../inventory/place.ts";
import { run } from "../namespaces/collect.ts";
import { applyLines, applyWhatWorks } from "./apply.ts";

export interface Claims {
  readonly own: readonly string[];
  readonly others: readonly string[];
}

interface Route {
  readonly dst: string;
  readonly metric?: number;
}

/** The first hexadecimal digit of a claim's metric; the others are the cluster's name. */
const MARK = 0x2;
const metricOf = ({ name }: ClusterPlace): number =>
  Number.parseInt(`${MARK}${createHash("sha256").update(name).digest("hex").slice(0, 7)}`, 16);

export async function readClaims(place: ClusterPlace): Promise<Claims> {
  const shown = await Promise.all(
    ["-4", "-6"].map((family) => run("ip", ["-j", family, "route", "show", "type", "unreachable"])),
  );
  const claims = shown
    .flatMap((text) => (text.trim() ? (JSON.parse(text) as Route[]) : []))
    .filter(({ metric = 0 }) => metric >>> 28 === MARK);
  const rangesIf = (isOwn: boolean) =>
    claims.filter(({ metric }) => (metric === metricOf(place)) === isOwn).map(({ dst }) => dst);
  return { own: rangesIf(true), others: rangesIf(false) };
}

const barrier = (place: ClusterPlace, range: string): string => `unreachable ${range} metric ${metricOf(place)}`;

export function claim(place: ClusterPlace, ranges: readonly string[]): Promise<void> {
  return applyLines(
    {},
    ranges.map((range) => `route replace ${barrier(place, range)}`),
  );
}

export function dropClaims(place: ClusterPlace, ranges: readonly string[]): Promise<void> {
  return applyWhatWorks(
    {},
    ranges.map((range) => `route delete ${barrier(place, range)}`),
  );
}
