/**
 * Addresses for services. Each that is taken is an IPAddress object that says for whom: making it is what takes the address, so two servers on
 * one storage never give the same one away.
 */
import { services } from "@kubets/api/generated/refs";
import type { Service } from "@kubets/api/generated/types/core-v1";
import type { IPAddress } from "@kubets/api/generated/types/networking-v1";
import type { KubeObject } from "@kubets/api/meta";
import { type Cidr, type Clock, mustParseIp, type Random } from "@kubets/machinery";
import type { ClusterView } from "../admission/plugin.ts";
import type { ResourceStore } from "../store/resource-store.ts";
import { timestamp } from "../write/context.ts";
import type { Scope, ServiceMetrics } from "./metrics.ts";
import { type Family, familyOf, type ServiceRanges } from "./service-ranges.ts";

/** Why an address could not be had. */
export class AllocationError extends Error {}

export interface Holder {
  readonly namespace: string;
  readonly name: string;
}

const MANAGED_BY = "ipallocator.k8s.io";
const MANAGED_BY_LABEL = "ipaddress.kubernetes.io/managed-by";
const FAMILY_LABEL = "ipaddress.kubernetes.io/ip-family";

interface Parts {
  readonly store: ResourceStore;
  readonly view: ClusterView;
  readonly ranges: ServiceRanges;
  readonly clock: Clock;
  readonly random: Random;
  readonly metrics: ServiceMetrics;
}

export class ClusterIps {
  readonly #parts: Parts;

  constructor(parts: Parts) {
    this.#parts = parts;
  }

  /** Takes an address that was asked for. */
  async take(address: string, holder: Holder, dryRun: boolean): Promise<void> {
    const ip = mustParseIp(address);
    const range = this.#parts.ranges.of(familyOf(address)).find((it) => it.contains(ip));
    if (!range) throw new AllocationError("the provided network does not match the current range");
    if (!isInside(range, ip.value))
      throw new AllocationError(
        `the provided IP (${address}) is not in the valid range. The range of valid IPs is ${range}`,
      );
    const told = this.#telling(range, "static", dryRun);
    if (!told(await this.#claim(ip.toString(), holder, dryRun)))
      throw new AllocationError("provided IP is already allocated");
  }

  /** Takes any free address, from the part of the range that is not kept for those who name theirs. */
  async takeAny(family: Family, holder: Holder, dryRun: boolean): Promise<string> {
    const ranges = this.#parts.ranges.of(family);
    if (ranges.length === 0) throw new AllocationError(`there is no ready range of ${family} addresses`);
    for (const range of ranges) {
      const told = this.#telling(range, "dynamic", dryRun);
      for (const address of this.#candidates(range))
        if (await this.#claim(address, holder, dryRun)) {
          told(true);
          return address;
        }
      told(false);
    }
    throw new AllocationError("range is full");
  }

  /** Gives an address back, if it is still held by who gives it. */
  async release(address: string, holder: Holder): Promise<void> {
    const found = this.#parts.store.cache.get(mustParseIp(address).toString());
    if (found && isHeldBy(found.object as IPAddress, holder)) await this.#parts.store.remove(found.key, found);
  }

  /** How many of each range are taken, and how many there are. */
  *use(): Generator<readonly [range: Cidr, taken: number, all: number]> {
    for (const family of ["IPv4", "IPv6"] as const) {
      const ranges = this.#parts.ranges.of(family);
      const names = [...this.#parts.store.cache.list()]
        .map(({ object }) => (object as IPAddress).metadata.name)
        .filter((name) => familyOf(name) === family);
      for (const range of ranges) {
        const own = ranges.length === 1 ? names : names.filter((name) => range.contains(mustParseIp(name)));
        yield [range, own.length, Number(usable(range))];
      }
    }
  }

  /** Counts what comes of it, but for dry runs. */
  #telling(range: Cidr, scope: Scope, dryRun: boolean): (isGiven: boolean) => boolean {
    const { clock, metrics } = this.#parts;
    const began = clock.monotonic();
    return (isGiven) => {
      if (!dryRun) metrics.address(range, scope, (clock.monotonic() - began) / 1000, isGiven);
      return isGiven;
    };
  }

  async #claim(address: string, holder: Holder, dryRun: boolean): Promise<boolean> {
    const { store } = this.#parts;
    const found = store.cache.get(address);
    if (found && this.#isUsed(found.object as IPAddress, address)) return false;
    if (dryRun) return true;
    const made = this.#object(address, holder);
    // One that was left over by a server that died between two writes is taken over.
    const outcome = found ? await store.replace(address, made, found) : await store.create(address, made);
    return outcome.done;
  }

  /** Whether whom it was given to is there, and has it; a service that is just being made has a minute. */
  #isUsed({ metadata, spec }: IPAddress, address: string): boolean {
    if (metadata.labels?.[MANAGED_BY_LABEL] !== MANAGED_BY) return true;
    if (this.#parts.clock.now() - Date.parse(metadata.creationTimestamp) < 60_000) return true;
    const { namespace = "", name = "" } = spec.parentRef ?? {};
    return this.#parts.view.get(services, namespace, name)?.spec.clusterIPs?.includes(address) ?? false;
  }

  #object(address: string, { namespace, name }: Holder): KubeObject {
    return {
      kind: "IPAddress",
      apiVersion: "networking.k8s.io/v1",
      metadata: {
        name: address,
        uid: this.#parts.random.uuid(),
        resourceVersion: "0",
        creationTimestamp: timestamp(this.#parts.clock.now()),
        labels: { [FAMILY_LABEL]: familyOf(address), [MANAGED_BY_LABEL]: MANAGED_BY },
      },
      spec: { parentRef: { resource: "services", namespace, name } },
    } as unknown as KubeObject;
  }

  /** From a random place on, once around the upper part, then the lower. */
  *#candidates(range: Cidr): Generator<string> {
    const first = 1n;
    const count = usable(range);
    const kept = keptForNamed(range);
    for (const [from, size] of [
      [kept, count - kept],
      [0n, kept],
    ] as const) {
      if (size <= 0n) continue;
      const start = BigInt(Math.floor(this.#parts.random.float() * Number(size)));
      for (let i = 0n; i < size; i++) {
        const address = range.nth(first + from + ((start + i) % size))?.toString();
        if (address && !this.#parts.store.cache.get(address)) yield address;
      }
    }
  }
}

/** Neither the range's own address nor, in IPv4, that of broadcasts. */
function usable(range: Cidr): bigint {
  const count = range.family === 4 ? range.size - 2n : range.size - 1n;
  return count < 0n ? 0n : count;
}

function isInside(range: Cidr, value: bigint): boolean {
  const offset = value - range.address.value;
  return offset >= 1n && offset <= usable(range);
}

/** A sixteenth of the range, between 16 and 256 addresses, is given only to services that name their address. */
function keptForNamed(range: Cidr): bigint {
  const count = usable(range);
  if (count <= 16n) return 0n;
  const part = count / 16n;
  return part < 16n ? 16n : part > 256n ? 256n : part;
}

const isHeldBy = ({ spec }: IPAddress, { namespace, name }: Holder): boolean =>
  spec.parentRef?.namespace === namespace && spec.parentRef.name === name;

/** Addresses whose service is gone, for a clean-up after crashes. */
export const isLeftOver = (address: IPAddress, service: Service | undefined, now: number): boolean =>
  address.metadata.labels?.[MANAGED_BY_LABEL] === MANAGED_BY &&
  now - Date.parse(address.metadata.creationTimestamp) > 60_000 &&
  !service?.spec.clusterIPs?.includes(address.metadata.name);
