/** Tells a person what is being done and how long it took, a line a step. */
import type { Clock } from "@kubets/machinery";

export class Progress {
  readonly #clock: Clock;
  readonly #say: (line: string) => void;
  readonly #began: number;

  constructor(clock: Clock, say: (line: string) => void) {
    this.#clock = clock;
    this.#say = say;
    this.#began = clock.monotonic();
  }

  say(line: string): void {
    this.#say(`${line}\n`);
  }

  /** Runs a step and tells how long it took; an error says which step it was. */
  async step<T>(what: string, run: () => Promise<T>): Promise<T> {
    const began = this.#clock.monotonic();
    try {
      const result = await run();
      this.say(`  ${what.padEnd(34)} ${seconds(this.#clock.monotonic() - began)}`);
      return result;
    } catch (error) {
      throw new Error(`${what}: ${(error as Error).message}`, { cause: error });
    }
  }

  get total(): string {
    return seconds(this.#clock.monotonic() - this.#began);
  }
}

const seconds = (ms: number) => `${(ms / 1000).toFixed(1)} s`;
