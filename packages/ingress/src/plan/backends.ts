/**
 * The services of the cluster and the addresses behind them, as the routes need them.
 * Holds: a change costs the service that it is about; addresses are worked out when a request first asks for them after a change.
 */
import type { Service } from "@kubets/api/generated/types/core-v1";
import type { EndpointSlice } from "@kubets/api/generated/types/discovery-v1";
import { type Address, addressesOf, type BackendRef, serviceAddress } from "./backend.ts";

const SERVICE_NAME = "kubernetes.io/service-name";

export interface Resolved {
  readonly addresses: readonly Address[];
  /** Whose turn it is, counted on by who takes one. */
  turn: number;
}

interface Known {
  service: Service | undefined;
  readonly slices: Map<string, EndpointSlice>;
  readonly resolved: Map<string, Resolved>;
}

export class Backends {
  readonly #known = new Map<string, Known>();

  setService(key: string, service: Service | undefined): void {
    const known = this.#of(key);
    known.service = service;
    this.#changed(key, known);
  }

  setSlice(key: string, slice: EndpointSlice, isThere: boolean): void {
    const name = slice.metadata.labels?.[SERVICE_NAME];
    if (!name) return;
    const service = `${slice.metadata.namespace}/${name}`;
    const known = this.#of(service);
    if (isThere) known.slices.set(key, slice);
    else known.slices.delete(key);
    this.#changed(service, known);
  }

  resolve({ service, port }: BackendRef, byService: boolean): Resolved {
    const known = this.#known.get(service);
    if (!known) return { addresses: [], turn: 0 };
    const key = byService ? `${port} by service` : port;
    const before = known.resolved.get(key);
    if (before) return before;
    const addresses = byService
      ? serviceAddress(port, known.service)
      : addressesOf(port, known.service, known.slices.values());
    const resolved = { addresses, turn: 0 };
    known.resolved.set(key, resolved);
    return resolved;
  }

  #of(key: string): Known {
    const known = this.#known.get(key) ?? { service: undefined, slices: new Map(), resolved: new Map() };
    this.#known.set(key, known);
    return known;
  }

  #changed(key: string, known: Known): void {
    known.resolved.clear();
    if (!known.service && known.slices.size === 0) this.#known.delete(key);
  }
}
