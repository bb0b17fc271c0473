/**
 * Many things that each speak of some pods, found by a pod: by its namespace and by one label that the thing demands. So a pod costs what
 * may speak of it, however many there are.
 */
import type { Pod } from "@kubets/api/generated/types/core-v1";
import type { LabelSelector } from "@kubets/machinery/label-selector";

export interface Selection {
  /** Absent: of any. */
  readonly namespaces?: ReadonlySet<string> | undefined;
  readonly selector: LabelSelector;
}

interface Bucket<T> {
  /** Those that demand no one value of a label. */
  readonly others: Set<T>;
  /** By key and value. */
  readonly demanding: Map<string, Map<string, Set<T>>>;
}

const ANY = "";
const ANY_NAMESPACE: readonly string[] = [ANY];

export class SelectionIndex<T> {
  readonly #byNamespace = new Map<string, Bucket<T>>();

  add(item: T, selection: Selection): void {
    const demand = demandOf(selection.selector);
    for (const namespace of selection.namespaces ?? ANY_NAMESPACE) {
      const bucket = orMake(this.#byNamespace, namespace, () => ({ others: new Set<T>(), demanding: new Map() }));
      if (demand) {
        const values = orMake(bucket.demanding, demand.key, () => new Map<string, Set<T>>());
        orMake(values, demand.value, () => new Set<T>()).add(item);
      } else bucket.others.add(item);
    }
  }

  delete(item: T, selection: Selection): void {
    const demand = demandOf(selection.selector);
    for (const namespace of selection.namespaces ?? ANY_NAMESPACE) {
      const bucket = this.#byNamespace.get(namespace);
      if (!bucket) continue;
      bucket.others.delete(item);
      if (demand) withdraw(bucket.demanding, demand, item);
      if (bucket.others.size + bucket.demanding.size === 0) this.#byNamespace.delete(namespace);
    }
  }

  /** All that speak of the pod, and some that do not. */
  about({ metadata }: Pod): T[] {
    const found: T[] = [];
    if (this.#byNamespace.size === 0) return found;
    for (const namespace of [metadata.namespace, ANY]) {
      const bucket = this.#byNamespace.get(namespace);
      if (!bucket) continue;
      found.push(...bucket.others);
      for (const [key, values] of bucket.demanding) {
        const value = metadata.labels?.[key];
        const items = value === undefined ? undefined : values.get(value);
        if (items) found.push(...items);
      }
    }
    return found;
  }
}

interface Demand {
  readonly key: string;
  readonly value: string;
}

function demandOf(selector: LabelSelector): Demand | undefined {
  for (const { key } of selector.requirements) {
    const value = selector.exactValue(key);
    if (value !== undefined) return { key, value };
  }
  return undefined;
}

function withdraw<T>(demanding: Map<string, Map<string, Set<T>>>, { key, value }: Demand, item: T): void {
  const values = demanding.get(key);
  const items = values?.get(value);
  items?.delete(item);
  if (items?.size === 0) values?.delete(value);
  if (values?.size === 0) demanding.delete(key);
}

function orMake<K, V>(map: Map<K, V>, key: K, make: () => V): V {
  let value = map.get(key);
  if (value === undefined) map.set(key, (value = make()));
  return value;
}
