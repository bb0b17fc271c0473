/**
 * A time that counts only while this process listens. Where its event loop was held up for longer than an answer may take, the answer may have come
 * meanwhile: it is read before the time is up.
 */

/** However late one ends, it counts as one: what has come is read between them. */
const SLICES = 4;

interface Patience {
  /** Aborted when the time is up. */
  readonly signal: AbortSignal;
  /** The answer is there. */
  end(): void;
}

export function patience(ms: number): Patience {
  const stop = new AbortController();
  let left = SLICES;
  let timer: NodeJS.Timeout;
  const wait = () => {
    timer = setTimeout(() => (--left > 0 ? wait() : stop.abort()), ms / SLICES);
  };
  wait();
  return { signal: stop.signal, end: () => clearTimeout(timer) };
}
