/**
 * Ends requests that are not answered in time with 504, and breaks off answers that are not taken whole by then, however slowly or not at all their client reads:
 * what is not taken holds memory and a connection (the original waits for ever where nothing is read any more). What requests still do behind that is answered
 * to nobody, and may still be stored.
 * Holds: nearly all requests have the same time, and so has what nearly all writes do; each stand in a ring in the order of their deadlines, and there is one
 * timer, for the first of them. Only those that ask for less time have timers of their own. An answer that begins where no time is left, or none was set, has
 * the time of a request to be taken.
 */
import { badRequest, type Clock, type DurationError, parseDuration, StatusError, type Timer } from "@kubets/machinery";
import type { Exchange } from "@kubets/wire/http";
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

/** What ends at a time of the clock's monotonic ones. */
abstract class Due extends Place {
  due: number;

  constructor(due: number) {
    super();
    this.due = due;
  }

  abstract end(): void;
}

/** What came of a request behind its deadline. */
export type Aftermath = "ok" | "error" | "panic";

/** Told what becomes of requests that are late. */
interface Lateness {
  late(exchange: CoreExchange, info: RequestInfo): void;
  /** Its answer had begun, and was broken off. */
  broken(exchange: CoreExchange, info: RequestInfo): void;
  wentOn(aftermath: Aftermath, isWrite: boolean): void;
}

type Refuse = (error: StatusError) => void;
type Answer = Pick<Exchange, "abort">;

/** Of a request; it never comes for those that may take their time. */
export class Deadline extends Due {
  readonly exchange: CoreExchange;
  readonly info: RequestInfo;
  timer: Timer | undefined = undefined;
  work: Work | undefined = undefined;
  isLate = false;
  readonly #deadlines: Deadlines;
  #isMet = false;
  /** It stands in no ring and has no timer that could end it. */
  #isOver: boolean;
  #answer: Answer | undefined = undefined;
  #isWhole = false;
  #given: AbortController | undefined = undefined;

  constructor(exchange: CoreExchange, info: RequestInfo, due: number, deadlines: Deadlines) {
    super(due);
    this.exchange = exchange;
    this.info = info;
    this.#deadlines = deadlines;
    this.#isOver = due === Infinity;
  }

  /** Aborts when it has passed, or nobody is there any more to be answered. */
  get signal(): AbortSignal {
    if (this.isLate) return AbortSignal.abort();
    return (this.#given ??= this.#untilGone()).signal;
  }

  #untilGone(): AbortController {
    const given = new AbortController();
    this.exchange.onClose(() => given.abort());
    return given;
  }

  /** Asked before each answer: false where there was one already. */
  meet(): boolean {
    if (this.#isMet) {
      if (this.isLate) this.wentOn("ok");
      return false;
    }
    this.#isMet = true;
    this.work?.leave();
    return true;
  }

  /** Of an answer that is on its way: in parts, which may take their time where the request may, or whole. */
  follow(answer: Answer, isWhole: boolean): void {
    if (!isWhole && this.due === Infinity) return;
    this.#answer = answer;
    this.#isWhole = isWhole;
    if (this.#isOver) this.#deadlines.again(this);
    this.exchange.onClose(() => this.lift());
  }

  lift(): void {
    this.leave();
    this.timer?.cancel();
  }

  wentOn(aftermath: Aftermath): void {
    this.#deadlines.told.wentOn(aftermath, this.work?.isLate === true);
  }

  /** Its work has taken too long: the answer says so. */
  refuse(refuse: Refuse): void {
    refuse(LATE_WRITE);
    this.isLate = true;
    this.#given?.abort();
  }

  end(): void {
    this.leave();
    this.#isOver = true;
    // Somebody is still to be told before the answer goes out.
    if (this.#isMet && !this.#answer) return;
    const { told } = this.#deadlines;
    if (!this.isLate) told.late(this.exchange, this.info);
    if (this.#answer) {
      told.broken(this.exchange, this.info);
      // Who makes an answer in parts tells by itself what came of that.
      if (this.#isWhole && !this.isLate) this.wentOn("ok");
      this.isLate = true;
      this.#answer.abort();
    } else {
      this.isLate = true;
      tellLate(this.exchange);
    }
    this.#given?.abort();
  }
}

/** What a request does, where that has less time than the request. */
class Work extends Due {
  isLate = false;
  readonly #deadline: Deadline;
  readonly #refuse: Refuse;

  constructor(deadline: Deadline, due: number, refuse: Refuse) {
    super(due);
    this.#deadline = deadline;
    this.#refuse = refuse;
  }

  end(): void {
    this.leave();
    this.isLate = true;
    this.#deadline.refuse(this.#refuse);
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

  join(due: Due): void {
    due.joinAtEnd(this.#waiting);
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
    for (; first instanceof Due && first.due <= now; first = this.#waiting.behind) first.end();
    this.#timer = first instanceof Due ? this.#clock.after(first.due - now, this.#endLate) : undefined;
  };
}

/** What the original gives to the work of a write, from where it begins. */
const WRITE_MS = 34_000;

export class Deadlines {
  readonly #clock: Clock;
  readonly #requests: Ring;
  readonly #writes: Ring;
  readonly told: Lateness;

  constructor(clock: Clock, longestMs: number, told: Lateness) {
    this.told = told;
    this.#clock = clock;
    this.#requests = new Ring(clock, longestMs);
    this.#writes = new Ring(clock, WRITE_MS);
  }

  /** Sets the deadline of a request. Throws where it asks for a time that is none. */
  begin(exchange: CoreExchange, info: RequestInfo): void {
    // What is given away to another protocol has no answer that could be late.
    if (isLongRunning(info) || exchange.socket?.upgrade) {
      exchange.deadline = new Deadline(exchange, info, Infinity, this);
      return;
    }
    const asked = info.query.size > 0 ? askedMs(info.query.get("timeout")) : 0;
    const isShort = asked > 0 && asked < this.#requests.ms;
    const ms = isShort ? asked : this.#requests.ms;
    const deadline = new Deadline(exchange, info, this.#clock.monotonic() + ms, this);
    exchange.deadline = deadline;
    if (isShort) this.#endAfter(ms, deadline);
    else this.#requests.join(deadline);
  }

  /** Of a request whose work begins: a write has less time for it. */
  work({ deadline }: CoreExchange, refuse: Refuse): void {
    if (!deadline || deadline.due === Infinity || !WRITES.has(deadline.info.verb)) return;
    const due = this.#clock.monotonic() + WRITE_MS;
    if (due >= deadline.due) return;
    deadline.work = new Work(deadline, due, refuse);
    this.#writes.join(deadline.work);
  }

  /** Of an answer that has still to be taken. */
  again(deadline: Deadline): void {
    deadline.due = this.#clock.monotonic() + this.#requests.ms;
    this.#requests.join(deadline);
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
