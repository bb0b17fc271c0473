/** What devices share that are cut out of the same thing: how much is left for more of them. A device takes its part once, however many use it. */
import { parseQuantity, type Quantity } from "@kubets/machinery/quantity";
import type { AllocatedDevices } from "./allocated-devices.ts";
import type { Pool, PooledDevice } from "./pools.ts";

export class Counters {
  readonly #allocated: AllocatedDevices;
  /** By pool, and in it by "set/counter"; worked out when first asked for. */
  readonly #left = new Map<Pool, Map<string, Quantity>>();

  constructor(allocated: AllocatedDevices) {
    this.#allocated = allocated;
  }

  /** Takes the device's part, if there is enough. */
  take(device: PooledDevice): boolean {
    const left = this.#leftIn(device.pool);
    const parts = partsOf(device);
    for (const [counter, amount] of parts) if (amount.compare(left.get(counter) as Quantity) > 0) return false;
    for (const [counter, amount] of parts) left.set(counter, (left.get(counter) as Quantity).sub(amount));
    return true;
  }

  give(device: PooledDevice): void {
    const left = this.#leftIn(device.pool);
    for (const [counter, amount] of partsOf(device)) left.set(counter, (left.get(counter) as Quantity).add(amount));
  }

  #leftIn(pool: Pool): Map<string, Quantity> {
    let left = this.#left.get(pool);
    if (!left) {
      left = new Map(pool.counters);
      for (const device of pool.devices) {
        if (!device.device.consumesCounters?.length || !this.#allocated.isUsed(device.id)) continue;
        for (const [counter, amount] of partsOf(device)) left.set(counter, (left.get(counter) as Quantity).sub(amount));
      }
      this.#left.set(pool, left);
    }
    return left;
  }
}

/** Of counters that the pool does not have, nothing is taken. */
const partsOf = ({ device, pool }: PooledDevice): [string, Quantity][] =>
  (device.consumesCounters ?? []).flatMap(({ counterSet, counters = {} }) =>
    Object.entries(counters)
      .map(([name, { value }]): [string, Quantity] => [`${counterSet}/${name}`, parseQuantity(value)])
      .filter(([counter]) => pool.counters.has(counter)),
  );
