/** How fast CPU is used: the difference of two readings of a counter, over the time between them. */
import type { Usage } from "./cgroup-usage.ts";

interface Reading {
  readonly at: number;
  readonly nanos: number;
  readonly perSecond: number | undefined;
}

export class CpuRates {
  readonly #readings = new Map<string, Reading>();

  /** In nanocores; undefined for what was not seen before. A reading of the same instant gives what was known. */
  rate(key: string, { timestamp, cpuNanos }: Pick<Usage, "timestamp" | "cpuNanos">): number | undefined {
    if (cpuNanos === undefined) return undefined;
    const before = this.#readings.get(key);
    const elapsed = before ? timestamp - before.at : 0;
    if (before && elapsed <= 0) return before.perSecond;
    const perSecond = before ? Math.max(0, Math.round(((cpuNanos - before.nanos) * 1000) / elapsed)) : undefined;
    this.#readings.set(key, { at: timestamp, nanos: cpuNanos, perSecond });
    return perSecond;
  }

  /** Forgets what is no more. */
  keep(keys: ReadonlySet<string>): void {
    for (const key of this.#readings.keys()) if (!keys.has(key)) this.#readings.delete(key);
  }
}
