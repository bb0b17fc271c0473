/**
 * When a node has too little of something left: thresholds by signal, and which of them an observation meets. Pure.
 * Holds: a soft threshold counts when it has been met for its grace time; a hard one at once.
 */
import { parseQuantity } from "@kubets/machinery/quantity";
import type { EvictionSettings } from "../config.ts";
import type { DiskLayout } from "../disk/runtime-disks.ts";

export type Signal =
  | "memory.available"
  | "nodefs.available"
  | "nodefs.inodesFree"
  | "imagefs.available"
  | "imagefs.inodesFree"
  | "containerfs.available"
  | "containerfs.inodesFree"
  | "pid.available";

export interface Threshold {
  readonly signal: Signal;
  /** As it was written: "100Mi", "10%". */
  readonly text: string;
  /** Undefined for a hard one. */
  readonly graceMs?: number;
  /** How much more than the threshold is to be free before it counts as over. */
  readonly reclaim?: string;
}

export interface Level {
  readonly available: number;
  readonly capacity: number;
}

export type Observation = Partial<Readonly<Record<Signal, Level>>>;

export type Pressure = "MemoryPressure" | "DiskPressure" | "PIDPressure";

export const PRESSURE_OF: Readonly<Record<Signal, Pressure>> = {
  "memory.available": "MemoryPressure",
  "nodefs.available": "DiskPressure",
  "nodefs.inodesFree": "DiskPressure",
  "imagefs.available": "DiskPressure",
  "imagefs.inodesFree": "DiskPressure",
  "containerfs.available": "DiskPressure",
  "containerfs.inodesFree": "DiskPressure",
  "pid.available": "PIDPressure",
};

/** What is said to run low. */
export const RESOURCE_OF: Readonly<Record<Signal, string>> = {
  "memory.available": "memory",
  "nodefs.available": "ephemeral-storage",
  "nodefs.inodesFree": "inodes",
  "imagefs.available": "ephemeral-storage",
  "imagefs.inodesFree": "inodes",
  "containerfs.available": "ephemeral-storage",
  "containerfs.inodesFree": "inodes",
  "pid.available": "pids",
};

/** What is said of a disk of containers counts nowhere: see `withContainerDisk`. */
const isSignal = (name: string): name is Signal => name in PRESSURE_OF && !isOfContainerDisk(name);
export const isOfContainerDisk = (signal: string): boolean => signal.startsWith("containerfs.");

export function thresholdsOf({ hard, soft, softGraceMs, minimumReclaim }: EvictionSettings): Threshold[] {
  const of = (list: Readonly<Record<string, string>>, grace: (signal: string) => object) =>
    Object.entries(list).flatMap(([signal, text]): Threshold[] => {
      const reclaim = minimumReclaim[signal];
      return isSignal(signal) && amountOf(text, 1e9) > 0
        ? [{ signal, text, ...grace(signal), ...(reclaim && { reclaim }) }]
        : [];
    });
  return [...of(hard, () => ({})), ...of(soft, (signal) => ({ graceMs: softGraceMs[signal] ?? 0 }))];
}

/** The disk of what containers write has the thresholds of that on which it lies: the images', or the kubelet's own. */
export function withContainerDisk(thresholds: readonly Threshold[], layout: DiskLayout): Threshold[] {
  const from = layout === "apart" ? "imagefs." : "nodefs.";
  const same = thresholds.flatMap((threshold): Threshold[] => {
    const { signal } = threshold;
    return signal.startsWith(from) ? [{ ...threshold, signal: signal.replace(from, "containerfs.") as Signal }] : [];
  });
  return [...thresholds, ...same];
}

/** "5%" of the capacity, or an amount. */
export const amountOf = (text: string, capacity: number): number =>
  text.endsWith("%") ? (capacity * Number(text.slice(0, -1))) / 100 : parseQuantity(text).value();

/** Below it; `reclaiming`: what is to be freed on top counts too. */
export function isMet({ signal, text, reclaim }: Threshold, seen: Observation, reclaiming: boolean): boolean {
  const level = seen[signal];
  if (!level) return false;
  const more = reclaiming && reclaim ? amountOf(reclaim, level.capacity) : 0;
  return level.available < amountOf(text, level.capacity) + more;
}

const keyOf = ({ signal, text, graceMs }: Threshold): string => `${signal} ${text} ${graceMs}`;

/** Remembers since when thresholds are met, and for how long a pressure is to be shown. */
export class Pressures {
  readonly #transitionMs: number;
  readonly #since = new Map<string, number>();
  readonly #lastSeen = new Map<Pressure, number>();

  constructor(transitionMs: number) {
    this.#transitionMs = transitionMs;
  }

  /** The thresholds that are to be acted upon, hard ones first. */
  observe(thresholds: readonly Threshold[], seen: Observation, now: number): Threshold[] {
    const due: Threshold[] = [];
    for (const threshold of thresholds) {
      const key = keyOf(threshold);
      if (!isMet(threshold, seen, this.#since.has(key))) {
        this.#since.delete(key);
        continue;
      }
      const since = this.#since.get(key) ?? now;
      this.#since.set(key, since);
      this.#lastSeen.set(PRESSURE_OF[threshold.signal], now);
      if (now - since >= (threshold.graceMs ?? 0)) due.push(threshold);
    }
    return due.sort((a, b) => Number(a.graceMs !== undefined) - Number(b.graceMs !== undefined));
  }

  /** Shown until nothing was met for the transition period, so that nodes do not flap. */
  shown(now: number): Set<Pressure> {
    const shown = [...this.#lastSeen].filter(([, at]) => at === now || now - at < this.#transitionMs);
    return new Set(shown.map(([pressure]) => pressure));
  }
}
