/**
 * Finds devices for all of a pod's claims on a node: request by request, device by device, the first solution wins, and what leads nowhere
 * is taken back. Devices of one request are tried in one order only, since it makes no difference.
 * Holds: the search ends; what takes too many steps counts as no solution, for the node and for all nodes of a pod together (unless
 * nothing bounds it).
 */
import type { Node } from "@kubets/api/generated/types/core-v1";
import { parseQuantity, type Quantity, zeroQuantity } from "@kubets/machinery/quantity";
import type { AllocatedDevices } from "./allocated-devices.ts";
import { consumption } from "./capacity.ts";
import { type Constraint, constraintOf } from "./constraints.ts";
import { Counters } from "./counters.ts";
import type { Pool, PooledDevice, Pools, Reached } from "./pools.ts";
import { keptAway, type WantedClaim, type WantedDevices } from "./requests.ts";

/** A device for a request; `consumed` where it is shared. */
export interface Pick {
  readonly wanted: WantedDevices;
  readonly device: PooledDevice;
  readonly consumed: ReadonlyMap<string, Quantity> | undefined;
}

/** The devices of each claim; or that the node has none that are free, or none because of pools that contradict themselves. */
export type Solution = readonly (readonly Pick[])[] | "taken" | "invalid";

/** Why there is no solution on a node, where that is about this claim or this search. */
export class NoSolution extends Error {
  override readonly name = "NoSolution";
}

/** How many devices a claim may have. */
const MOST_DEVICES = 32;
/** A step is one back. */
const STEPS_ON_A_NODE = 1000;
const STEPS_FOR_A_POD = 3000;

export class Allocator {
  readonly #pools: Pools;
  readonly #allocated: AllocatedDevices;
  readonly #claims: readonly WantedClaim[];
  readonly #counters: Counters;
  readonly #stepsOnANode: number;
  #steps: number;

  constructor(pools: Pools, allocated: AllocatedDevices, claims: readonly WantedClaim[], endless = false) {
    this.#pools = pools;
    this.#allocated = allocated;
    this.#claims = claims;
    this.#counters = new Counters(allocated);
    this.#stepsOnANode = endless ? Infinity : STEPS_ON_A_NODE;
    this.#steps = endless ? Infinity : STEPS_FOR_A_POD;
  }

  /** Throws NoSolution where the search ends early, and another error where a claim can be had nowhere. */
  allocate(node: Node): Solution {
    const pools = this.#pools.on(node);
    const steps = Math.min(this.#steps, this.#stepsOnANode);
    const search = new Search(pools, this.#allocated, this.#counters, this.#claims, steps);
    try {
      const found = search.run();
      if (found) return found;
    } finally {
      if (steps !== Infinity) this.#steps -= steps - search.steps;
    }
    return pools.every(({ pool }) => pool.isValid) ? "taken" : "invalid";
  }
}

class Search {
  steps: number;
  readonly #pools: readonly Reached[];
  readonly #devices: readonly PooledDevice[];
  readonly #allocated: AllocatedDevices;
  readonly #counters: Counters;
  readonly #claims: readonly WantedClaim[];
  readonly #constraints: readonly (readonly Constraint[])[];
  readonly #picks: Pick[][];
  /** The claims for which a device, or a share of it, is taken by now. */
  readonly #users = new Map<PooledDevice, number[]>();

  constructor(
    pools: readonly Reached[],
    allocated: AllocatedDevices,
    counters: Counters,
    claims: readonly WantedClaim[],
    steps: number,
  ) {
    this.steps = steps;
    this.#pools = pools;
    const usable = pools.filter(({ pool }) => pool.isComplete && pool.isValid);
    this.#devices = usable.length === 1 ? (usable[0] as Reached).devices : usable.flatMap(({ devices }) => devices);
    this.#allocated = allocated;
    this.#counters = counters;
    this.#claims = claims;
    this.#constraints = claims.map(({ claim: { metadata, spec } }) =>
      (spec.devices.constraints ?? []).map((constraint, i) =>
        constraintOf(constraint, `${metadata.namespace}/${metadata.name}`, i),
      ),
    );
    this.#picks = claims.map(() => []);
  }

  run(): Pick[][] | undefined {
    try {
      return this.#fill(0, 0) ? this.#picks.map((picks) => [...picks]) : undefined;
    } finally {
      for (const [c, picks] of this.#picks.entries()) while (picks.length) this.#untake(c);
    }
  }

  /** All requests from this one on. */
  #fill(c: number, r: number): boolean {
    const claim = this.#claims[c];
    if (!claim) return true;
    const alternatives = claim.requests[r];
    if (!alternatives) return this.#fill(c + 1, 0);
    return alternatives.some((wanted) =>
      wanted.asked.allocationMode === "All" ? this.#fillWithAll(c, r, wanted) : this.#fillWithSome(c, r, wanted),
    );
  }

  #fillWithSome(c: number, r: number, wanted: WantedDevices): boolean {
    const { count = 1 } = wanted.asked;
    if (this.#picksOf(c).length + count > MOST_DEVICES) return false;
    // Whether there are enough at all is only worth to know where there are many ways to take some.
    const candidates = count > 1 ? this.#devices.filter((device) => this.#mayTake(c, wanted, device)) : this.#devices;
    return this.#choose(c, r, wanted, candidates, count, 0);
  }

  /** So many of the candidates, from one of them on. */
  #choose(
    c: number,
    r: number,
    wanted: WantedDevices,
    candidates: readonly PooledDevice[],
    count: number,
    from: number,
  ): boolean {
    if (count === 0) return this.#fill(c, r + 1);
    for (let i = from; i <= candidates.length - count; i++) {
      const device = candidates[i] as PooledDevice;
      if (!this.#mayTake(c, wanted, device) || !this.#take(c, wanted, device)) continue;
      if (this.#choose(c, r, wanted, candidates, count - 1, i + 1)) return true;
      this.#untake(c);
      if (--this.steps < 0) throw new NoSolution("timed out trying to allocate devices");
    }
    return false;
  }

  #fillWithAll(c: number, r: number, wanted: WantedDevices): boolean {
    const unsure = this.#pools.find(({ pool }) => !pool.isComplete || !pool.isValid);
    if (unsure) throw this.#notAll(c, wanted, unsure.pool);
    const all = this.#devices.filter((device) => wanted.accepts(device));
    const before = this.#picksOf(c).length;
    if (all.length > 0 && before + all.length <= MOST_DEVICES) {
      const have = all.every((device) => this.#mayTake(c, wanted, device) && this.#take(c, wanted, device));
      if (have && this.#fill(c, r + 1)) return true;
    }
    while (this.#picksOf(c).length > before) this.#untake(c);
    return false;
  }

  #notAll(c: number, { name }: WantedDevices, { id, isComplete }: Pool): NoSolution {
    const { namespace, name: claim } = (this.#claims[c] as WantedClaim).claim.metadata;
    const state = isComplete ? "invalid" : "being updated";
    return new NoSolution(
      `claim ${namespace}/${claim}, request ${name}: asks for all devices, but resource pool ${id} is currently ${state}`,
    );
  }

  /** What can be said before any other device of the request is taken. */
  #mayTake(c: number, wanted: WantedDevices, device: PooledDevice): boolean {
    const { adminAccess = false, tolerations } = wanted.asked;
    return this.#isFree(c, device, adminAccess) && wanted.accepts(device) && !keptAway(device.device, tolerations);
  }

  /** The device for the request, if nothing speaks against it. */
  #take(c: number, wanted: WantedDevices, device: PooledDevice): boolean {
    const { asked, name } = wanted;
    const asAdmin = asked.adminAccess ?? false;
    const consumed = consumption(device.device, asked.capacity);
    const isShare = isShared(device) && !asAdmin;
    if (!consumed || (isShare && !this.#hasLeft(device, consumed))) return false;
    const takesCounters = this.#takesCounters(device, asAdmin);
    if (takesCounters && !this.#counters.take(device)) return false;
    const constraints = this.#constraints[c] as readonly Constraint[];
    const against = constraints.findIndex((constraint) => !constraint.add(name, device));
    if (against >= 0) {
      for (const constraint of constraints.slice(0, against)) constraint.remove(name);
      if (takesCounters) this.#counters.give(device);
      return false;
    }
    if (isShare || !isShared(device)) this.#users.set(device, [...(this.#users.get(device) ?? []), c]);
    this.#picksOf(c).push({ wanted, device, consumed: isShare ? consumed : undefined });
    return true;
  }

  /** Takes back what was taken last for a claim. */
  #untake(c: number): void {
    const { wanted, device, consumed } = this.#picksOf(c).pop() as Pick;
    if (consumed || !isShared(device)) {
      const users = (this.#users.get(device) ?? []).slice(0, -1);
      if (users.length) this.#users.set(device, users);
      else this.#users.delete(device);
    }
    for (const constraint of this.#constraints[c] as readonly Constraint[]) constraint.remove(wanted.name);
    if (this.#takesCounters(device, wanted.asked.adminAccess ?? false)) this.#counters.give(device);
  }

  /** An administrator may look at devices in use, at each once for a claim. */
  #isFree(c: number, device: PooledDevice, asAdmin: boolean): boolean {
    const users = this.#users.get(device);
    if (isShared(device)) return asAdmin || !this.#allocated.isTaken(device.id);
    return asAdmin ? !users?.includes(c) : !users && !this.#allocated.isUsed(device.id);
  }

  #hasLeft({ id, device }: PooledDevice, consumed: ReadonlyMap<string, Quantity>): boolean {
    const now = this.#picks.flat().filter((pick) => pick.device.id === id && pick.consumed);
    for (const [name, amount] of consumed) {
      const before = this.#allocated.consumed(id, name);
      const used = now.reduce((sum, { consumed: part }) => sum.add(part?.get(name) ?? zeroQuantity), before);
      if (used.add(amount).compare(parseQuantity(device.capacity?.[name]?.value ?? "0")) > 0) return false;
    }
    return true;
  }

  /** The first user of a device takes its part of what it shares with others. */
  #takesCounters(device: PooledDevice, asAdmin: boolean): boolean {
    return (
      !asAdmin &&
      Boolean(device.device.consumesCounters?.length) &&
      !this.#users.has(device) &&
      !this.#allocated.isUsed(device.id)
    );
  }

  #picksOf(c: number): Pick[] {
    return this.#picks[c] as Pick[];
  }
}

const isShared = ({ device }: PooledDevice): boolean => device.allowMultipleAllocations === true;
