/** Counts what containers were given of CPUs and memory, of their pod or of the node, and what they were not, by the original's names. */
import type { Counter, Family, MetricsRegistry } from "@kubets/machinery/metrics";
import { type Allotment, POD_POOL, type PodAllotments } from "./allotment.ts";

export type Counted = "cpu" | "memory";
type Source = "node" | "pod";

export class AllotmentCounts {
  readonly #given: Family<Counter>;
  readonly #refused: Family<Counter>;
  readonly #kinds: Family<Counter>;

  constructor(registry: MetricsRegistry) {
    const counter = (name: string, help: string, label: string) =>
      registry.counter({ name: `resource_manager_${name}`, help, labels: ["resource_name", label] });
    this.#given = counter("allocations_total", "What containers were given of a resource.", "source");
    this.#refused = counter("allocation_errors_total", "What could not be given of a resource.", "source");
    this.#kinds = counter("container_assignments", "Containers by what they were given.", "assignment_type");
  }

  given(made: PodAllotments): void {
    for (const [container, each] of Object.entries(made))
      if (container !== POD_POOL) for (const resource of countedOf(each)) this.#count(resource, each);
  }

  #count(resource: Counted, { ofPod, sharesCpus, sharesMemory }: Allotment): void {
    const shares = resource === "cpu" ? sharesCpus : sharesMemory;
    this.#given.values(resource, ofPod ? "pod" : "node").inc();
    this.#kinds.values(resource, ofPod ? (shares ? "pod_shared" : "pod_exclusive") : "node_exclusive").inc();
  }

  refused(resource: Counted, source: Source): void {
    this.#refused.values(resource, source).inc();
  }
}

const countedOf = ({ cpus, memory }: Allotment): Counted[] => [
  ...(cpus ? (["cpu"] as const) : []),
  ...(memory ? (["memory"] as const) : []),
];
