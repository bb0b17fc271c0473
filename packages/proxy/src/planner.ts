/**
 * The plan of a node, kept in step with services and slices.
 * Holds: a service or slice that changes makes only its own virtual ports be planned anew; what `takeChange` gave out, put together, is
 * always what `planServices` says of the same objects.
 */
import type { Service } from "@kubets/api/generated/types/core-v1";
import type { EndpointSlice } from "@kubets/api/generated/types/discovery-v1";
import { deepEqual } from "@kubets/machinery";
import { each } from "@kubets/machinery/turns";
import type { ProxyNode } from "./endpoints.ts";
import { healthPortOf, type ServiceHealth } from "./health-ports.ts";
import type { PlanChange, ProxyPlan, VirtualPort } from "./plan.ts";
import { virtualPorts } from "./service-ports.ts";

export const SERVICE_NAME = "kubernetes.io/service-name";

const keyOf = ({ metadata: { namespace, name } }: Service): string => `${namespace}/${name}`;

/** The service that a slice is of, as "namespace/name"; undefined for slices of nobody. */
export function serviceOf({ metadata: { namespace, labels } }: EndpointSlice): string | undefined {
  const name = labels?.[SERVICE_NAME];
  return name ? `${namespace}/${name}` : undefined;
}

/** The plan from scratch. */
export function planServices(services: Iterable<Service>, slices: Iterable<EndpointSlice>, node: ProxyNode): ProxyPlan {
  const planner = new ServicePlanner(node);
  for (const service of services) planner.putService(service);
  for (const slice of slices) planner.putSlice(slice);
  planner.takeChange();
  return planner.plan;
}

interface Entry {
  service?: Service;
  readonly slices: Map<string, EndpointSlice>;
  ids: readonly string[];
}

export class ServicePlanner {
  readonly #ports = new Map<string, VirtualPort>();
  readonly #entries = new Map<string, Entry>();
  readonly #dirty = new Set<string>();
  readonly #health = new Map<string, ServiceHealth>();
  #node: ProxyNode;

  constructor(node: ProxyNode) {
    this.#node = node;
  }

  /** As it was at the last `takeChange`; it changes with the next one. */
  get plan(): ProxyPlan {
    return { ports: this.#ports };
  }

  /** Of the services that have a health check node port, as the plan is. */
  get health(): Iterable<ServiceHealth> {
    return this.#health.values();
  }

  get hasChanges(): boolean {
    return this.#dirty.size > 0;
  }

  putService(service: Service): void {
    this.#entry(keyOf(service)).service = service;
  }

  removeService(service: Service): void {
    delete this.#entry(keyOf(service)).service;
  }

  putSlice(slice: EndpointSlice): void {
    const service = serviceOf(slice);
    if (service) this.#entry(service).slices.set(slice.metadata.name, slice);
  }

  removeSlice(slice: EndpointSlice): void {
    const service = serviceOf(slice);
    if (service) this.#entry(service).slices.delete(slice.metadata.name);
  }

  /** Tells where the node is; what depends on its labels is planned anew. */
  setNode(node: ProxyNode): void {
    if (deepEqual(node, this.#node)) return;
    this.#node = node;
    for (const key of this.#entries.keys()) this.#dirty.add(key);
  }

  /** Brings the plan in step and says what changed in it; in turns, if its caller takes turns. What is put meanwhile is for the next time. */
  takeChange(): PlanChange {
    const change = { put: [] as VirtualPort[], remove: [] as string[] };
    const keys = [...this.#dirty];
    this.#dirty.clear();
    each(keys.length, (i) => {
      const key = keys[i] as string;
      this.#replan(key, this.#entries.get(key) as Entry, change);
    });
    return change;
  }

  #entry(key: string): Entry {
    this.#dirty.add(key);
    let entry = this.#entries.get(key);
    if (!entry) {
      entry = { slices: new Map(), ids: [] };
      this.#entries.set(key, entry);
    }
    return entry;
  }

  #replan(key: string, entry: Entry, change: { put: VirtualPort[]; remove: string[] }): void {
    const { service, slices, ids } = entry;
    const wanted = service ? virtualPorts(service, slices.values(), this.#node) : [];
    entry.ids = wanted.map(({ id }) => id);
    const port = service && healthPortOf(service);
    if (service && port) this.#health.set(key, healthOf(service, port, slices.values(), this.#node));
    else this.#health.delete(key);
    for (const port of wanted) {
      if (deepEqual(this.#ports.get(port.id), port)) continue;
      this.#ports.set(port.id, port);
      change.put.push(port);
    }
    for (const id of ids) {
      if (entry.ids.includes(id)) continue;
      this.#ports.delete(id);
      change.remove.push(id);
    }
    if (!service && slices.size === 0) this.#entries.delete(key);
  }
}

function healthOf(
  { metadata: { namespace, name } }: Service,
  port: number,
  slices: Iterable<EndpointSlice>,
  node: ProxyNode,
): ServiceHealth {
  const addresses = new Set<string>();
  for (const { endpoints } of slices)
    for (const {
      addresses: [address = ""],
      conditions,
      nodeName,
    } of endpoints)
      if (nodeName === node.name && (conditions?.ready ?? true)) addresses.add(address);
  return { namespace, name, port, localEndpoints: addresses.size };
}
