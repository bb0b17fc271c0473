/**
 * Decides what history to let go of: by time, and by a budget of bytes for each resource. Pure: it is told of writes and the
 * time, and answers with floors to raise.
 * Holds: nothing younger than `keepMs` goes, unless its resource's budget is spent. Times are the clock's wall time; one
 * that jumps back makes history older at most, never younger.
 */
export interface HistoryOptions {
  /** How long history is kept, in milliseconds, or "forever". Five minutes by default. */
  keep?: number | "forever";
  /** Under these prefixes history is kept for `shortMs` even when it is kept for ever elsewhere. */
  short?: readonly string[];
  shortMs?: number;
  /** Bytes of replaced values that are kept for each resource prefix (`/registry/pods/`). 256 MiB by default. */
  budgetBytes?: number;
}

/** History under `prefix` before `revision` is to go. */
export interface FloorMove {
  readonly prefix: string;
  readonly revision: number;
}

const DEFAULT_KEEP_MS = 5 * 60_000;
const DEFAULT_BUDGET_BYTES = 256 * 2 ** 20;
/** Names of resources whose history is never kept for ever: much of it, and nobody asks. */
const SHORT_HISTORY = ["/registry/leases/", "/registry/events/", "/registry/masterleases/"];

/** All writes up to `revision` were made before `until`, most of them not long before. */
interface Mark {
  readonly begin: number;
  until: number;
  revision: number;
}

interface Budget {
  total: number;
  /** What was replaced, oldest first, in blocks of a fraction of the budget. */
  readonly blocks: { revision: number; bytes: number }[];
}

/** Time and budgets are kept to within this part of the whole. */
const GRAIN = 16;
/** What a replaced row costs beyond its value. */
const ROW_BYTES = 100;

export class HistoryPolicy {
  readonly #keepMs: number;
  readonly #timed: readonly string[];
  readonly #budgetBytes: number;
  readonly #marks: Mark[] = [];
  readonly #budgets = new Map<string, Budget>();
  readonly #overspent = new Set<string>();

  constructor(options: HistoryOptions = {}) {
    const { keep = DEFAULT_KEEP_MS, short = SHORT_HISTORY, shortMs = DEFAULT_KEEP_MS } = options;
    this.#keepMs = keep === "forever" ? shortMs : keep;
    this.#timed = keep === "forever" ? short : [""];
    this.#budgetBytes = options.budgetBytes ?? DEFAULT_BUDGET_BYTES;
  }

  /** Everything up to `revision` was written by `at`. */
  written(revision: number, at: number): void {
    const last = this.#marks.at(-1);
    if (last && at < last.begin + this.#keepMs / GRAIN) {
      last.revision = revision;
      last.until = Math.max(last.until, at);
    } else this.#marks.push({ begin: at, until: Math.max(at, last?.until ?? 0), revision });
  }

  /** The write at `revision` put an older row of `bytes` into history. */
  replaced(key: string, revision: number, bytes: number): void {
    const resource = resourcePrefix(key);
    let budget = this.#budgets.get(resource);
    if (!budget) this.#budgets.set(resource, (budget = { total: 0, blocks: [] }));
    const cost = bytes + ROW_BYTES;
    budget.total += cost;
    const block = budget.blocks.at(-1);
    if (block && block.bytes < this.#budgetBytes / GRAIN) {
      block.bytes += cost;
      block.revision = revision;
    } else budget.blocks.push({ revision, bytes: cost });
    if (budget.total > this.#budgetBytes) this.#overspent.add(resource);
  }

  /** The floors that are due now; each is told once. */
  due(now: number): FloorMove[] {
    const moves: FloorMove[] = [];
    let timed = 0;
    while (this.#marks[0] && this.#marks[0].until <= now - this.#keepMs) timed = (this.#marks.shift() as Mark).revision;
    if (timed > 0) {
      for (const prefix of this.#timed) moves.push({ prefix, revision: timed });
      for (const { prefix } of moves) this.#settle(prefix, timed);
    }
    for (const resource of this.#overspent) {
      const budget = this.#budgets.get(resource) as Budget;
      let revision = 0;
      while (budget.total > this.#budgetBytes && budget.blocks[0]) {
        const block = budget.blocks.shift() as Budget["blocks"][number];
        budget.total -= block.bytes;
        revision = block.revision;
      }
      if (revision > 0) moves.push({ prefix: resource, revision });
    }
    this.#overspent.clear();
    return moves;
  }

  /** When to ask next: milliseconds from now; undefined while there is nothing to let go of. */
  nextDue(now: number): number | undefined {
    if (this.#overspent.size > 0) return 0;
    const first = this.#marks[0];
    return first && this.#timed.length > 0 ? Math.max(0, first.until + this.#keepMs - now) : undefined;
  }

  /** A floor was raised: what lies below it is no longer counted. */
  #settle(prefix: string, revision: number): void {
    for (const [resource, budget] of this.#budgets) {
      if (!resource.startsWith(prefix)) continue;
      while (budget.blocks[0] && budget.blocks[0].revision <= revision) {
        budget.total -= (budget.blocks.shift() as Budget["blocks"][number]).bytes;
      }
      if (budget.blocks.length === 0) this.#budgets.delete(resource);
    }
  }
}

/** `/registry/pods/`, `/registry/stable.example.com/crontabs/`: the part of a key that names its resource. */
export function resourcePrefix(key: string): string {
  const root = key.indexOf("/", 1) + 1;
  const first = key.indexOf("/", root) + 1;
  if (root === 0 || first === 0) return key.slice(0, root);
  const dot = key.indexOf(".", root);
  if (dot === -1 || dot >= first) return key.slice(0, first);
  const second = key.indexOf("/", first) + 1;
  return key.slice(0, second === 0 ? first : second);
}
