/**
 * Keeps a backend in step with the services and slices of a cluster: what changes within a few milliseconds becomes one change of the
 * machine.
 * Holds: nothing is programmed before services and slices have been seen in full; the backend is never called twice at once; what it
 * refuses, or finds not as it left it, is replaced as a whole, again and again until that succeeds. What stands in the kernel outlives
 * the proxy: only `cleanup` of the backend takes it away.
 */
import { endpointslices, nodes, services } from "@kubets/api/generated/refs";
import type { Node, Service } from "@kubets/api/generated/types/core-v1";
import type { EndpointSlice } from "@kubets/api/generated/types/discovery-v1";
import type { Cache, Subscription } from "@kubets/client";
import { type Clock, every, type Logger, type Timer } from "@kubets/machinery";
import type { MetricsRegistry } from "@kubets/machinery/metrics";
import { inTurns } from "@kubets/machinery/turns";
import type { ProxyBackend } from "./backend.ts";
import { HealthPorts } from "./health-ports.ts";
import type { PlanChange, ProxyPlan } from "./plan.ts";
import { ServicePlanner, serviceOf } from "./planner.ts";
import { type ProxyMetrics, proxyMetrics } from "./proxy-metrics.ts";

export interface ProxyOptions {
  readonly cache: Pick<Cache, "informer">;
  readonly clock: Clock;
  readonly log: Logger;
  readonly nodeName: string;
  readonly backend: ProxyBackend;
  readonly signal: AbortSignal;
  readonly metrics?: MetricsRegistry;
  /** How long changes gather; 10 ms by default. */
  readonly batchMs?: number;
  /** How often the backend looks whether the machine is as it was left; 30 s by default. */
  readonly syncPeriodMs?: number;
}

export interface RunningProxy {
  /** Resolves when the machine did what the first complete plan says. */
  readonly ready: Promise<void>;
  readonly plan: ProxyPlan;
  readonly health: ProxyHealth;
}

export interface ProxyHealth {
  /** Wall time in milliseconds at which the machine was last known to be in step. */
  readonly lastUpdated: number;
  /** Changes wait longer than they should. */
  readonly stale: boolean;
  /** The node is going, and load balancers should leave it out. */
  readonly nodeEligible: boolean;
}

const RETRY_MS = 1000;
const LONGEST_RETRY_MS = 30_000;
const STALE_PERIODS = 2;
const GOING_TAINT = "ToBeDeletedByClusterAutoscaler";

export function startProxy(options: ProxyOptions): RunningProxy {
  return new Proxy(options);
}

class Proxy implements RunningProxy {
  readonly ready: Promise<void>;
  readonly #options: ProxyOptions;
  readonly #planner: ServicePlanner;
  readonly #metrics: ProxyMetrics | undefined;
  readonly #subscriptions: Subscription[] = [];
  readonly #becomeReady: () => void;
  readonly #healthPorts: HealthPorts;
  readonly #check: Timer;
  #batch: Timer | undefined;
  #syncing = false;
  #synced = false;
  /** The machine holds what the plan said. */
  #known = false;
  #failures = 0;
  #lastUpdated = 0;
  /** Monotonic time of the first change that waits. */
  #waitingSince: number | undefined;
  #nodeEligible = true;

  constructor(options: ProxyOptions) {
    const { promise, resolve } = Promise.withResolvers<void>();
    this.ready = promise;
    this.#becomeReady = resolve;
    this.#options = options;
    this.#metrics = options.metrics && proxyMetrics(options.metrics);
    this.#planner = new ServicePlanner({ name: options.nodeName, labels: {} });
    this.#healthPorts = new HealthPorts(() => !this.health.stale, options.log);
    this.#follow();
    this.#check = every(options.clock, options.syncPeriodMs ?? 30_000, () => void this.#look());
    options.signal.addEventListener("abort", () => this.#stop(), { once: true });
  }

  get plan(): ProxyPlan {
    return this.#planner.plan;
  }

  get health(): ProxyHealth {
    const { clock, syncPeriodMs = 30_000 } = this.#options;
    const waits = this.#waitingSince === undefined ? 0 : clock.monotonic() - this.#waitingSince;
    return {
      lastUpdated: this.#lastUpdated,
      stale: !this.#known || waits > STALE_PERIODS * syncPeriodMs,
      nodeEligible: this.#nodeEligible,
    };
  }

  #follow(): void {
    const { cache, nodeName } = this.#options;
    const planner = this.#planner;
    const changed = () => this.#schedule();
    const ofServices = cache.informer<Service>(services);
    const ofSlices = cache.informer<EndpointSlice>(endpointslices);
    const ofNode = cache.informer<Node>(nodes, { fieldSelector: `metadata.name=${nodeName}` });
    const takeNode = (node: Node) => this.#takeNode(node);
    this.#subscriptions.push(
      ofServices.subscribe({
        added: (service) => planner.putService(service),
        changed: (service) => planner.putService(service),
        deleted: (service) => planner.removeService(service),
        batchEnd: changed,
      }),
      ofSlices.subscribe({
        added: (slice) => planner.putSlice(slice),
        changed(slice, old) {
          if (serviceOf(old) !== serviceOf(slice)) planner.removeSlice(old);
          planner.putSlice(slice);
        },
        deleted: (slice) => planner.removeSlice(slice),
        batchEnd: changed,
      }),
      ofNode.subscribe({ added: takeNode, changed: takeNode, batchEnd: changed }),
    );
    void Promise.all([ofServices.synced, ofSlices.synced, ofNode.synced]).then(() => {
      this.#synced = true;
      this.#schedule();
    });
  }

  #takeNode({ metadata, spec }: Node): void {
    this.#planner.setNode({ name: metadata.name, labels: metadata.labels ?? {} });
    this.#nodeEligible = !metadata.deletionTimestamp && !spec?.taints?.some(({ key }) => key === GOING_TAINT);
  }

  #schedule(afterMs = this.#options.batchMs ?? 10): void {
    const { clock, signal } = this.#options;
    if (!this.#synced || this.#batch || signal.aborted) return;
    if (this.#known && !this.#planner.hasChanges) return;
    this.#waitingSince ??= clock.monotonic();
    this.#batch = clock.after(afterMs, () => {
      this.#batch = undefined;
      void this.#sync();
    });
  }

  /** Brings the machine in step; what changes meanwhile is for the next time. */
  async #sync(): Promise<void> {
    if (this.#syncing) return;
    this.#syncing = true;
    const change = await inTurns(() => this.#planner.takeChange());
    void this.#healthPorts.set(this.#planner.health);
    const since = this.#waitingSince;
    this.#waitingSince = undefined;
    const isDone = this.#known ? (await this.#apply(change)) || (await this.#replace()) : await this.#replace();
    this.#syncing = false;
    if (!isDone) this.#waitingSince = since;
    this.#failures = isDone ? 0 : this.#failures + 1;
    this.#schedule(isDone ? undefined : Math.min(RETRY_MS * 2 ** (this.#failures - 1), LONGEST_RETRY_MS));
  }

  async #apply(change: PlanChange): Promise<boolean> {
    if (change.put.length + change.remove.length === 0) return true;
    return this.#call("partial", () => this.#options.backend.apply(change));
  }

  async #replace(): Promise<boolean> {
    // The plan lives on while the backend works; it gets what it is now.
    const plan = { ports: new Map(this.#planner.plan.ports) };
    const isDone = await this.#call("full", () => this.#options.backend.replace(plan));
    if (isDone) this.#becomeReady();
    return isDone;
  }

  async #call(how: "partial" | "full", work: () => Promise<void>): Promise<boolean> {
    const { clock, log, backend } = this.#options;
    const start = clock.monotonic();
    try {
      await work();
      this.#known = true;
      this.#lastUpdated = clock.now();
      this.#metrics?.synced(how, (clock.monotonic() - start) / 1000, clock.now() / 1000);
      return true;
    } catch (error) {
      this.#known = false;
      this.#metrics?.failed(how);
      log.warn("services could not be programmed", { backend: backend.name, how, error });
      return false;
    }
  }

  /** Looks whether the machine is as it was left. */
  async #look(): Promise<void> {
    if (this.#syncing || !this.#known) return;
    this.#syncing = true;
    const nothing = { put: [], remove: [] };
    await this.#call("partial", () => this.#options.backend.apply(nothing));
    this.#syncing = false;
    this.#schedule();
  }

  #stop(): void {
    this.#check.cancel();
    this.#batch?.cancel();
    void this.#healthPorts.set([]);
    for (const subscription of this.#subscriptions) subscription.stop();
  }
}
