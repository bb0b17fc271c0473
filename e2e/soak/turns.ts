/**
 * How long the turns of this thread's event loop are, in its own CPU time: from one look to the next, as fast as the loop turns. What the collector of
 * garbage takes is told apart: it depends on all that is in memory, and not on what is judged.
 */
import { PerformanceObserver } from "node:perf_hooks";

const KEPT = 100;
/** Shorter ones are counted only. */
const NOTED_MS = 4;
const MS = 1000;

interface Turn {
  readonly what: string;
  readonly began: number;
  readonly ended: number;
  /** Milliseconds of CPU. */
  readonly ms: number;
}

interface Collection {
  readonly startTime: number;
  readonly duration: number;
}

export class Turns {
  #all = 0;
  #long: Turn[] = [];
  /** Told before or after the turn that they were in. */
  #collections: Collection[] = [];

  constructor() {
    new PerformanceObserver((list) => {
      for (const { startTime, duration } of list.getEntries())
        if (duration > 1) this.#collections.push({ startTime, duration });
    }).observe({ entryTypes: ["gc"] });
  }

  /** The longest without garbage, with what was going on. */
  get longest(): [what: string, ms: number][] {
    return this.#withoutGarbage().slice(0, KEPT);
  }

  #withoutGarbage(): [what: string, ms: number][] {
    return this.#long
      .map(({ what, began, ended, ms }): [string, number] => {
        const inIt = this.#collections.filter(({ startTime }) => began <= startTime && startTime <= ended);
        return [what, Math.max(0, ms - inIt.reduce((sum, { duration }) => sum + duration, 0))];
      })
      .toSorted((a, b) => b[1] - a[1]);
  }

  /** Watches while something runs. */
  async during<T>(what: string, run: () => Promise<T>): Promise<T> {
    let isOver = false;
    await new Promise(setImmediate);
    let began = performance.now();
    let before = process.threadCpuUsage();
    const look = (): void => {
      const { user, system } = process.threadCpuUsage(before);
      const ended = performance.now();
      // Some kernels count CPU in ticks of 4 ms: it is never more than what passed.
      this.#note({ what, began, ended, ms: Math.min((user + system) / MS, ended - began) });
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
    this.#collections = [];
  }

  summary(): string {
    const turns = this.#withoutGarbage();
    const above = (limit: number) => turns.filter(([, ms]) => ms > limit).length;
    const longest = Math.max(0, ...this.#collections.map(({ duration }) => duration));
    return `of ${this.#all} turns ${above(5)} above 5 ms of CPU, ${above(10)} above 10 ms; the longest collection of garbage took ${longest.toFixed(1)} ms`;
  }
}
