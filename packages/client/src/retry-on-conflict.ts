/**
 * Runs a read-change-write again while the write meets a Conflict: someone else was faster. `run` must read the object anew each time;
 * a patch without a resourceVersion needs none of this.
 */
import { type Clock, isReason, type Random, sleep } from "@kubets/machinery";

export interface RetryOptions {
  readonly clock: Clock;
  readonly random: Random;
  /** How often `run` is tried in all; 5 by default. */
  readonly tries?: number;
  readonly signal?: AbortSignal;
}

const WAIT_MS = 10;
/** What chance adds to a wait, at most. */
const JITTER = 0.1;

export async function retryOnConflict<R>(run: () => Promise<R>, options: RetryOptions): Promise<R> {
  const { clock, random, tries = 5, signal } = options;
  for (let tried = 1; ; tried++) {
    try {
      return await run();
    } catch (error) {
      if (!isReason(error, "Conflict") || tried >= tries) throw error;
      await sleep(clock, WAIT_MS * (1 + JITTER * random.float()), signal);
    }
  }
}
