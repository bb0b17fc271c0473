/**
 * Ends requests that are not answered in time with 504. What they still do behind that is answered to nobody, and may still be stored.
 * Holds: nearly all requests have the same time, so they stand in a ring in the order of their deadlines, and there is one timer, for the first of them; only
 * those that ask for less time have timers of their own.
 */
import { badRequest, type Clock, type DurationError, parseDuration, StatusError, type Timer } from "@kubets/machinery";
import { isLongRunning } from "../fairness/long-running.ts";
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

/** Told what becomes of requests that are late. */
export interface Lateness {
  late(exchange: CoreExchange, info: RequestInfo): void;
  /** It came to an answer behind that. */
  wentOn(): void;
}

export class Deadline extends Place {
  readonly exchange: CoreExchange;
  readonly info: RequestInfo;
  /** By the clock's monotonic time. */
  readonly due: number;
  timer: Timer | undefined = undefined;
  isLate = false;
  readonly #told: Lateness;
  #isMet = false;

  constructor(exchange: CoreExchange, info: RequestInfo, due: number, told: Lateness) {
    super();
    this.#told = told;
    this.exchange = exchange;
    this.info = info;
    this.due = due;
  }

  /** Asked before each answer: false where there was one already. */
  meet(): boolean {
    if (this.#isMet) {
      if (this.isLate) this.#told.wentOn();
      return false;
    }
    this.#isMet = true;
    this.leave();
    this.timer?.cancel();
    return true;
  }
}

export class Deadlines {
  readonly #clock: Clock;
  readonly #longestMs: number;
  readonly #told: Lateness;
  readonly #waiting = new Place();
  #timer: Timer | undefined;

  constructor(clock: Clock, longestMs: number, told: Lateness) {
    this.#clock = clock;
    this.#longestMs = longestMs;
    this.#told = told;
  }

  /** Sets the deadline of a request that has one. Throws where it asks for a time that is none. */
  begin(exchange: CoreExchange, info: RequestInfo): void {
    // What is given away to another protocol has no answer that could be late.
    if (isLongRunning(info) || exchange.socket?.upgrade) return;
    const asked = info.query.size > 0 ? askedMs(info.query.get("timeout")) : 0;
    const isShort = asked > 0 && asked < this.#longestMs;
    const ms = isShort ? asked : this.#longestMs;
    const deadline = new Deadline(exchange, info, this.#clock.monotonic() + ms, this.#told);
    exchange.deadline = deadline;
    if (isShort) this.#endAfter(ms, deadline);
    else {
      deadline.joinAtEnd(this.#waiting);
      this.#timer ??= this.#clock.after(ms, this.#endLate);
    }
  }

  #endAfter(ms: number, deadline: Deadline): void {
    deadline.timer = this.#clock.after(ms, () => this.#end(deadline));
  }

  stop(): void {
    this.#timer?.cancel();
    this.#timer = { cancel() {} };
  }

  /** The request that the timer was set for is mostly answered long since: it goes on with the one that is first by then. */
  readonly #endLate = (): void => {
    const now = this.#clock.monotonic();
    let first = this.#waiting.behind;
    for (; first instanceof Deadline && first.due <= now; first = this.#waiting.behind) {
      first.leave();
      this.#end(first);
    }
    this.#timer = first instanceof Deadline ? this.#clock.after(first.due - now, this.#endLate) : undefined;
  };

  #end(deadline: Deadline): void {
    const { exchange, info } = deadline;
    deadline.isLate = true;
    this.#told.late(exchange, info);
    const { status } = LATE;
    exchange.audit?.status(status);
    exchange.audit?.answer(() => status);
    if (exchange.direct) exchange.direct.respond(GATEWAY_TIMEOUT, status);
    else exchange.respond(GATEWAY_TIMEOUT, HEADERS, BODY);
  }
}

export const GATEWAY_TIMEOUT = 504;
const LATE = new StatusError({
  message: "Timeout: request did not complete within the allotted timeout",
  reason: "Timeout",
  details: {},
  code: GATEWAY_TIMEOUT,
});
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
