/** A scheduler over a cluster in memory and a virtual clock: `const run = await runScheduler(); run.cluster.put(...); await run.settle()`. */
import type { KubeObject } from "@kubets/api/meta";
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

export interface RunOptions {
  readonly random?: Random;
  readonly config?: SchedulerConfig;
  readonly registry?: Registry;
  readonly cluster?: MemoryCluster;
  readonly metrics?: MetricsRegistry;
  readonly featureGates?: Readonly<Record<string, boolean>>;
}

export async function runScheduler(options: RunOptions = {}): Promise<Run> {
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

/** One that has seen these objects, for as long as `body` takes. */
export async function scheduling(
  objects: readonly KubeObject[],
  body: (run: Run) => Promise<void> | void,
  options: RunOptions = {},
): Promise<void> {
  const run = await runScheduler(options);
  try {
    run.cluster.put(...objects);
    await run.settle();
    await body(run);
  } finally {
    run.stop();
  }
}

/** Until all that can be bound is. */
export async function inTime({ clock, settle }: Run): Promise<void> {
  await clock.advance(20_000);
  await settle();
}
