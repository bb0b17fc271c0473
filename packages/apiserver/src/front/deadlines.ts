/**
 * Ends requests that are not answered in time with 504, and breaks off answers that are not whole by then. What they still do behind that is answered to nobody,
 * and may still be stored.
 * Holds: nearly all requests have the same time, and so has what nearly all writes do; each stand in a ring in the order of their deadlines, and there is one
 * timer, for the first of them. Only those that ask for less time have timers of their own.
 */
import { badRequest, type Clock, type DurationError, parseDuration, StatusError, type Timer } from "@kubets/machinery";
import type { ChunkSink } from "@kubets/wire/http";
import { isLongRunning } from "../fairness/long-running.ts";
import { WRITES } from "../fairness/width.ts";
import type { RequestInfo } from "../request-info.ts";
import type { CoreExchange } from "./core-exchange.ts";

/** A place in a ring; alone where it is in none. */
class Place {
  before: Place = this;
  behind: Place = this;

  joinAtEnd(ring: Place): void {
    this.before = ring.before;
    this.behind = ring;
    ring.before.behind = this;
    ring.before = this;
  }

  leave(): void {
    this.before.behind = this.behind;
    this.behind.before = this.before;
    this.before = this;
    this.behind = this;
  }
}

/** What came of a request behind its deadline. */
export type Aftermath = "ok" | "error" | "panic";

/** Told what becomes of requests that are late. */
export interface Lateness {
  late(exchange: CoreExchange, info: RequestInfo): void;
  wentOn(aftermath: Aftermath, isWrite: boolean): void;
}

type Refuse = (error: StatusError) => void;

export class Deadline extends Place {
  readonly exchange: CoreExchange;
  readonly info: RequestInfo;
  /** By the clock's monotonic time. */
  due: number;
  timer: Timer | undefined = undefined;
  isLate = false;
  /** Refuses what takes longer than writes may. */
  refuse: Refuse | undefined = undefined;
  readonly #told: Lateness;
  #isMet = false;
  #sink: ChunkSink | undefined = undefined;
  #late: AbortController | undefined = undefined;

  constructor(exchange: CoreExchange, info: RequestInfo, due: number, told: Lateness) {
    super();
    this.#told = told;
    this.exchange = exchange;
    this.info = info;
    this.due = due;
  }

  /** Aborts when it has passed. */
  get signal(): AbortSignal {
    if (this.isLate) return AbortSignal.abort();
    this.#late ??= new AbortController();
    return this.#late.signal;
  }

  /** Asked before each answer: false where there was one already. */
  meet(isWhole = true): boolean {
    if (this.#isMet) {
      if (this.isLate) this.wentOn("ok");
      return false;
    }
    this.#isMet = true;
    if (isWhole) this.lift();
    return true;
  }

  /** Of an answer that has only begun. */
  follow(sink: ChunkSink): void {
    this.#sink = sink;
    this.exchange.onClose(() => this.lift());
  }

  lift(): void {
    this.leave();
    this.timer?.cancel();
  }

  wentOn(aftermath: Aftermath): void {
    this.#told.wentOn(aftermath, this.refuse !== undefined);
  }

  end(): void {
    this.leave();
    if (this.refuse) {
      this.refuse(LATE_WRITE);
      this.isLate = true;
    } else {
      this.isLate = true;
      this.#told.late(this.exchange, this.info);
      if (this.#sink) this.#sink.abort();
      else tellLate(this.exchange);
    }
    this.#late?.abort();
  }
}

/** Deadlines that are equally far away when they join. */
class Ring {
  readonly #clock: Clock;
  readonly ms: number;
  readonly #waiting = new Place();
  #timer: Timer | undefined;

  constructor(clock: Clock, ms: number) {
    this.#clock = clock;
    this.ms = ms;
  }

  join(deadline: Deadline): void {
    deadline.joinAtEnd(this.#waiting);
    this.#timer ??= this.#clock.after(this.ms, this.#endLate);
  }

  stop(): void {
    this.#timer?.cancel();
    this.#timer = { cancel() {} };
  }

  /** The request that the timer was set for is mostly answered long since: it goes on with the one that is first by then. */
  readonly #endLate = (): void => {
    const now = this.#clock.monotonic();
    let first = this.#waiting.behind;
    for (; first instanceof Deadline && first.due <= now; first = this.#waiting.behind) first.end();
    this.#timer = first instanceof Deadline ? this.#clock.after(first.due - now, this.#endLate) : undefined;
  };
}

/** What the original gives to the work of a write, from where it begins. */
const WRITE_MS = 34_000;

export class Deadlines {
  readonly #clock: Clock;
  readonly #requests: Ring;
  readonly #writes: Ring;
  readonly #told: Lateness;

  constructor(clock: Clock, longestMs: number, told: Lateness) {
    this.#clock = clock;
    this.#requests = new Ring(clock, longestMs);
    this.#writes = new Ring(clock, WRITE_MS);
    this.#told = told;
  }

  /** Sets the deadline of a request that has one. Throws where it asks for a time that is none. */
  begin(exchange: CoreExchange, info: RequestInfo): void {
    // What is given away to another protocol has no answer that could be late.
    if (isLongRunning(info) || exchange.socket?.upgrade) return;
    const asked = info.query.size > 0 ? askedMs(info.query.get("timeout")) : 0;
    const isShort = asked > 0 && asked < this.#requests.ms;
    const ms = isShort ? asked : this.#requests.ms;
    const deadline = new Deadline(exchange, info, this.#clock.monotonic() + ms, this.#told);
    exchange.deadline = deadline;
    if (isShort) this.#endAfter(ms, deadline);
    else this.#requests.join(deadline);
  }

  /** Of a request whose work begins: a write has less time for it. */
  work({ deadline }: CoreExchange, refuse: Refuse): void {
    if (!deadline || !WRITES.has(deadline.info.verb)) return;
    const due = this.#clock.monotonic() + WRITE_MS;
    if (due >= deadline.due) return;
    deadline.lift();
    deadline.due = due;
    deadline.refuse = refuse;
    this.#writes.join(deadline);
  }

  #endAfter(ms: number, deadline: Deadline): void {
    deadline.timer = this.#clock.after(ms, () => deadline.end());
  }

  stop(): void {
    this.#requests.stop();
    this.#writes.stop();
  }
}

function tellLate(exchange: CoreExchange): void {
  const { status } = LATE;
  exchange.audit?.status(status);
  exchange.audit?.answer(() => status);
  if (exchange.direct) exchange.direct.respond(GATEWAY_TIMEOUT, status);
  else exchange.respond(GATEWAY_TIMEOUT, HEADERS, BODY);
}

export const GATEWAY_TIMEOUT = 504;
const timeout = (why: string) =>
  new StatusError({ message: `Timeout: ${why}`, reason: "Timeout", details: {}, code: GATEWAY_TIMEOUT });
const LATE = timeout("request did not complete within the allotted timeout");
const LATE_WRITE = timeout("request did not complete within requested timeout - context deadline exceeded");
/** As the original writes it, past all encodings: no kind, and no type but what Go guesses from the text. */
const { kind: _kind, apiVersion: _apiVersion, ...WRITTEN } = LATE.status;
const BODY = Buffer.from(`${JSON.stringify(WRITTEN)}\n`);
const HEADERS = ["content-type", "text/plain; charset=utf-8", "cache-control", "no-cache, private"];

/** Zero, too: as long as may be. */
function askedMs(text: string | null): number {
  if (!text) return 0;
  try {
    return parseDuration(text);
  } catch (error) {
    throw badRequest(`invalid timeout specified in the request URL - ${(error as DurationError).message}`);
  }
}
