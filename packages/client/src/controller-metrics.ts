/** What controllers tell of their work: their queues by the original's names, and how reconciles ended. */
import type { Clock } from "@kubets/machinery";
import type { MetricsRegistry } from "@kubets/machinery/metrics";
import { workQueueMetrics } from "@kubets/machinery/work-queue-metrics";
import type { ControllerMetrics } from "./controller-runner.ts";

export function controllerMetrics(registry: MetricsRegistry, clock: Clock): ControllerMetrics {
  const reconciles = registry.counter({
    name: "kubets_controller_reconciles_total",
    help: "Reconciles by controller and how they ended.",
    labels: ["controller", "outcome"],
  });
  return {
    queue: workQueueMetrics(registry, clock),
    reconciled: (controller, outcome) => reconciles.values(controller, outcome).inc(),
  };
}
