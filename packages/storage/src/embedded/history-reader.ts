/**
 * Reads history from the log, a slice at a time, each slice asked for when the last has come, so that appends go in between.
 * Holds: the last slice ends at the newest durable revision, and its callback runs in the turn in which it came: then
 * the index stands at exactly that revision.
 */
import { type Undone, undo } from "../past.ts";
import type { Change, Entry } from "../storage.ts";
import type { Answers } from "./messages.ts";
import type { LogRecord } from "./records.ts";
import { readRecords } from "./records.ts";
import type { WorkerLink } from "./worker-link.ts";

interface Slice {
  readonly changes: readonly Change[];
  readonly upTo: number;
  /** Whether this was the last. */
  readonly head: boolean;
}

export class HistoryReader {
  readonly #link: WorkerLink;
  readonly #current: (key: string) => Entry | undefined;

  constructor(link: WorkerLink, current: (key: string) => Entry | undefined) {
    this.#link = link;
    this.#current = current;
  }

  /** Hands on slices until the head, or until `next` answers false. `next` is also asked before each slice is read. */
  changes(prefix: string, after: number, next: (slice: Slice) => boolean, failed: (error: Error) => void): void {
    this.#slices(prefix, after, true, next, failed);
  }

  /** What stood under the prefix at a revision, where it changed since; `use` gets it while the index is just as old. */
  undone<T>(prefix: string, at: number, readable: () => void, use: (undone: Undone) => T): Promise<T> {
    return new Promise((resolve, reject) => {
      const undone: Undone = new Map();
      const next = ({ changes, head }: Slice) => {
        undo(changes, undone);
        try {
          if (head) resolve(use(undone));
          // Between two slices the history may have gone.
          else readable();
          return !head;
        } catch (error) {
          reject(error as Error);
          return false;
        }
      };
      this.#slices(prefix, at, false, next, reject);
    });
  }

  #slices(
    prefix: string,
    after: number,
    withValues: boolean,
    next: (slice: Slice) => boolean,
    failed: (error: Error) => void,
  ): void {
    this.#link.tell(
      { ask: "read", prefix, after, withValues },
      (answer: Answers["read"]) => {
        const changes = this.#decode(answer);
        const more = next({ changes, upTo: answer.upTo, head: answer.head });
        if (more && !answer.head) this.#slices(prefix, answer.upTo, withValues, next, failed);
      },
      failed,
    );
  }

  /** A change comes as its record, followed by the record that it replaced. */
  #decode({ chunks }: Answers["read"]): Change[] {
    const changes: Change[] = [];
    let waiting: LogRecord | undefined;
    for (const { buffer, length } of chunks) {
      readRecords(buffer, length, (record) => {
        if (waiting) {
          changes.push(this.#change(waiting, this.#entry(record)));
          waiting = undefined;
        } else if (record.previous > 0) waiting = record;
        else changes.push(this.#change(record, undefined));
      });
    }
    return changes;
  }

  #change(record: LogRecord, previous: Entry | undefined): Change {
    if (record.value === null) return { type: "delete", key: record.key, revision: record.revision, previous };
    return { type: "put", entry: this.#entry(record), previous };
  }

  /** The shared entry where it is the present one. */
  #entry({ key, value, revision, created }: LogRecord): Entry {
    const current = this.#current(key);
    return current?.revision === revision ? current : { key, value: value ?? NO_BYTES, revision, created };
  }
}

const NO_BYTES = new Uint8Array(0);
