/** What priority and fairness tells of its levels and their flows, by the original's names. Seats are read off the levels when somebody scrapes. */
import type { Family, Gauge, MetricsRegistry } from "@kubets/machinery/metrics";
import type { Demand } from "./concurrency.ts";
import { FlowMetrics, flowFamilies } from "./flow-metrics.ts";
import { LevelUse, useFamilies } from "./level-use.ts";
import type { PriorityLevel } from "./priority-level.ts";

const GAUGES: readonly [name: string, help: string, read: (level: PriorityLevel) => number][] = [
  ["nominal_limit_seats", "The seats that a level has by its shares.", ({ limits }) => limits.nominal],
  ["lower_limit_seats", "The seats that a level keeps when it lends all it may.", ({ limits }) => limits.min],
  ["upper_limit_seats", "The seats that a level has when it borrows all it may.", ({ limits }) => limits.max],
  ["current_limit_seats", "The seats that a level has now.", ({ queues }) => queues.limit],
];

export class FairnessMetrics {
  readonly #registry: MetricsRegistry;
  readonly #families: ReturnType<typeof flowFamilies>;
  readonly #use: ReturnType<typeof useFamilies>;
  readonly #flows = new Map<string, FlowMetrics>();
  readonly fairFraction: Gauge;
  readonly #demand: Readonly<Record<"highest" | "mean" | "deviation" | "smooth" | "target", Family<Gauge>>>;

  constructor(registry: MetricsRegistry) {
    this.#registry = registry;
    this.#families = flowFamilies(registry);
    this.#use = useFamilies(registry);
    this.fairFraction = registry
      .gauge({
        name: "apiserver_flowcontrol_seat_fair_frac",
        help: "The fraction of what it wants that a level gets which can use it.",
      })
      .values();
    const gauge = (name: string, help: string) => this.#gauge(name, help);
    this.#demand = {
      highest: gauge("demand_seats_high_watermark", "The most seats that a level wanted at once in the last while."),
      mean: gauge("demand_seats_average", "The seats that a level wanted on average in the last while."),
      deviation: gauge("demand_seats_stdev", "How the seats that a level wanted varied in the last while."),
      smooth: gauge("demand_seats_smoothed", "The seats that a level usually wants."),
      target: gauge("target_seats", "The seats that a level was to have after the last while."),
    };
  }

  flow(level: string, schema: string, type: "regular" | "watch"): FlowMetrics {
    const key = `${level}\0${schema}\0${type}`;
    let found = this.#flows.get(key);
    if (!found) this.#flows.set(key, (found = new FlowMetrics(this.#families, level, schema, type)));
    return found;
  }

  use(level: string, now: number): LevelUse {
    return new LevelUse(this.#use, level, now);
  }

  /** Of the while that is over. */
  demanded(level: string, demand: Demand, target: number): void {
    for (const name of ["highest", "mean", "deviation", "smooth"] as const)
      this.#demand[name].values(level).set(demand[name]);
    this.#demand.target.values(level).set(target);
  }

  watch(levels: ReadonlyMap<string, PriorityLevel>): void {
    const families = GAUGES.map(([name, help, read]) => ({ family: this.#gauge(name, help), read }));
    this.#registry.onCollect(() => {
      for (const level of levels.values()) level.noteUse();
      for (const { family, read } of families) {
        family.clear();
        for (const level of levels.values()) if (!level.exempt) family.values(level.name).set(read(level));
      }
    });
  }

  #gauge(name: string, help: string): Family<Gauge> {
    return this.#registry.gauge({ name: `apiserver_flowcontrol_${name}`, help, labels: ["priority_level"] });
  }
}
