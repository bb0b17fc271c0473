/**
 * One priority level at work: takes requests in, lets them wait, starts them as seats come free. A request that waits longer than the longest
 * wait is turned away.
 */
import type { PriorityLevelConfiguration } from "@kubets/api/generated/types/flowcontrol-v1";
import type { Clock, Timer } from "@kubets/machinery";
import { LruCache } from "@kubets/machinery/lru";
import type { SeatLimits } from "./concurrency.ts";
import { FairQueues, type QueueShape, type Ticket } from "./fair-queues.ts";
import type { FlowMetrics } from "./flow-metrics.ts";
import type { LevelUse } from "./level-use.ts";
import type { LoopTurns, Waiting } from "./loop-turns.ts";
import { SeatDemand } from "./seat-demand.ts";
import { dealHand } from "./shuffle-shard.ts";

export type Refused = "queue-full" | "concurrency-limit" | "time-out";

/** What becomes of a request that has to wait: one of the two is called, once, unless it leaves before. */
export interface Later {
  start(): void;
  refuse(why: Refused): void;
}

interface EnterOptions {
  readonly told?: FlowMetrics | undefined;
  /** Whether a busy loop is a reason to wait. */
  readonly waitsForTurn?: boolean;
}

export interface LevelParts {
  readonly clock: Clock;
  readonly longestWaitMs: number;
  readonly turns: LoopTurns;
  /** What keeps how much of a level is in use. */
  use?(level: string): LevelUse;
}

interface Waiter {
  readonly later: Later;
  readonly timer: Timer;
}

const HANDS_KEPT = 1024;
const ONLY_QUEUE: readonly number[] = [0];

export class PriorityLevel implements Waiting {
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
  readonly #turns: LoopTurns;
  readonly #use: LevelUse | undefined;
  readonly #waiters = new Map<Ticket, Waiter>();
  #hands = new LruCache<string, readonly number[]>(HANDS_KEPT);

  constructor(name: string, { clock, longestWaitMs, turns, use }: LevelParts) {
    this.name = name;
    this.#clock = clock;
    this.#longestWaitMs = longestWaitMs;
    this.#turns = turns;
    this.#use = use?.(name);
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
    this.noteUse();
    this.queues.configure(this.exempt ? Number.POSITIVE_INFINITY : seats, this.#shape);
    this.#goOn();
  }

  /** The ticket says what became of it: it runs, it waits, or it is done with already: turned away. What runs or waits must `leave`. */
  enter(flow: string, width: number, later: Later, { told, waitsForTurn = true }: EnterOptions = {}): Ticket {
    const ticket: Ticket = { width, flow, state: "waiting", arrived: 0, started: 0, queue: undefined, told };
    const now = this.#clock.monotonic();
    const hand = this.#shape ? this.#hand(flow, this.#shape) : ONLY_QUEUE;
    this.noteUse(now);
    const outcome = this.queues.arrive(ticket, hand, now, this.exempt || !waitsForTurn || this.#turns.open);
    if (outcome === "rejected") {
      ticket.state = "done";
      this.#refused(ticket, this.#shape ? "queue-full" : "concurrency-limit");
      return ticket;
    }
    this.demand.add(width, now);
    if (outcome === "running") {
      this.dispatched++;
      told?.starts(width, 0, false);
    } else {
      told?.waits((ticket.queue?.waiting.length ?? 1) - 1);
      this.#waiters.set(ticket, { later, timer: this.#clock.after(this.#longestWaitMs, () => this.#timeOut(ticket)) });
      this.#goOn();
    }
    return ticket;
  }

  /** It is answered, or its client is gone. Doing it twice does nothing. */
  leave(ticket: Ticket): void {
    if (ticket.state === "done") return;
    const now = this.#clock.monotonic();
    this.noteUse(now);
    this.demand.add(-ticket.width, now);
    if (ticket.state === "running") {
      this.queues.finish(ticket, now);
      ticket.told?.ends(ticket.width, now - ticket.started);
    } else {
      this.#forget(ticket);
      this.queues.giveUp(ticket);
      ticket.told?.leavesQueue(now - ticket.arrived);
    }
    this.#goOn();
  }

  get weight(): number {
    return Math.max(1, this.limits.nominal);
  }

  startNext(): number {
    const now = this.#clock.monotonic();
    this.noteUse(now);
    const ticket = this.queues.next(now);
    if (!ticket) return 0;
    this.dispatched++;
    ticket.told?.starts(ticket.width, ticket.started - ticket.arrived, true);
    this.#forget(ticket)?.start();
    return ticket.width;
  }

  /** Counts how much was in use until now. */
  noteUse(now = this.#clock.monotonic()): void {
    if (!this.#use) return;
    const { queues, limits, demand } = this;
    const { queues: many = 1, queueLengthLimit = 1 } = this.#shape ?? {};
    this.#use.stood(
      {
        running: queues.running,
        waiting: queues.waiting,
        seatsInUse: queues.inUse,
        seats: this.exempt ? limits.nominal : queues.limit,
        room: many * queueLengthLimit,
        wanted: demand.seats,
        nominal: limits.nominal,
      },
      now,
    );
  }

  #goOn(): void {
    if (this.queues.waiting > 0) this.#turns.wait(this);
  }

  #timeOut(ticket: Ticket): void {
    const later = this.#waiters.get(ticket)?.later;
    this.leave(ticket);
    this.#refused(ticket, "time-out");
    later?.refuse("time-out");
  }

  #refused({ told }: Ticket, why: Refused): void {
    this.refused[why]++;
    told?.rejected(why);
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
