/** A scheduler over a cluster in memory and a virtual clock: `const run = await runScheduler(); run.cluster.put(...); await run.settle()`. */
import { type Random, seededRandom, silentLogger, VirtualClock } from "@kubets/machinery";
import type { MetricsRegistry } from "@kubets/machinery/metrics";
import type { SchedulerConfig } from "../config/config.ts";
import type { Registry } from "../framework/handle.ts";
import { type RunningScheduler, startScheduler } from "../scheduler.ts";
import { MemoryCluster } from "./memory-cluster.ts";

export interface Run {
  readonly cluster: MemoryCluster;
  readonly clock: VirtualClock;
  readonly scheduler: RunningScheduler;
  /** Lets everything that is due happen. */
  settle(): Promise<void>;
  stop(): void;
}

/** A scheduler that is still at work after so many turns of the loop goes round in circles. */
const MOST_TURNS = 5000;

export async function runScheduler(
  options: {
    random?: Random;
    config?: SchedulerConfig;
    registry?: Registry;
    cluster?: MemoryCluster;
    metrics?: MetricsRegistry;
    featureGates?: Readonly<Record<string, boolean>>;
  } = {},
): Promise<Run> {
  const cluster = options.cluster ?? new MemoryCluster();
  const clock = new VirtualClock();
  const abort = new AbortController();
  const { random = seededRandom(1), config, registry, metrics, featureGates = {} } = options;
  const scheduler = startScheduler({
    client: cluster.client,
    cache: cluster.cache,
    events: cluster.recorder,
    clock,
    random,
    log: silentLogger,
    signal: abort.signal,
    featureGates,
    ...(config ? { config } : {}),
    ...(registry ? { registry } : {}),
    ...(metrics ? { metrics } : {}),
  });
  await scheduler.ready;
  const turn = () => new Promise<void>((resolve) => setImmediate(resolve));
  return {
    cluster,
    clock,
    scheduler,
    async settle() {
      for (let quiet = 0, turns = 0; quiet < 3; turns++) {
        if (turns > MOST_TURNS)
          throw new Error(`no rest: ${cluster.requests.slice(-12).join("; ")}; ${cluster.events.slice(-6).join("; ")}`);
        const before = cluster.requests.length;
        await turn();
        const { queue, binding, isHeld } = scheduler;
        quiet = queue.isEmpty && binding === 0 && !isHeld && before === cluster.requests.length ? quiet + 1 : 0;
      }
    },
    stop: () => abort.abort(),
  };
}
