/**
 * What is counted of the requests of one flow schema at one priority level, by the original's names.
 * Holds: a request costs a few additions here: everything that its schema counts is found by one look-up.
 */
import type { Counter, Gauge, Histogram, MetricsRegistry } from "@kubets/machinery/metrics";

const SECONDS = [0, 0.005, 0.02, 0.05, 0.1, 0.2, 0.5, 1, 2, 5, 10, 15, 30];
const LENGTHS = [0, 10, 25, 50, 100, 250, 500, 1000];
const SEATS = [1, 2, 4, 10];

export class FlowMetrics {
  readonly #byReason = new Map<string, Counter>();
  readonly #parts: {
    readonly rejected: (reason: string) => Counter;
    readonly dispatched: Counter;
    readonly waiting: Gauge;
    readonly running: Gauge;
    readonly seats: Gauge;
    readonly waitedInVain: Histogram;
    readonly waited: Histogram;
    readonly ran: Histogram;
    readonly lengths: Histogram;
    readonly widths: Histogram;
  };

  constructor(families: ReturnType<typeof flowFamilies>, level: string, schema: string, type: "regular" | "watch") {
    const of = [level, schema] as const;
    this.#parts = {
      rejected: (reason) => families.rejected.values(...of, reason),
      dispatched: families.dispatched.values(...of),
      waiting: families.waiting.values(...of),
      running: families.running.values(...of),
      seats: families.seats.values(...of),
      waited: families.waited.values(...of, "true"),
      waitedInVain: families.waited.values(...of, "false"),
      ran: families.ran.values(...of, type),
      lengths: families.lengths.values(...of),
      widths: families.widths.values(...of),
    };
  }

  /** Behind so many others of its queue. */
  waits(behind: number): void {
    this.#parts.waiting.value++;
    this.#parts.lengths.observe(behind);
  }

  starts(width: number, waitedMs: number, didWait: boolean): void {
    const { waiting, running, seats, waited, dispatched, widths } = this.#parts;
    if (didWait) waiting.value--;
    running.value++;
    seats.value += width;
    dispatched.value++;
    waited.observe(waitedMs / 1000);
    widths.observe(width);
  }

  ends(width: number, ranMs: number): void {
    this.#parts.running.value--;
    this.#parts.seats.value -= width;
    this.#parts.ran.observe(ranMs / 1000);
  }

  /** Its client is gone, or it waited for too long. */
  leavesQueue(waitedMs: number): void {
    this.#parts.waiting.value--;
    this.#parts.waitedInVain.observe(waitedMs / 1000);
  }

  rejected(reason: string): void {
    let counter = this.#byReason.get(reason);
    if (!counter) this.#byReason.set(reason, (counter = this.#parts.rejected(reason)));
    counter.value++;
  }
}

const OF_FLOW = ["priority_level", "flow_schema"];

export function flowFamilies(registry: MetricsRegistry) {
  const named = (name: string, help: string, ...more: string[]) => ({
    name: `apiserver_flowcontrol_${name}`,
    help,
    labels: [...OF_FLOW, ...more],
  });
  return {
    rejected: registry.counter(named("rejected_requests_total", "Requests that were turned away.", "reason")),
    dispatched: registry.counter(named("dispatched_requests_total", "Requests that were let in.")),
    waiting: registry.gauge(named("current_inqueue_requests", "Requests that wait.")),
    running: registry.gauge(named("current_executing_requests", "Requests in work.")),
    seats: registry.gauge(named("current_executing_seats", "Seats in use.")),
    waited: registry.histogram({
      ...named("request_wait_duration_seconds", "How long requests waited, in seconds.", "execute"),
      buckets: SECONDS,
    }),
    ran: registry.histogram({
      ...named("request_execution_seconds", "How long requests were in work, in seconds.", "type"),
      buckets: SECONDS,
    }),
    lengths: registry.histogram({
      ...named("request_queue_length_after_enqueue", "How many waited in a queue when a request joined it."),
      buckets: LENGTHS,
    }),
    widths: registry.histogram({
      ...named("work_estimated_seats", "How many seats requests took."),
      buckets: SEATS,
    }),
  };
}
