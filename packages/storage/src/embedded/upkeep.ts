/**
 * Lets history go in the background: asks the policy when something is due, sweeps the log in small steps, and gives space back
 * when much of the file is free. One timer, and only while there is something to let go of.
 */
import type { Clock, Timer } from "@kubets/machinery/clock";
import type { Floors } from "./floors.ts";
import type { FloorMove, HistoryPolicy } from "./history-policy.ts";
import type { Floor } from "./log-file.ts";
import type { WorkerLink } from "./worker-link.ts";

/** Pages that one step of vacuuming moves. */
const VACUUM_STEP = 128;
/** Free pages are kept for new rows up to this part of the file, and at least so many. */
const FREE_PART = 1 / 4;
const FREE_PAGES = 2048;

export class Upkeep {
  readonly #link: WorkerLink;
  readonly #clock: Clock;
  readonly #policy: HistoryPolicy;
  readonly #floors: Floors;
  readonly #failed: (error: Error) => void;
  /** Up to where the rows under each floor have been looked at. */
  readonly #swept = new Map<string, number>();
  #timer: Timer | undefined;
  #timerDue = 0;
  #work: Promise<void> = Promise.resolve();
  #closed = false;

  constructor(link: WorkerLink, clock: Clock, policy: HistoryPolicy, floors: Floors, failed: (error: Error) => void) {
    this.#link = link;
    this.#clock = clock;
    this.#policy = policy;
    this.#floors = floors;
    this.#failed = failed;
  }

  /** To be called when the policy was told something: waits for what is due next. */
  arm(): void {
    const now = this.#clock.now();
    const inMs = this.#policy.nextDue(now);
    if (inMs === undefined || this.#closed) return;
    if (this.#timer && this.#timerDue <= now + inMs) return;
    this.#timer?.cancel();
    this.#timerDue = now + inMs;
    this.#timer = this.#clock.after(inMs, () => {
      this.#timer = undefined;
      for (const move of this.#policy.due(this.#clock.now())) this.#background(move);
      this.arm();
    });
  }

  /** Goes on with what the last process left half done. */
  resume(floors: readonly Floor[]): void {
    for (const { prefix, swept } of floors) this.#swept.set(prefix, swept);
    for (const floor of floors) if (floor.swept < floor.revision) this.#background(floor);
  }

  /** Lets go of all history before a revision, now, and gives the space back. */
  compact(revision: number): Promise<void> {
    if (revision <= this.#floors.of("")) return this.#queue(async () => {});
    return this.#let({ prefix: "", revision }, () => this.#vacuum(0));
  }

  async close(): Promise<void> {
    this.#closed = true;
    this.#timer?.cancel();
    await this.#work;
  }

  #background(move: FloorMove): void {
    this.#let(move, () => this.#vacuumIfMuch()).catch(this.#failed);
  }

  /** From the first line on, reads below the floor fail; the rows go later. */
  #let(move: FloorMove, afterwards: () => Promise<void>): Promise<void> {
    const swept = this.#swept.get(move.prefix) ?? 0;
    this.#floors.raise(move.prefix, move.revision);
    return this.#queue(async () => {
      let floor: Floor = { ...move, swept };
      do floor = await this.#link.ask({ ask: "sweep", floor });
      while (floor.swept < floor.revision && !this.#closed);
      this.#swept.set(move.prefix, floor.swept);
      await afterwards();
    });
  }

  async #vacuumIfMuch(): Promise<void> {
    if (this.#closed) return;
    const { free, total } = await this.#link.ask({ ask: "vacuum", pages: 0 });
    if (free > Math.max(FREE_PAGES, total * FREE_PART)) await this.#vacuum((total * FREE_PART) / 2);
  }

  async #vacuum(leave: number): Promise<void> {
    for (let free = Number.POSITIVE_INFINITY; free > leave && !this.#closed; ) {
      ({ free } = await this.#link.ask({ ask: "vacuum", pages: VACUUM_STEP }));
    }
  }

  #queue(work: () => Promise<void>): Promise<void> {
    const done = this.#work.then(work);
    this.#work = done.catch(() => {});
    return done;
  }
}
