/**
 * What a work queue tells of itself, by the names that Kubernetes gives it: `workqueue_*{name}`.
 * One for a process; each queue takes the part of its own name.
 */
import type { Clock } from "./clock.ts";
import type { MetricsRegistry } from "./metrics.ts";

/** Where a queue tells what happens to it. */
export interface WorkQueueMetrics<K> {
  added(key: K): void;
  taken(key: K): void;
  done(key: K): void;
  retried(): void;
}

const BUCKETS = [1e-8, 1e-7, 1e-6, 1e-5, 1e-4, 1e-3, 1e-2, 1e-1, 1, 10];

export function workQueueMetrics(
  registry: MetricsRegistry,
  clock: Clock,
): <K = string>(name: string) => WorkQueueMetrics<K> {
  const labels = ["name"];
  const counter = (name: string, help: string) => registry.counter({ name, help, labels });
  const gauge = (name: string, help: string) => registry.gauge({ name, help, labels });
  const histogram = (name: string, help: string) => registry.histogram({ name, help, labels, buckets: BUCKETS });
  const adds = counter("workqueue_adds_total", "Keys that were added.");
  const retries = counter("workqueue_retries_total", "Keys that are to be tried again.");
  const depths = gauge("workqueue_depth", "Keys that wait.");
  const waits = histogram("workqueue_queue_duration_seconds", "How long keys wait.");
  const works = histogram("workqueue_work_duration_seconds", "How long keys are in work.");
  const unfinished = gauge("workqueue_unfinished_work_seconds", "How long what is in work has been so, in sum.");
  const longest = gauge("workqueue_longest_running_processor_seconds", "How long the oldest key has been in work.");
  return <K>(name: string): WorkQueueMetrics<K> => {
    const added = adds.values(name);
    const depth = depths.values(name);
    const wait = waits.values(name);
    const work = works.values(name);
    const retry = retries.values(name);
    const waiting = new Map<K, number>();
    const working = new Map<K, number>();
    registry.onCollect(() => {
      const now = clock.monotonic();
      const ages = [...working.values()].map((since) => (now - since) / 1000);
      unfinished.values(name).set(ages.reduce((sum, age) => sum + age, 0));
      longest.values(name).set(Math.max(0, ...ages));
    });
    return {
      added(key) {
        added.inc();
        waiting.set(key, clock.monotonic());
        depth.set(waiting.size);
      },
      taken(key) {
        const now = clock.monotonic();
        wait.observe((now - (waiting.get(key) ?? now)) / 1000);
        waiting.delete(key);
        working.set(key, now);
        depth.set(waiting.size);
      },
      done(key) {
        work.observe((clock.monotonic() - (working.get(key) ?? 0)) / 1000);
        working.delete(key);
      },
      retried: () => retry.inc(),
    };
  };
}
