/**
 * All records of a cluster by name, kept in step with services, slices and namespaces.
 * Holds: a change costs as much as its own service has records; a name that several services give (the reverse name of a pod in two
 * headless services) has the records of all of them.
 */
import type { Service } from "@kubets/api/generated/types/core-v1";
import type { EndpointSlice } from "@kubets/api/generated/types/discovery-v1";
import type { Rdata } from "./record.ts";
import { type NamedRecord, serviceRecords } from "./service-records.ts";

const SERVICE_NAME = "kubernetes.io/service-name";

interface Entry {
  service?: Service;
  readonly slices: Map<string, EndpointSlice>;
  /** What it has in the index. */
  names: readonly string[];
}

export class ClusterRecords {
  readonly domain: string;
  readonly #entries = new Map<string, Entry>();
  readonly #names = new Map<string, Map<string, readonly Rdata[]>>();
  readonly #namespaces = new Set<string>();
  readonly #dirty = new Set<string>();
  #serial = 1;

  constructor(domain: string) {
    this.domain = domain.toLowerCase().replace(/\.$/, "");
  }

  /** Grows with each change. */
  get serial(): number {
    this.settle();
    return this.#serial;
  }

  /** What stands at a name: relative to the domain, or whole in the reverse tree. Undefined where nothing is. */
  at(name: string): readonly Rdata[] | undefined {
    this.settle();
    const records = this.#names.get(name);
    if (!records) return undefined;
    return records.size === 1 ? (records.values().next().value as readonly Rdata[]) : [...records.values()].flat();
  }

  hasNamespace(name: string): boolean {
    return this.#namespaces.has(name);
  }

  putNamespace(name: string): void {
    this.#namespaces.add(name);
  }

  removeNamespace(name: string): void {
    this.#namespaces.delete(name);
  }

  putService(service: Service): void {
    this.#touch(keyOf(service)).service = service;
  }

  removeService(service: Service): void {
    delete this.#touch(keyOf(service)).service;
  }

  putSlice(slice: EndpointSlice): void {
    const key = serviceOf(slice);
    if (key) this.#touch(key).slices.set(slice.metadata.name, slice);
  }

  removeSlice(slice: EndpointSlice): void {
    const key = serviceOf(slice);
    if (key) this.#touch(key).slices.delete(slice.metadata.name);
  }

  /** Takes in what changed. Questions do it themselves; done early, the first of them need not wait. */
  settle(): void {
    if (this.#dirty.size === 0) return;
    for (const key of this.#dirty) this.#settle(key, this.#entries.get(key) as Entry);
    this.#dirty.clear();
    this.#serial = (this.#serial + 1) >>> 0;
  }

  #touch(key: string): Entry {
    this.#dirty.add(key);
    let entry = this.#entries.get(key);
    if (!entry) {
      entry = { slices: new Map(), names: [] };
      this.#entries.set(key, entry);
    }
    return entry;
  }

  #settle(key: string, entry: Entry): void {
    for (const name of entry.names) {
      const records = this.#names.get(name);
      records?.delete(key);
      if (records?.size === 0) this.#names.delete(name);
    }
    const { service, slices } = entry;
    const byName = group(service ? serviceRecords(service, slices.values(), this.domain) : []);
    for (const [name, records] of byName) {
      const all = this.#names.get(name) ?? new Map<string, readonly Rdata[]>();
      this.#names.set(name, all.set(key, records));
    }
    entry.names = [...byName.keys()];
    if (!service && slices.size === 0) this.#entries.delete(key);
  }
}

function group(records: readonly NamedRecord[]): Map<string, Rdata[]> {
  const byName = new Map<string, Rdata[]>();
  for (const { name, data } of records) {
    const list = byName.get(name);
    if (list) list.push(data);
    else byName.set(name, [data]);
  }
  return byName;
}

const keyOf = ({ metadata: { namespace, name } }: Service): string => `${namespace}/${name}`;

export function serviceOf({ metadata: { namespace, labels } }: EndpointSlice): string | undefined {
  const name = labels?.[SERVICE_NAME];
  return name ? `${namespace}/${name}` : undefined;
}
