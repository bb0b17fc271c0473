/** The network of services of one server: its options, the allocator, and what it keeps up while it runs. */
import { endpoints, ipaddresses } from "@kubets/api/generated/refs";
import type { Client } from "@kubets/client/client";
import {
  type Cidr,
  type Clock,
  every,
  isReason,
  type Logger,
  type PortRange,
  parseIp,
  portRangeSize,
  type Random,
  type Timer,
} from "@kubets/machinery";
import type { Storage } from "@kubets/storage";
import type { ClusterView } from "../admission/plugin.ts";
import { storeIn } from "../cluster-view.ts";
import type { ServedResources } from "../served-resource.ts";
import { startStep } from "../start-step.ts";
import { ClusterIps } from "./cluster-ips.ts";
import { ensureDefaultRange, ensureEndpoints, ensureService, type KubernetesService } from "./kubernetes-service.ts";
import type { ServiceMetrics } from "./metrics.ts";
import { NodePorts } from "./node-ports.ts";
import { PortClaims } from "./port-claims.ts";
import { checkPorts, repairAddresses } from "./repair.ts";
import { LEASE_SECONDS, liveServers, renewLease } from "./server-leases.ts";
import { ServiceAllocator } from "./service-allocator.ts";
import { ServiceRanges } from "./service-ranges.ts";

export interface ServiceNetworkOptions {
  /** One range for each family, the cluster's own first. */
  readonly ranges: readonly Cidr[];
  readonly nodePorts: PortRange;
}

interface Parts {
  readonly view: ClusterView;
  readonly served: ServedResources;
  readonly clock: Clock;
  readonly random: Random;
  readonly log: Logger;
  readonly storage: Storage;
  readonly metrics: ServiceMetrics;
}

const REPAIR_MS = 180_000;

export class ServiceNetwork {
  readonly allocator: ServiceAllocator;
  readonly #parts: Parts;
  readonly #ranges: ServiceRanges;
  readonly #ips: ClusterIps;
  readonly #nodePorts: PortRange;
  readonly #timers: Timer[] = [];

  constructor(options: ServiceNetworkOptions, parts: Parts) {
    const { view, served, clock, random, storage, metrics } = parts;
    this.#parts = parts;
    this.#nodePorts = options.nodePorts;
    this.#ranges = new ServiceRanges(view, options.ranges);
    this.#ips = new ClusterIps({
      store: storeIn(served, ipaddresses),
      view,
      ranges: this.#ranges,
      clock,
      random,
      metrics,
    });
    const ports = new NodePorts(options.nodePorts, { random, served, claims: new PortClaims(storage), metrics });
    metrics.watch(
      () => this.#ips.use(),
      () => [ports.taken, portRangeSize(options.nodePorts)],
    );
    this.allocator = new ServiceAllocator({
      ips: this.#ips,
      ports,
      ranges: this.#ranges,
      endpoints: storeIn(served, endpoints),
    });
  }

  /** Makes what every cluster has, and keeps it; `address` is this server's own, if it is to be among the endpoints. */
  async start(client: Client, port: number, address: string | undefined): Promise<void> {
    const { view, clock, log, metrics } = this.#parts;
    const service: KubernetesService = { client, view, clock, ranges: this.#ranges.configured, port };
    const step = (name: string, work: Promise<void>) => startStep(log, name, work);
    await step("default range of services", ensureDefaultRange(service));
    const repair = async () => {
      checkPorts({ view, log, metrics }, this.#nodePorts);
      await repairAddresses({ view, ips: this.#ips, clock, log, metrics }).catch((error: unknown) => {
        metrics.repairFailed();
        throw error;
      });
    };
    await step("addresses of services", repair());
    await step("service of the API", ensureService(service));
    this.#keep(REPAIR_MS, repair);
    if (address === undefined || parseIp(address)?.isLoopback()) return;
    await step("endpoints of the API", this.#join(service, address));
  }

  stop(): void {
    for (const timer of this.#timers) timer.cancel();
  }

  /** Where several servers share a storage, each says by a lease that it lives, and all write down who does. */
  async #join(service: KubernetesService, address: string): Promise<void> {
    const { storage } = this.#parts;
    if (storage.exclusive) return ensureEndpoints(service, [address]);
    const renew = async () => {
      await renewLease(storage, address);
      await ensureEndpoints(service, await liveServers(storage));
    };
    await renew();
    this.#keep((LEASE_SECONDS * 1000) / 3, renew);
  }

  #keep(periodMs: number, run: () => Promise<void>): void {
    const { clock, log } = this.#parts;
    this.#timers.push(
      every(
        clock,
        periodMs,
        () =>
          void run().catch((error: unknown) =>
            log.warn("the service network could not be kept up", { error, conflict: isReason(error, "Conflict") }),
          ),
      ),
    );
  }
}
