/**
 * How long a container that ended waits before it is started again: at first not at all, then 10 s, doubling up to 5 minutes, or as the
 * node says; one that ran for ten minutes begins anew. Counted from when the container ended.
 */
interface Entry {
  readonly delayMs: number;
  readonly at: number;
}

export interface RestartBackoffLimits {
  readonly initialMs: number;
  readonly maxMs: number;
}

const INITIAL_MS = 10_000;
const LONGEST_MS = 300_000;
const FORGOTTEN_MS = 2 * LONGEST_MS;

const REDUCED: RestartBackoffLimits = { initialMs: 1000, maxMs: 60_000 };

/** With the longest wait of this node, if it has one of its own; `reduced`: shorter than usual (gate ReduceDefaultCrashLoopBackOffDecay). */
export function crashLoopLimits(ownMaxMs?: number, reduced = false): RestartBackoffLimits {
  const { initialMs, maxMs } = reduced ? REDUCED : { initialMs: INITIAL_MS, maxMs: LONGEST_MS };
  const longest = ownMaxMs ?? maxMs;
  return { initialMs: Math.min(initialMs, longest), maxMs: longest };
}

export class RestartBackoff {
  readonly #limits: RestartBackoffLimits;
  readonly #entries = new Map<string, Entry>();

  constructor(limits: RestartBackoffLimits = crashLoopLimits()) {
    this.#limits = limits;
  }

  /** How long it still has to wait, and what the whole wait is; undefined when it may start. */
  waiting(key: string, endedAt: number, now: number): { leftMs: number; delayMs: number } | undefined {
    const entry = this.#entries.get(key);
    if (!entry || this.#isOver(entry, endedAt)) return undefined;
    const leftMs = entry.delayMs - (now - endedAt);
    return leftMs > 0 ? { leftMs, delayMs: entry.delayMs } : undefined;
  }

  /** It is started again. */
  started(key: string, endedAt: number, now: number): void {
    const entry = this.#entries.get(key);
    const { initialMs, maxMs } = this.#limits;
    const delayMs = !entry || this.#isOver(entry, endedAt) ? initialMs : Math.min(maxMs, entry.delayMs * 2);
    this.#entries.set(key, { delayMs, at: now });
  }

  reset(key: string): void {
    this.#entries.delete(key);
  }

  #isOver({ at }: Entry, endedAt: number): boolean {
    return endedAt - at > FORGOTTEN_MS;
  }
}
