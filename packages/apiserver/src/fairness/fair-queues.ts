/**
 * The requests of one priority level: those that run, within a limit of seats, and those that wait in queues. Queues are served so that each gets
 * an equal part of the seats' time, whoever stands in it: a queue is charged for what its requests use, and the one that was charged least goes
 * next. Pure: times come in, in milliseconds, and what to start comes out.
 */
import type { FlowMetrics } from "./flow-metrics.ts";

export interface QueueShape {
  readonly queues: number;
  readonly handSize: number;
  readonly queueLengthLimit: number;
}

export interface Ticket {
  readonly width: number;
  readonly flow: string;
  state: "waiting" | "running" | "done";
  arrived: number;
  started: number;
  queue: Queue | undefined;
  /** What counts it. */
  readonly told?: FlowMetrics | undefined;
}

interface Queue {
  readonly index: number;
  readonly waiting: Ticket[];
  /** Seats that its requests use. */
  running: number;
  /** When, on the level's own clock, its next request begins. */
  next: number;
}

/** What a request is charged before it is known how long it takes. */
const GUESSED_MS = 3;

export class FairQueues {
  #limit = 0;
  #shape: QueueShape | undefined;
  readonly #queues: Queue[] = [];
  /** Queues in which somebody waits. */
  readonly #busy = new Set<Queue>();
  #inUse = 0;
  #running = 0;
  #waiting = 0;
  /** The level's own clock: what an always busy queue has been given. */
  #progress = 0;
  #progressAt = 0;

  get limit(): number {
    return this.#limit;
  }

  /** Seats in use. */
  get inUse(): number {
    return this.#inUse;
  }

  get running(): number {
    return this.#running;
  }

  get waiting(): number {
    return this.#waiting;
  }

  get queues(): readonly Queue[] {
    return this.#queues;
  }

  /** Requests that wait already stay where they are. */
  configure(limit: number, shape: QueueShape | undefined): void {
    this.#limit = limit;
    this.#shape = shape;
  }

  /** Takes a request in: it runs at once, if it may, waits in the shortest queue of its hand, or is turned away. */
  arrive(ticket: Ticket, hand: readonly number[], now: number, mayRun = true): "running" | "waiting" | "rejected" {
    this.#advance(now);
    ticket.arrived = now;
    if (!this.#shape) {
      if (!this.#fits(ticket)) return "rejected";
      this.#start(ticket, now);
      return "running";
    }
    const queue = this.#shortest(hand);
    if (mayRun && this.#waiting === 0 && this.#fits(ticket)) {
      this.#join(queue, ticket);
      this.#start(ticket, now);
      return "running";
    }
    // Whoever waits though there are seats takes none of the room of those that wait for a seat.
    const spare = Math.ceil(Math.max(0, this.#limit - this.#inUse) / hand.length);
    if (queue.waiting.length >= this.#shape.queueLengthLimit + spare) return "rejected";
    this.#join(queue, ticket);
    queue.waiting.push(ticket);
    this.#busy.add(queue);
    this.#waiting++;
    return "waiting";
  }

  /** The next request to start, if one fits. */
  next(now: number): Ticket | undefined {
    if (this.#waiting === 0) return undefined;
    this.#advance(now);
    let chosen: Queue | undefined;
    let first = Number.POSITIVE_INFINITY;
    for (const queue of this.#busy) {
      const ends = queue.next + (queue.waiting[0] as Ticket).width * GUESSED_MS;
      if (ends < first) [chosen, first] = [queue, ends];
    }
    const ticket = chosen?.waiting[0];
    if (!chosen || !ticket || !this.#fits(ticket)) return undefined;
    this.#leave(chosen, ticket);
    this.#start(ticket, now);
    return ticket;
  }

  /** A request that runs has come to its end. */
  finish(ticket: Ticket, now: number): void {
    this.#advance(now);
    ticket.state = "done";
    this.#running--;
    this.#inUse -= ticket.width;
    const { queue } = ticket;
    if (!queue) return;
    queue.running -= ticket.width;
    queue.next += (now - ticket.started - GUESSED_MS) * ticket.width;
  }

  /** A request that waits does so no longer. */
  giveUp(ticket: Ticket): void {
    ticket.state = "done";
    if (ticket.queue) this.#leave(ticket.queue, ticket);
  }

  /** One that is wider than the whole limit runs when nothing else does. */
  #fits({ width }: Ticket): boolean {
    return this.#inUse + width <= this.#limit || this.#inUse === 0;
  }

  #start(ticket: Ticket, now: number): void {
    ticket.state = "running";
    ticket.started = now;
    this.#running++;
    this.#inUse += ticket.width;
    const { queue } = ticket;
    if (!queue) return;
    queue.running += ticket.width;
    queue.next += GUESSED_MS * ticket.width;
  }

  /** A queue in which nothing was going on has saved nothing up. */
  #join(queue: Queue, ticket: Ticket): void {
    ticket.queue = queue;
    if (queue.waiting.length === 0 && queue.running === 0 && queue.next < this.#progress) queue.next = this.#progress;
  }

  #leave(queue: Queue, ticket: Ticket): void {
    const at = queue.waiting.indexOf(ticket);
    if (at < 0) return;
    queue.waiting.splice(at, 1);
    this.#waiting--;
    if (queue.waiting.length === 0) this.#busy.delete(queue);
  }

  #shortest(hand: readonly number[]): Queue {
    let found = this.#queue(hand[0] as number);
    for (const index of hand) {
      const queue = this.#queue(index);
      if (loadOf(queue) < loadOf(found)) found = queue;
    }
    return found;
  }

  #queue(index: number): Queue {
    return (this.#queues[index] ??= { index, waiting: [], running: 0, next: 0 });
  }

  /** Time goes by for the level as fast as each busy queue is given seats. */
  #advance(now: number): void {
    const lasted = now - this.#progressAt;
    this.#progressAt = now;
    if (lasted > 0 && this.#busy.size > 0)
      this.#progress += (lasted * Math.min(this.#inUse, this.#limit)) / this.#busy.size;
  }
}

const loadOf = ({ waiting, running }: Queue): number => waiting.length + running;
