/** Gives services their addresses and ports, and takes them back: what `services/cluster-ips.ts` and `node-ports.ts` hold, for one service. */
import { settleFamilies } from "@kubets/api/core/service/families";
import { isHeadless, needsClusterIP, needsHealthCheckPort, needsNodePorts } from "@kubets/api/core/service/needs";
import { endpoints } from "@kubets/api/generated/refs";
import type { Service, ServicePort } from "@kubets/api/generated/types/core-v1";
import type { Draft, KubeObject } from "@kubets/api/meta";
import { internalError, invalid, invalidValue, type StatusError } from "@kubets/machinery";
import type { ResourceStore } from "../store/resource-store.ts";
import type { Allocator, Reservation } from "./allocator.ts";
import { AllocationError, type ClusterIps, type Holder } from "./cluster-ips.ts";
import { type NodePorts, portsOf } from "./node-ports.ts";
import type { Family, ServiceRanges } from "./service-ranges.ts";

interface Parts {
  readonly ips: ClusterIps;
  readonly ports: NodePorts;
  readonly ranges: ServiceRanges;
  /** The store of Endpoints: those of a service go with it. */
  readonly endpoints: ResourceStore;
}

export class ServiceAllocator implements Allocator {
  readonly #parts: Parts;

  constructor(parts: Parts) {
    this.#parts = parts;
  }

  create(object: Draft<KubeObject>, dryRun: boolean): Promise<Reservation> {
    return this.#allocate(object as unknown as Draft<Service>, undefined, dryRun);
  }

  update(object: Draft<KubeObject>, old: KubeObject, dryRun: boolean): Promise<Reservation> {
    return this.#allocate(object as unknown as Draft<Service>, old as Service, dryRun);
  }

  async deleted(object: KubeObject): Promise<void> {
    const service = object as Service;
    const { namespace, name } = service.metadata;
    await giveBack(this.#parts, givenTo(service), service.metadata);
    const key = `${namespace}/${name}`;
    const found = this.#parts.endpoints.cache.get(`${endpoints.namespaced ? key : name}`);
    if (found) await this.#parts.endpoints.remove(found.key, found);
  }

  async #allocate(service: Draft<Service>, old: Service | undefined, dryRun: boolean): Promise<Reservation> {
    const errors = settleFamilies(service, old, this.#parts.ranges.families);
    if (errors.length) throw invalid({ group: "", kind: "Service" }, service.metadata.name, errors);
    const taken = new Taken(this.#parts, service.metadata, dryRun);
    try {
      await this.#addresses(service, old, taken);
      await this.#nodePorts(service, old, taken);
      await this.#healthCheckPort(service, old, taken);
    } catch (error) {
      await taken.undo();
      throw error;
    }
    const now = service as Service;
    return {
      keep: () => taken.keep(old && gone(old, now)),
      undo: () => taken.undo(),
    };
  }

  async #addresses(service: Draft<Service>, old: Service | undefined, taken: Taken): Promise<void> {
    const now = service as Service;
    if (!needsClusterIP(now) || isHeadless(now)) return;
    const { spec } = service;
    const had = new Set(old && needsClusterIP(old) ? addressesOf(old) : []);
    const given = [...(spec.clusterIPs ?? [])];
    for (const [i, address] of given.entries())
      if (!had.has(address))
        await taken.address(address).catch((error: unknown) => this.#refuseAddress(service, i, given, error));
    for (const family of (spec.ipFamilies ?? []).slice(given.length)) {
      const address = await taken.anyAddress(family as Family).catch(exhausted("failed to allocate a serviceIP"));
      given.push(address);
    }
    if (given.length === 0) return;
    spec.clusterIPs = given;
    spec.clusterIP = given[0] as string;
  }

  #refuseAddress({ metadata }: Draft<Service>, i: number, all: readonly string[], error: unknown): never {
    if (!(error instanceof AllocationError)) throw error;
    const detail = `failed to allocate IP ${all[i]}: ${error.message}`;
    throw invalid({ group: "", kind: "Service" }, metadata.name, [invalidValue("spec.clusterIPs", all, detail)]);
  }

  async #nodePorts(service: Draft<Service>, old: Service | undefined, taken: Taken): Promise<void> {
    const { spec } = service;
    const wanted = needsNodePorts(service as Service);
    if (!wanted && spec.type !== "LoadBalancer") return;
    const own = new Set(old ? (old.spec.ports ?? []).map((port) => port.nodePort) : []);
    for (const [i, port] of (spec.ports ?? []).entries()) {
      if (!port.nodePort || own.has(port.nodePort)) continue;
      own.add(port.nodePort);
      await taken.port(port.nodePort).catch(refused(service, `spec.ports[${i}].nodePort`, port.nodePort));
    }
    if (!wanted) return;
    for (const port of spec.ports ?? []) port.nodePort ||= samePort(spec.ports ?? [], port) ?? (await anyPort(taken));
  }

  async #healthCheckPort(service: Draft<Service>, old: Service | undefined, taken: Taken): Promise<void> {
    const { spec } = service;
    if (!needsHealthCheckPort(service as Service)) return;
    if (old && needsHealthCheckPort(old) && old.spec.healthCheckNodePort) return;
    if (!spec.healthCheckNodePort) {
      spec.healthCheckNodePort = await anyPort(taken);
      return;
    }
    try {
      await taken.port(spec.healthCheckNodePort);
    } catch (error) {
      if (!(error instanceof AllocationError)) throw error;
      throw internalError(
        new Error(`failed to allocate requested HealthCheck NodePort ${spec.healthCheckNodePort}: ${error.message}`),
      );
    }
  }
}

/** What was taken for one write. */
class Taken {
  readonly #parts: Parts;
  readonly #holder: Holder;
  readonly #dryRun: boolean;
  readonly #addresses: string[] = [];
  readonly #ports: number[] = [];

  constructor(parts: Parts, { namespace = "", name }: { namespace?: string; name: string }, dryRun: boolean) {
    this.#parts = parts;
    this.#holder = { namespace, name };
    this.#dryRun = dryRun;
  }

  async address(address: string): Promise<void> {
    await this.#parts.ips.take(address, this.#holder, this.#dryRun);
    if (!this.#dryRun) this.#addresses.push(address);
  }

  async anyAddress(family: Family): Promise<string> {
    const address = await this.#parts.ips.takeAny(family, this.#holder, this.#dryRun);
    if (!this.#dryRun) this.#addresses.push(address);
    return address;
  }

  async port(port: number): Promise<void> {
    await this.#parts.ports.take(port, this.#holder, this.#dryRun);
    this.#ports.push(port);
  }

  async anyPort(): Promise<number> {
    const port = await this.#parts.ports.takeAny(this.#holder, this.#dryRun);
    this.#ports.push(port);
    return port;
  }

  /** From now on the stored service itself holds its ports. */
  async keep(noMore: Given = NOTHING): Promise<void> {
    for (const port of this.#ports.splice(0)) this.#parts.ports.release(port);
    await giveBack(this.#parts, noMore, this.#holder);
  }

  async undo(): Promise<void> {
    const [addresses, ports] = [this.#addresses.splice(0), this.#ports.splice(0)];
    for (const port of ports) this.#parts.ports.release(port);
    if (!this.#dryRun) await giveBack(this.#parts, { addresses, ports }, this.#holder);
  }
}

interface Given {
  readonly addresses: readonly string[];
  readonly ports: readonly number[];
}
const NOTHING: Given = { addresses: [], ports: [] };

const givenTo = (service: Service): Given => ({ addresses: addressesOf(service), ports: [...portsOf(service)] });

/** What a service does not have any more. */
function gone(old: Service, now: Service): Given {
  const [before, after] = [givenTo(old), givenTo(now)];
  return {
    addresses: before.addresses.filter((address) => !after.addresses.includes(address)),
    ports: before.ports.filter((port) => !after.ports.includes(port)),
  };
}

async function giveBack({ ips, ports }: Parts, given: Given, holder: Holder): Promise<void> {
  await Promise.all([
    ...given.addresses.map((address) => ips.release(address, holder)),
    ...given.ports.map((port) => ports.giveBack(port, holder)),
  ]);
}

const addressesOf = (service: Service): readonly string[] =>
  isHeadless(service) ? [] : (service.spec.clusterIPs ?? []);

/** A port that is served in two protocols has one number on the nodes. */
function samePort(all: readonly Draft<ServicePort>[], { port, protocol }: Draft<ServicePort>): number | undefined {
  return all.find((other) => other.port === port && other.protocol !== protocol && other.nodePort)?.nodePort;
}

const anyPort = (taken: Taken): Promise<number> => taken.anyPort().catch(exhausted("failed to allocate a nodePort"));

const exhausted =
  (what: string) =>
  (error: unknown): never => {
    throw error instanceof AllocationError
      ? (internalError(new Error(`${what}: ${error.message}`)) as StatusError)
      : error;
  };

const refused =
  (service: Draft<Service>, field: string, value: number) =>
  (error: unknown): never => {
    if (!(error instanceof AllocationError)) throw error;
    throw invalid({ group: "", kind: "Service" }, service.metadata.name, [invalidValue(field, value, error.message)]);
  };
