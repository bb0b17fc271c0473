/**
 * Reads from the connections of who has very many a few at a time. In one turn the event loop takes in all that has come on all connections, and to decrypt
 * and parse a request often takes longer than to answer it: who asks over a hundred connections would hold up everybody by a hundred requests.
 * Holds: only connections of askers that have more than `CROWD` ever wait, and only once a turn has taken its time, which is longer where there is nobody
 * else to be held up, since to hold and to go on cost something too; then each is read again when its turn comes, who waited longest first.
 */
import type { Socket } from "node:net";

export type Connection = Pick<Socket, "pause" | "resume" | "destroyed" | "once">;

const TURN_MS = 1;
const TURN_ALONE_MS = 8;
const CROWD = 8;

export class ReadingTurns {
  readonly #askers = new Map<string, Set<Connection>>();
  readonly #askerOf = new WeakMap<Connection, string>();
  /** Those whose end is told here. */
  readonly #followed = new WeakSet<Connection>();
  #waiting = new Set<Connection>();
  readonly #readNow = new Set<Connection>();
  #began = 0;
  #count = 0;
  /** How many requests filled a turn last. */
  #fill = 0;
  /** How many were to be read in this turn and were not. */
  #unread = 0;
  #isOn = false;
  #isFull = false;
  readonly #now: () => number;
  readonly #nextTurn: (run: () => void) => void;
  /** Whether there are askers that are not told of here. */
  readonly #areOthers: () => boolean;

  constructor(
    areOthers: () => boolean = () => false,
    now: () => number = () => performance.now(),
    nextTurn: (run: () => void) => void = setImmediate,
  ) {
    this.#areOthers = areOthers;
    this.#now = now;
    this.#nextTurn = nextTurn;
  }

  /** A request has come in. */
  read(connection: Connection): void {
    if (!this.#isOn) this.#go();
    this.#count++;
    this.#readNow.add(connection);
    if (!this.#isFull && this.#now() - this.#began > (this.#isAlone() ? TURN_ALONE_MS : TURN_MS)) this.#full();
  }

  /** Somebody asks over a connection: the last one who did is taken for its owner. */
  askedBy(connection: Connection, asker: string): void {
    const before = this.#askerOf.get(connection);
    if (before === asker) return;
    if (before !== undefined) this.#leave(before, connection);
    else if (!this.#followed.has(connection)) {
      this.#followed.add(connection);
      connection.once("close", () => this.forget(connection));
    }
    this.#askerOf.set(connection, asker);
    const own = this.#askers.get(asker);
    if (own) own.add(connection);
    else this.#askers.set(asker, new Set([connection]));
  }

  #go(): void {
    this.#isOn = true;
    this.#isFull = false;
    this.#began = this.#now();
    this.#count = 0;
    this.#nextTurn(() => this.#turn());
  }

  /** What crowds sent that is not read yet stays where it is; who was to be read in this turn goes first in the next. */
  #full(): void {
    this.#isFull = true;
    this.#fill = this.#count;
    const unread: Connection[] = [];
    for (const connections of this.#askers.values()) {
      if (connections.size <= CROWD) continue;
      for (const connection of connections) {
        if (this.#waiting.has(connection) || this.#readNow.has(connection)) continue;
        connection.pause();
        unread.push(connection);
      }
    }
    this.#unread = unread.length;
    this.#waiting = new Set([...unread, ...this.#waiting]);
  }

  /**
   * As many go on as filled a turn last, or those who were left over, alone: which of them the loop comes to first is not ours to say. Who was read goes to
   * the end; only now, since Node goes on reading where a request ends.
   */
  #turn(): void {
    this.#isOn = false;
    const read = [...this.#readNow];
    this.#readNow.clear();
    if (this.#waiting.size === 0) return;
    if (this.#isAlone()) return this.#goOn(this.#waiting.size);
    for (const connection of read) {
      if (connection.destroyed || !this.#isOfCrowd(connection)) continue;
      connection.pause();
      this.#waiting.add(connection);
    }
    const left = Math.min(this.#unread || this.#fill, this.#fill);
    this.#unread = 0;
    this.#goOn(left);
    if (this.#waiting.size > 0) this.#go();
  }

  /** With so many of those that wait. */
  #goOn(count: number): void {
    let left = count;
    for (const connection of this.#waiting) {
      if (left-- === 0) break;
      this.#waiting.delete(connection);
      if (!connection.destroyed) connection.resume();
    }
  }

  #isAlone(): boolean {
    return this.#askers.size < 2 && !this.#areOthers();
  }

  #isOfCrowd(connection: Connection): boolean {
    const asker = this.#askerOf.get(connection);
    return asker !== undefined && (this.#askers.get(asker)?.size ?? 0) > CROWD;
  }

  /** It is gone, or given away, so that somebody else reads from it; or it is being answered for long, and nothing is asked on it till then. */
  forget(connection: Connection): void {
    const asker = this.#askerOf.get(connection);
    if (asker === undefined) return;
    this.#leave(asker, connection);
    this.#askerOf.delete(connection);
    this.#readNow.delete(connection);
    if (this.#waiting.delete(connection) && !connection.destroyed) connection.resume();
  }

  #leave(asker: string, connection: Connection): void {
    const own = this.#askers.get(asker);
    own?.delete(connection);
    if (own?.size === 0) this.#askers.delete(asker);
  }
}
