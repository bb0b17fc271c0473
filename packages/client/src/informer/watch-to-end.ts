/**
 * One watch from its opening to its end, as a promise. It ends as the server says, or when nothing was heard for too long: then it is
 * stopped, whether it had been opened yet or not.
 * Holds: never rejects; when it resolves, no event follows.
 */
import type { Clock, Timer } from "@kubets/machinery";
import type { WatchEvent, WatchHandle, WatchSink } from "../client.ts";

export interface WatchEnd {
  /** Why it ended; none for an orderly end. */
  error: Error | undefined;
  /** Whether it told something, or lasted. */
  progressed: boolean;
  stalled: boolean;
}

interface WatchLimits {
  readonly clock: Clock;
  readonly stallMs: number;
  /** A watch that lasted so long made progress even if it told nothing. */
  readonly shortMs: number;
}

export function watchToEnd<T>(
  open: (sink: WatchSink<T>, signal: AbortSignal) => Promise<WatchHandle>,
  events: (batch: readonly WatchEvent<T>[]) => void,
  signal: AbortSignal,
  { clock, stallMs, shortMs }: WatchLimits,
): Promise<WatchEnd> {
  const { promise, resolve } = Promise.withResolvers<WatchEnd>();
  const stopping = new AbortController();
  const opened = clock.monotonic();
  let heard = opened;
  let told = false;
  let over = false;
  let timer: Timer;

  const end = (error: Error | undefined, stalled = false) => {
    if (over) return;
    over = true;
    timer.cancel();
    signal.removeEventListener("abort", onAbort);
    const lasted = clock.monotonic() - opened >= shortMs;
    resolve({ error, stalled, progressed: told || (lasted && !error && !stalled) });
    stopping.abort();
  };
  const onAbort = () => end(undefined);
  const look = () => {
    const silentMs = clock.monotonic() - heard;
    if (silentMs >= stallMs) end(undefined, true);
    else timer = clock.after(stallMs - silentMs, look);
  };
  const sink: WatchSink<T> = {
    events(batch) {
      if (over) return;
      heard = clock.monotonic();
      told = true;
      try {
        events(batch);
      } catch (error) {
        end(error as Error);
      }
    },
    closed: (error) => end(error),
  };

  timer = clock.after(stallMs, look);
  signal.addEventListener("abort", onAbort, { once: true });
  if (signal.aborted) onAbort();
  else open(sink, stopping.signal).catch((error: unknown) => end(error as Error));
  return promise;
}
