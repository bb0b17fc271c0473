/** The seats of each priority level, as the original's metrics tell them; read off the levels when somebody scrapes. */
import type { MetricsRegistry } from "@kubets/machinery/metrics";
import type { Fairness } from "./fairness.ts";
import type { PriorityLevel } from "./priority-level.ts";

const GAUGES: readonly [name: string, help: string, read: (level: PriorityLevel) => number][] = [
  ["nominal_limit_seats", "The seats that a level has by its shares.", ({ limits }) => limits.nominal],
  ["lower_limit_seats", "The seats that a level keeps when it lends all it may.", ({ limits }) => limits.min],
  ["upper_limit_seats", "The seats that a level has when it borrows all it may.", ({ limits }) => limits.max],
  ["current_limit_seats", "The seats that a level has now.", ({ queues }) => queues.limit],
];

export function measureFairness(fairness: Fairness, registry: MetricsRegistry): void {
  const families = GAUGES.map(([name, help, read]) => ({
    family: registry.gauge({ name: `apiserver_flowcontrol_${name}`, help, labels: ["priority_level"] }),
    read,
  }));
  registry.onCollect(() => {
    for (const { family, read } of families) {
      family.clear();
      for (const level of fairness.levels.values()) if (!level.exempt) family.values(level.name).set(read(level));
    }
  });
}
