/** What is remembered of each autoscaler, as long as its rules may look back. */
import type { History, Timed } from "./limits.ts";

/** The longest window that rules can have. */
const LONGEST_MS = 3_600_000;

const NOTHING: History = { recommendations: [], ups: [], downs: [] };

export class Memory {
  readonly #histories = new Map<string, History>();

  of(key: string): History {
    return this.#histories.get(key) ?? NOTHING;
  }

  /** With `onlyFirst` it counts for one of which nothing is known yet. */
  recommend(key: string, count: number, at: number, { onlyFirst = false } = {}): void {
    const history = this.of(key);
    if (onlyFirst && history.recommendations.length > 0) return;
    this.#histories.set(key, { ...history, recommendations: young([...history.recommendations, { at, count }], at) });
  }

  scaled(key: string, change: number, at: number): void {
    const history = this.of(key);
    const entry = { at, count: Math.abs(change) };
    this.#histories.set(
      key,
      change > 0
        ? { ...history, ups: young([...history.ups, entry], at) }
        : { ...history, downs: young([...history.downs, entry], at) },
    );
  }

  forget(key: string): void {
    this.#histories.delete(key);
  }
}

const young = (entries: readonly Timed[], now: number): Timed[] => entries.filter(({ at }) => at > now - LONGEST_MS);
