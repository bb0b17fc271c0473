/** How much the server works on at once: by the flags --max-requests-inflight, --max-mutating-requests-inflight and --enable-priority-and-fairness. */
export interface ConcurrencyOptions {
  readonly reads: number;
  readonly writes: number;
  /** Priority and fairness; without it reads and writes are only counted. */
  readonly fair: boolean;
  /** How long a request may wait for its turn. */
  readonly longestWaitMs: number;
}

export const DEFAULT_CONCURRENCY: ConcurrencyOptions = { reads: 400, writes: 200, fair: true, longestWaitMs: 15_000 };
