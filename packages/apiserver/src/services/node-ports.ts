/**
 * Ports on all nodes, of which each belongs to one service at most. What services hold is read off the cache, change by change; what is taken
 * for a write that is under way is kept until that write is done, and claimed where other servers give ports away, too.
 */
import { services } from "@kubets/api/generated/refs";
import type { Service } from "@kubets/api/generated/types/core-v1";
import { formatPortRange, inPortRange, type PortRange, portRangeSize, type Random } from "@kubets/machinery";
import type { ServedResources } from "../served-resource.ts";
import { AllocationError, type Holder } from "./cluster-ips.ts";
import type { Scope, ServiceMetrics } from "./metrics.ts";
import type { PortClaims } from "./port-claims.ts";

interface Parts {
  readonly random: Random;
  readonly served: ServedResources;
  readonly claims: PortClaims;
  readonly metrics: ServiceMetrics;
}

export class NodePorts {
  readonly range: PortRange;
  readonly #random: Random;
  readonly #claims: PortClaims;
  readonly #metrics: ServiceMetrics;
  /** How many services, and writes under way, hold a port. */
  readonly #held = new Map<number, number>();

  constructor(range: PortRange, { random, served, claims, metrics }: Parts) {
    this.range = range;
    this.#random = random;
    this.#claims = claims;
    this.#metrics = metrics;
    const cache = served.get("", "v1", services.resource)?.store?.cache;
    for (const { object } of cache?.list() ?? []) this.#count(object as Service, 1);
    cache?.onChange(({ current, previous }) => {
      if (current) this.#count(current.object as Service, 1);
      if (previous) this.#count(previous.object as Service, -1);
    });
  }

  async take(port: number, holder: Holder, dryRun: boolean): Promise<void> {
    if (!inPortRange(this.range, port))
      throw new AllocationError(
        `provided port is not in the valid range. The range of valid ports is ${formatPortRange(this.range)}`,
      );
    if (!this.#told("static", dryRun, await this.#claim(port, holder, dryRun)))
      throw new AllocationError("provided port is already allocated");
  }

  /** Any free port, of those that are not kept for services that name theirs as long as there are. */
  async takeAny(holder: Holder, dryRun: boolean): Promise<number> {
    const size = portRangeSize(this.range);
    const kept = keptForNamed(size);
    for (const [from, count] of [
      [kept, size - kept],
      [0, kept],
    ] as const) {
      const start = Math.floor(this.#random.float() * count);
      for (let i = 0; i < count; i++) {
        const port = this.range.first + from + ((start + i) % count);
        if (!(await this.#claim(port, holder, dryRun))) continue;
        this.#told("dynamic", dryRun, true);
        return port;
      }
    }
    this.#told("dynamic", dryRun, false);
    throw new AllocationError("range is full");
  }

  get taken(): number {
    return this.#held.size;
  }

  /** The end of what `take` began: the service that is stored by now holds the port itself, or nobody does. */
  release(port: number): void {
    this.#add(port, -1);
  }

  /** No service holds it any more: the others need not wait until its claim is over. */
  giveBack(port: number, holder: Holder): Promise<void> {
    return this.#claims.giveBack(port, holder);
  }

  #told(scope: Scope, dryRun: boolean, isGiven: boolean): boolean {
    if (!dryRun) this.#metrics.port(scope, isGiven);
    return isGiven;
  }

  /** Taken here at once, so that nobody takes it meanwhile. */
  async #claim(port: number, holder: Holder, dryRun: boolean): Promise<boolean> {
    if (this.#held.has(port)) return false;
    this.#add(port, 1);
    if (dryRun || (await this.#claims.take(port, holder))) return true;
    this.#add(port, -1);
    return false;
  }

  #count(service: Service, by: 1 | -1): void {
    for (const port of portsOf(service)) this.#add(port, by);
  }

  #add(port: number, by: 1 | -1): void {
    const count = (this.#held.get(port) ?? 0) + by;
    if (count > 0) this.#held.set(port, count);
    else this.#held.delete(port);
  }
}

/** All node ports of a service, each once; one number may serve several protocols. */
export function portsOf({ spec }: Pick<Service, "spec">): Set<number> {
  const ports = (spec.ports ?? []).map(({ nodePort }) => nodePort);
  return new Set([...ports, spec.healthCheckNodePort].filter((port): port is number => Boolean(port)));
}

function keptForNamed(size: number): number {
  return size <= 16 ? 0 : Math.min(Math.max(16, Math.floor(size / 32)), 128);
}
