/**
 * Time, as an argument. Everything that waits or stamps takes a `Clock`, so that a whole cluster can run on a virtual one.
 * Holds: `monotonic` never goes back and stands still while the machine is suspended (a suspended laptop is not a
 * dead node: durations and deadlines are measured with it); `now` may jump and is only for stamps that others read.
 */
export interface Clock {
  /** Wall time in milliseconds since 1970. */
  now(): number;
  /** Milliseconds since some fixed moment. */
  monotonic(): number;
  /** Calls `run` once, not before `delayMs` have passed on the monotonic clock, and never synchronously. */
  after(delayMs: number, run: () => void): Timer;
}

/** A pending call. Cancelling one that has run, or twice, does nothing. */
export interface Timer {
  cancel(): void;
}

/** Resolves after `delayMs`; rejects with the signal's reason as soon as it is aborted. */
export function sleep(clock: Clock, delayMs: number, signal?: AbortSignal): Promise<void> {
  return new Promise((resolve, reject) => {
    if (signal?.aborted) {
      reject(signal.reason as Error);
      return;
    }
    const timer = clock.after(delayMs, () => {
      signal?.removeEventListener("abort", onAbort);
      resolve();
    });
    const onAbort = () => {
      timer.cancel();
      reject(signal?.reason as Error);
    };
    signal?.addEventListener("abort", onAbort, { once: true });
  });
}

/** Calls `run` every `periodMs`, first after one period, until cancelled. */
export function every(clock: Clock, periodMs: number, run: () => void): Timer {
  let timer = clock.after(periodMs, tick);
  function tick() {
    timer = clock.after(periodMs, tick);
    run();
  }
  return { cancel: () => timer.cancel() };
}

/** setTimeout's own limit; longer waits are made of several. */
const LONGEST_TIMEOUT = 2 ** 31 - 1;

/** The machine's clock. Timers of it keep the process alive, as Node's do. */
export const realClock: Clock = {
  now: () => Date.now(),
  monotonic: () => performance.now(),
  after(delayMs, run) {
    let left = Math.max(0, delayMs);
    let handle: NodeJS.Timeout;
    const arm = () => {
      const step = Math.min(left, LONGEST_TIMEOUT);
      left -= step;
      handle = setTimeout(left > 0 ? arm : run, step);
    };
    arm();
    return { cancel: () => clearTimeout(handle) };
  },
};
