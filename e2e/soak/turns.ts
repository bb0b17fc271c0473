/** How long the turns of this thread's event loop are, in its own CPU time: from one look to the next, as fast as the loop turns. */
const KEPT = 12;
const MS = 1000;

export class Turns {
  /** The longest, with what was going on. */
  longest: [what: string, ms: number][] = [];
  #counts = { all: 0, above5: 0, above10: 0 };

  /** Watches while something runs. */
  async during<T>(what: string, run: () => Promise<T>): Promise<T> {
    let isOver = false;
    await new Promise(setImmediate);
    let before = process.threadCpuUsage();
    const look = (): void => {
      const now = process.threadCpuUsage();
      this.#note(what, (now.user - before.user + now.system - before.system) / MS);
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

  #note(what: string, ms: number): void {
    this.#counts.all++;
    if (ms > 5) this.#counts.above5++;
    if (ms > 10) this.#counts.above10++;
    if (this.longest.length === KEPT && ms <= (this.longest.at(-1)?.[1] ?? 0)) return;
    this.longest = [...this.longest, [what, ms] as [string, number]].sort((a, b) => b[1] - a[1]).slice(0, KEPT);
  }

  forget(): void {
    this.longest = [];
    this.#counts = { all: 0, above5: 0, above10: 0 };
  }

  summary(): string {
    const { all, above5, above10 } = this.#counts;
    return `of ${all} turns ${above5} above 5 ms of CPU, ${above10} above 10 ms`;
  }
}
