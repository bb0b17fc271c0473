/**
 * How long the rules of custom kinds took to compile and to hold against an object, and how long changed objects were compared with what was before.
 * Counted for the whole process, as compiled rules are held for it.
 */
import { DEFAULT_BUCKETS, Histogram } from "@kubets/machinery/metrics";

/** 10 us, four times as long nine times. */
const COMPARISON_SECONDS = Array.from({ length: 10 }, (_, i) => 1e-5 * 4 ** i);

/** What can be copied to another thread. */
export type TimesTaken = readonly Pick<Histogram, "counts" | "sum">[];

class RuleTimes {
  readonly compilation = new Histogram(DEFAULT_BUCKETS);
  readonly evaluation = new Histogram(DEFAULT_BUCKETS);
  readonly comparison = new Histogram(COMPARISON_SECONDS);
  readonly #all = [this.compilation, this.evaluation, this.comparison];
  #comparedMs = 0;

  compiled(beganMs: number): void {
    this.compilation.observe((performance.now() - beganMs) / 1000);
  }

  evaluated(beganMs: number): void {
    this.evaluation.observe((performance.now() - beganMs) / 1000);
  }

  /** A part of a change was compared. */
  compared(beganMs: number): void {
    this.#comparedMs += performance.now() - beganMs;
  }

  /** A change begins to be looked at. */
  beginChange(): void {
    this.#comparedMs = 0;
  }

  endChange(): void {
    this.comparison.observe(this.#comparedMs / 1000);
  }

  /** Takes away what was counted, to be told in another thread. */
  take(): TimesTaken {
    return this.#all.map((histogram) => {
      const taken = { counts: histogram.counts.slice(), sum: histogram.sum };
      histogram.counts.fill(0);
      histogram.sum = 0;
      return taken;
    });
  }

  add(taken: TimesTaken): void {
    for (const [i, { counts, sum }] of taken.entries()) {
      const histogram = this.#all[i] as Histogram;
      histogram.sum += sum;
      for (const [bucket, count] of counts.entries())
        histogram.counts[bucket] = (histogram.counts[bucket] ?? 0) + count;
    }
  }
}

export const ruleTimes = new RuleTimes();
