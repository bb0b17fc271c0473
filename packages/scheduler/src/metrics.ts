/**
 * How what happens is counted (metric-table.ts says under which names). Sizes are read when they are asked for, and cost nothing in between.
 */
import type { Clock } from "@kubets/machinery";
import type { Family, MetricsRegistry } from "@kubets/machinery/metrics";
import type { MemoMeter } from "./framework/answers.ts";
import type { ClusterState } from "./framework/cluster-state.ts";
import type { HandleMetrics } from "./framework/handle.ts";
import type { PluginMeter } from "./framework/instrumented.ts";
import { registerGroupMetrics, registerMetrics } from "./metric-table.ts";
import type { SchedulingQueue } from "./queue/scheduling-queue.ts";

export type GroupResult = "scheduled" | "unschedulable" | "waiting_on_preemption" | "error";
export type AttemptResult = "scheduled" | "unschedulable" | "error";
export type IncomingQueue = "active" | "backoff" | "unschedulable" | "gated";

export interface Sizes {
  readonly queue: SchedulingQueue;
  readonly cluster: ClusterState;
  readonly binding: number;
}

export type SchedulerMetrics = ReturnType<typeof schedulerMetrics>;

export function schedulerMetrics(registry: MetricsRegistry, sizes: Sizes, clock: Clock) {
  const m = registerMetrics(registry);
  collectSizes(registry, sizes);
  return {
    ...ofPlugins(registry),
    now: () => clock.monotonic(),
    hinted: (plugin: string, event: string, hint: "Queue" | "QueueSkip", ms: number): void =>
      m.hintDuration.values(plugin, event, hint).observe(ms / 1000),
    handled: (event: string, ms: number): void => m.eventDuration.values(event).observe(ms / 1000),
    scheduledAfterFlush: (): void => m.afterFlush.values().inc(),
    attempted(result: AttemptResult, profile: string, seconds: number): void {
      m.attempts.values(result, profile).inc();
      m.attemptDuration.values(result, profile).observe(seconds);
    },
    decided: (seconds: number): void => m.algorithmDuration.values().observe(seconds),
    bound(tries: number, seconds: number): void {
      m.attemptsOfPod.values().observe(tries);
      m.sliDuration.values(tries >= 16 ? "16+" : String(tries)).observe(seconds);
    },
    preempting: (): void => m.preemptions.values().inc(),
    queued: (queue: IncomingQueue, event: string): void => m.incoming.values(queue, event).inc(),
    waited: (result: string, seconds: number): void => m.permitWait.values(result).observe(seconds),
  };
}

/** Of groups of pods. */
export function groupMetrics(registry: MetricsRegistry) {
  const m = registerGroupMetrics(registry);
  return {
    decided: (ms: number): void => m.algorithmDuration.values().observe(ms / 1000),
    attempted(result: GroupResult, profile: string, ms: number): void {
      m.attempts.values(result, profile).inc();
      m.attemptDuration.values(result, profile).observe(ms / 1000);
    },
  };
}

/** What plugins tell of themselves. */
function ofPlugins(registry: MetricsRegistry): HandleMetrics {
  const m = registerMetrics(registry);
  return {
    preempted: (count) => m.victims.values().observe(count),
    evicted(result, ms) {
      m.evictions.values(result).inc();
      m.evictionDuration.values(result).observe(ms / 1000);
    },
    awaitedDevice(profile, driver, status, ms) {
      m.readinessWaits.values(profile, driver, status).inc();
      m.readinessWait.values(profile, driver, status).observe(ms / 1000);
    },
    claimCreated: (status) => m.claimsCreated.values(status).inc(),
    volumes: (operation) => m.volumeRequests.values(operation).inc(),
    volumesFailed: (operation) => m.volumeErrors.values(operation).inc(),
  };
}

function collectSizes(registry: MetricsRegistry, sizes: Sizes): void {
  const { pending, unschedulable, cacheSize, goroutines } = registerMetrics(registry);
  registry.onCollect(() => {
    const { queue, cluster } = sizes;
    for (const [name, count] of Object.entries(queue.counts)) pending.values(name).set(count);
    unschedulable.clear();
    for (const { pod, refusedBy } of queue.waiting())
      for (const plugin of refusedBy) unschedulable.values(plugin, pod.spec.schedulerName ?? "").inc();
    for (const [name, count] of Object.entries(cluster.sizes)) cacheSize.values(name).set(count);
    goroutines.values("binding").set(sizes.binding);
  });
}

/** Finds children without making a text of their labels each time: these are asked for many times for each pod. */
function childOf<T>(family: Family<T>): (a: string, b: string, c: string) => T {
  const known = new Map<string, Map<string, Map<string, T>>>();
  return (a, b, c) => {
    const found = known.get(a)?.get(b)?.get(c);
    if (found) return found;
    const child = family.values(a, b, c);
    const ofA = known.get(a) ?? new Map<string, Map<string, T>>();
    const ofB = ofA.get(b) ?? new Map<string, T>();
    known.set(a, ofA.set(b, ofB.set(c, child)));
    return child;
  };
}

/** What plugins do, by their names and extension points. */
export function pluginMetrics(registry: MetricsRegistry, clock: Clock): PluginMeter {
  const { pointDuration, pluginDuration, evaluations } = registerMetrics(registry);
  const ofPoint = childOf(pointDuration);
  const ofPlugin = childOf(pluginDuration);
  return {
    now: () => clock.monotonic(),
    ranPoint: (point, status, profile, ms) => ofPoint(point, status, profile).observe(ms / 1000),
    ranPlugin: (plugin, point, status, ms) => ofPlugin(plugin, point, status).observe(ms / 1000),
    asking: (plugin, point, profile) => evaluations.values(plugin, point, profile),
  };
}

/** How often answers about pods alike serve. */
export function memoMetrics(registry: MetricsRegistry, clock: Clock): MemoMeter {
  const { batchAttempts, batchFlushed, hintFound } = registerMetrics(registry);
  return {
    now: () => clock.monotonic(),
    looked(profile, found, ms) {
      batchAttempts.values(profile, found ? "hint_used" : "no_hint").inc();
      hintFound.values(String(found), profile).observe(ms / 1000);
    },
    letGo: (profile) => batchFlushed.values(profile, "expired").inc(),
  };
}
