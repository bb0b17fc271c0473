/**
 * How much of a priority level was in use and how much was wanted of it, for how long, by the original's names: histograms in which each value counts as many
 * times as nanoseconds passed while it held.
 * Holds: one call before each change tells what stood until then; it costs a few additions.
 */
import type { Family, Histogram, MetricsRegistry } from "@kubets/machinery/metrics";

const SEATS = [0, 0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9, 0.95, 0.99, 1];
const REQUESTS = [0, 0.001, 0.003, 0.01, 0.03, 0.1, 0.25, 0.5, 0.75, 1];
const DEMAND = [0.2, 0.4, 0.6, 0.8, 1, 1.2, 1.4, 1.7, 2, 2.8, 4, 6];
const NS_PER_MS = 1e6;

interface UseFamilies {
  readonly seats: Family<Histogram>;
  readonly requests: Family<Histogram>;
  readonly demand: Family<Histogram>;
}

export interface Standing {
  readonly running: number;
  readonly waiting: number;
  readonly seatsInUse: number;
  readonly seats: number;
  /** In its queues. */
  readonly room: number;
  readonly wanted: number;
  readonly nominal: number;
}

export class LevelUse {
  readonly #seats: Histogram;
  readonly #running: Histogram;
  readonly #waiting: Histogram;
  readonly #demand: Histogram;
  #since: number;

  constructor({ seats, requests, demand }: UseFamilies, level: string, now: number) {
    this.#seats = seats.values("executing", level);
    this.#running = requests.values("executing", level);
    this.#waiting = requests.values("waiting", level);
    this.#demand = demand.values(level);
    this.#since = now;
  }

  /** What stood until now. */
  stood({ running, waiting, seatsInUse, seats, room, wanted, nominal }: Standing, now: number): void {
    const lasted = Math.round((now - this.#since) * NS_PER_MS);
    if (lasted <= 0) return;
    this.#since = now;
    this.#seats.observe(seatsInUse / Math.max(1, seats), lasted);
    this.#running.observe(running / Math.max(1, seats), lasted);
    this.#waiting.observe(waiting / Math.max(1, room), lasted);
    this.#demand.observe(wanted / Math.max(1, nominal), lasted);
  }
}

export function useFamilies(registry: MetricsRegistry): UseFamilies {
  const histogram = (name: string, help: string, labels: string[], buckets: number[]) =>
    registry.histogram({ name: `apiserver_flowcontrol_${name}`, help, labels, buckets });
  return {
    seats: histogram(
      "priority_level_seat_utilization",
      "Which part of a level's seats was in use, for how many nanoseconds.",
      ["phase", "priority_level"],
      SEATS,
    ),
    requests: histogram(
      "priority_level_request_utilization",
      "How many requests were in work or waited, as a part of a level's seats or of the room in its queues, for how many nanoseconds.",
      ["phase", "priority_level"],
      REQUESTS,
    ),
    demand: histogram(
      "demand_seats",
      "How many seats were wanted, as a part of those that a level has by its shares, for how many nanoseconds.",
      ["priority_level"],
      DEMAND,
    ),
  };
}
