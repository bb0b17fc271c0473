/**
 * The sizes that two ReplicationControllers get next, when pods move from one to the other.
 * Holds: as many as the new one is to have stay available, and one more than that may stand. Pure.
 */
export interface Sizes {
  readonly old: number;
  readonly next: number;
}

const SURGE = 1;

export const isOver = ({ old, next }: Sizes, desired: number): boolean => old === 0 && next === desired;

export function growth({ old, next }: Sizes, desired: number): number {
  if (next >= desired) return desired;
  const room = old === 0 ? desired - next : desired + SURGE - old - next;
  return Math.min(desired, next + Math.max(0, room));
}

/** `available`: how many of each are ready. */
export function shrinking({ old, next }: Sizes, desired: number, available: Sizes): number {
  // What is not ready is no loss.
  const spare = Math.max(0, available.old + available.next - desired);
  const idle = old - available.old;
  return Math.max(0, old - Math.min(old, spare + (next > 0 ? idle : 0)));
}

export const firstLine = (names: { old: string; next: string }, sizes: Sizes, desired: number): string =>
  `Scaling up ${names.next} from ${sizes.next} to ${desired}, scaling down ${names.old} from ${sizes.old} to 0 (keep ${desired} pods available, don't exceed ${desired + SURGE} pods)`;
