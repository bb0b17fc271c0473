/** How much storage drivers have left for new volumes, by class and part of the cluster; only of drivers that tell. In step with each change. */
import { csidrivers, csistoragecapacities } from "@kubets/api/generated/refs";
import type { Node } from "@kubets/api/generated/types/core-v1";
import type { CSIStorageCapacity, StorageClass } from "@kubets/api/generated/types/storage-v1";
import { labelSelectorOf } from "@kubets/machinery/label-selector";
import { parseQuantity, type Quantity } from "@kubets/machinery/quantity";
import type { Handle } from "../../framework/handle.ts";

export class StorageCapacities {
  readonly #cache: Handle["cache"];
  /** By class and the one label of their nodes; "" for those that say more of them. */
  readonly #groups = new Map<string, Map<string, CSIStorageCapacity>>();
  /** The labels by which nodes are told apart, with how many capacities use each. */
  readonly #labels = new Map<string, number>();

  constructor({ cache, signal }: Pick<Handle, "cache" | "signal">) {
    this.#cache = cache;
    const subscription = cache.informer(csistoragecapacities).subscribe({
      added: (capacity) => this.#set(capacity),
      changed: (capacity, old) => {
        this.#delete(old);
        this.#set(capacity);
      },
      deleted: (capacity) => this.#delete(capacity),
    });
    signal.addEventListener("abort", () => subscription.stop(), { once: true });
  }

  /** Where a volume of the size can be made for the node: undefined is nowhere, "untold" wherever it likes. */
  roomFor(
    { metadata, provisioner }: StorageClass,
    size: Quantity,
    { metadata: { labels = {} } }: Node,
  ): CSIStorageCapacity | "untold" | undefined {
    if (!this.#cache.get(csidrivers, provisioner)?.spec.storageCapacity) return "untold";
    for (const label of this.#labels.keys()) {
      const group = this.#groups.get(keyOf(metadata.name, label && `${label}=${labels[label]}`));
      const found = group?.values().find(({ nodeTopology, maximumVolumeSize, capacity }) => {
        const largest = maximumVolumeSize ?? capacity;
        if (largest === undefined || parseQuantity(largest).compare(size) < 0) return false;
        return nodeTopology !== undefined && labelSelectorOf(nodeTopology).matches(labels);
      });
      if (found) return found;
    }
    return undefined;
  }

  #set(capacity: CSIStorageCapacity): void {
    const [label, value] = onlyLabel(capacity);
    this.#labels.set(label, (this.#labels.get(label) ?? 0) + 1);
    const key = keyOf(capacity.storageClassName, label && `${label}=${value}`);
    const group = this.#groups.get(key) ?? new Map<string, CSIStorageCapacity>();
    this.#groups.set(key, group.set(nameOf(capacity), capacity));
  }

  #delete(capacity: CSIStorageCapacity): void {
    const [label, value] = onlyLabel(capacity);
    const left = (this.#labels.get(label) ?? 0) - 1;
    if (left > 0) this.#labels.set(label, left);
    else this.#labels.delete(label);
    const key = keyOf(capacity.storageClassName, label && `${label}=${value}`);
    const group = this.#groups.get(key);
    group?.delete(nameOf(capacity));
    if (group?.size === 0) this.#groups.delete(key);
  }
}

const nameOf = ({ metadata: { namespace, name } }: CSIStorageCapacity): string => `${namespace}/${name}`;
const keyOf = (storageClass: string, place: string): string => `${storageClass} ${place}`;

/** The label that its nodes have, if it says nothing else of them. */
function onlyLabel({ nodeTopology }: CSIStorageCapacity): [label: string, value: string] {
  const { matchLabels = {}, matchExpressions = [] } = nodeTopology ?? {};
  const [only, ...more] = Object.entries(matchLabels);
  return only && !more.length && !matchExpressions.length ? only : ["", ""];
}
