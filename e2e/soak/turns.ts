/**
 * How long the turns of this thread's event loop are, in its own CPU time: from one look to the next, as fast as the loop turns. What the collector of
 * garbage takes is told apart: it depends on all that is in memory, and not on what is judged.
 */
import { PerformanceObserver } from "node:perf_hooks";

const KEPT = 12;
/** Shorter ones are counted only. */
const NOTED_MS = 4;
const MS = 1000;

interface Turn {
  readonly what: string;
  readonly began: number;
  readonly ended: number;
  /** Milliseconds of CPU, without the garbage. */
  ms: number;
}

export class Turns {
  #all = 0;
  #long: Turn[] = [];
  #longestCollection = 0;

  constructor() {
    new PerformanceObserver((list) => {
      for (const { startTime, duration } of list.getEntries()) {
        this.#longestCollection = Math.max(this.#longestCollection, duration);
        const turn = this.#long.find(({ began, ended }) => began <= startTime && startTime <= ended);
        if (turn) turn.ms = Math.max(0, turn.ms - duration);
      }
    }).observe({ entryTypes: ["gc"] });
  }

  /** The longest, with what was going on. */
  get longest(): [what: string, ms: number][] {
    const sorted = this.#long.toSorted((a, b) => b.ms - a.ms);
    return sorted.slice(0, KEPT).map(({ what, ms }) => [what, ms]);
  }

  /** Watches while something runs. */
  async during<T>(what: string, run: () => Promise<T>): Promise<T> {
    let isOver = false;
    await new Promise(setImmediate);
    let began = performance.now();
    let before = process.threadCpuUsage();
    const look = (): void => {
      const { user, system } = process.threadCpuUsage(before);
      this.#note({ what, began, ended: performance.now(), ms: (user + system) / MS });
      began = performance.now();
      before = process.threadCpuUsage();
      if (!isOver) setImmediate(look);
    };
    setImmediate(look);
    try {
      return await run();
    } finally {
      await new Promise(setImmediate);
      isOver = true;
    }
  }

  #note(turn: Turn): void {
    this.#all++;
    if (turn.ms > NOTED_MS) this.#long.push(turn);
  }

  forget(): void {
    this.#all = 0;
    this.#long = [];
    this.#longestCollection = 0;
  }

  summary(): string {
    const above = (ms: number) => this.#long.filter((turn) => turn.ms > ms).length;
    return `of ${this.#all} turns ${above(5)} above 5 ms of CPU, ${above(10)} above 10 ms; the longest collection of garbage took ${this.#longestCollection.toFixed(1)} ms`;
  }
}
