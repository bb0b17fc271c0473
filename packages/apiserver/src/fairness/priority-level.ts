/**
 * One priority level at work: takes requests in, lets them wait, starts them as seats come free. A request that waits longer than the longest
 * wait is turned away.
 */
import type { PriorityLevelConfiguration } from "@kubets/api/generated/types/flowcontrol-v1";
import type { Clock, Timer } from "@kubets/machinery";
import { LruCache } from "@kubets/machinery/lru";
import type { SeatLimits } from "./concurrency.ts";
import { FairQueues, type QueueShape, type Ticket } from "./fair-queues.ts";
import { SeatDemand } from "./seat-demand.ts";
import { dealHand } from "./shuffle-shard.ts";

export type Refused = "queue-full" | "concurrency-limit" | "time-out";

/** What becomes of a request that has to wait: one of the two is called, once, unless it leaves before. */
export interface Later {
  start(): void;
  refuse(why: Refused): void;
}

interface Waiter {
  readonly later: Later;
  readonly timer: Timer;
}

const HANDS_KEPT = 1024;
const ONLY_QUEUE: readonly number[] = [0];

export class PriorityLevel {
  readonly name: string;
  readonly queues = new FairQueues();
  readonly demand: SeatDemand;
  uid = "";
  exempt = false;
  limits: SeatLimits = { nominal: 0, min: 0, max: 0 };
  dispatched = 0;
  readonly refused: Record<Refused, number> = { "queue-full": 0, "concurrency-limit": 0, "time-out": 0 };
  #shape: QueueShape | undefined;
  readonly #clock: Clock;
  readonly #longestWaitMs: number;
  readonly #waiters = new Map<Ticket, Waiter>();
  #hands = new LruCache<string, readonly number[]>(HANDS_KEPT);

  constructor(name: string, clock: Clock, longestWaitMs: number) {
    this.name = name;
    this.#clock = clock;
    this.#longestWaitMs = longestWaitMs;
    this.demand = new SeatDemand(clock.monotonic());
  }

  configure({ metadata, spec }: PriorityLevelConfiguration, limits: SeatLimits): void {
    this.uid = metadata.uid;
    this.exempt = spec.type === "Exempt";
    this.limits = limits;
    const queuing = spec.limited?.limitResponse.queuing;
    this.#shape = queuing && {
      queues: queuing.queues ?? 64,
      handSize: queuing.handSize ?? 8,
      queueLengthLimit: queuing.queueLengthLimit ?? 50,
    };
    this.#hands = new LruCache(HANDS_KEPT);
    this.setLimit(limits.nominal);
  }

  setLimit(seats: number): void {
    this.queues.configure(this.exempt ? Number.POSITIVE_INFINITY : seats, this.#shape);
    this.#startMore();
  }

  /** The ticket says what became of it: it runs, it waits, or it is done with already: turned away. What runs or waits must `leave`. */
  enter(flow: string, width: number, later: Later): Ticket {
    const ticket: Ticket = { width, flow, state: "waiting", arrived: 0, started: 0, queue: undefined };
    const now = this.#clock.monotonic();
    const outcome = this.queues.arrive(ticket, this.#shape ? this.#hand(flow, this.#shape) : ONLY_QUEUE, now);
    if (outcome === "rejected") {
      ticket.state = "done";
      this.refused[this.#shape ? "queue-full" : "concurrency-limit"]++;
      return ticket;
    }
    this.demand.add(width, now);
    if (outcome === "running") this.dispatched++;
    else {
      this.#waiters.set(ticket, { later, timer: this.#clock.after(this.#longestWaitMs, () => this.#timeOut(ticket)) });
      this.#startMore();
    }
    return ticket;
  }

  /** It is answered, or its client is gone. Doing it twice does nothing. */
  leave(ticket: Ticket): void {
    if (ticket.state === "done") return;
    const now = this.#clock.monotonic();
    this.demand.add(-ticket.width, now);
    if (ticket.state === "running") this.queues.finish(ticket, now);
    else {
      this.#forget(ticket);
      this.queues.giveUp(ticket);
    }
    this.#startMore();
  }

  #startMore(): void {
    for (;;) {
      const ticket = this.queues.next(this.#clock.monotonic());
      if (!ticket) return;
      this.dispatched++;
      this.#forget(ticket)?.start();
    }
  }

  #timeOut(ticket: Ticket): void {
    const later = this.#waiters.get(ticket)?.later;
    this.leave(ticket);
    this.refused["time-out"]++;
    later?.refuse("time-out");
  }

  #forget(ticket: Ticket): Later | undefined {
    const waiter = this.#waiters.get(ticket);
    this.#waiters.delete(ticket);
    waiter?.timer.cancel();
    return waiter?.later;
  }

  #hand(flow: string, { queues, handSize }: QueueShape): readonly number[] {
    let hand = this.#hands.get(flow);
    if (!hand) this.#hands.set(flow, (hand = dealHand(flow, queues, handSize)));
    return hand;
  }
}
