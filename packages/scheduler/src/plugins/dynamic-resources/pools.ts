/**
 * The devices of the cluster: slices put together to pools, kept in step with each change, and found by the nodes that reach them.
 * Holds: only the newest generation of a pool counts; one that is not all there, or that names a device twice, is marked.
 */
import type { Node } from "@kubets/api/generated/types/core-v1";
import type { Device, DeviceRequestAllocationResult, ResourceSlice } from "@kubets/api/generated/types/resource-v1";
import type { DeviceTaintRule } from "@kubets/api/generated/types/resource-v1beta2";
import { matchesNodeSelector } from "@kubets/api/pod/node-affinity";
import { meansDevice } from "@kubets/api/resource/device-selector";
import { parseQuantity, type Quantity } from "@kubets/machinery/quantity";
import { asTold, type DevicesSeen } from "./devices-seen.ts";

export interface PooledDevice {
  /** "driver/pool/device" */
  readonly id: string;
  /** With the taints of the rules that mean it. */
  readonly device: Device;
  readonly slice: ResourceSlice;
  readonly pool: Pool;
}

export interface Pool {
  /** "driver/pool" */
  readonly id: string;
  readonly isComplete: boolean;
  readonly isValid: boolean;
  /** The one node that every slice names. */
  readonly onlyOn: string | undefined;
  /** In the order in which they are taken. */
  readonly devices: readonly PooledDevice[];
  /** What the devices share, by "set/counter". */
  readonly counters: ReadonlyMap<string, Quantity>;
}

/** A pool, and those of its devices that a node reaches. */
export interface Reached {
  readonly pool: Pool;
  readonly devices: readonly PooledDevice[];
}

export const deviceId = (of: { readonly driver: string; readonly pool: string; readonly device: string }): string =>
  `${of.driver}/${of.pool}/${of.device}`;
export const poolOfDevice = ({ driver, pool }: { readonly driver: string; readonly pool: string }): string =>
  `${driver}/${pool}`;

export class Pools {
  readonly #slices = new Map<string, Map<string, ResourceSlice>>();
  readonly #pools = new Map<string, Pool>();
  /** Pools by the nodes that their slices name, and those that say otherwise where they are. */
  readonly #byNode = new Map<string, Set<string>>();
  readonly #elsewhere = new Set<string>();
  /** When something about the devices of a node changed last, and about those that several may reach. */
  readonly #stamps = new Map<string, number>();
  #common = 0;
  #last = 0;
  readonly #seen: DevicesSeen;
  #rules: readonly DeviceTaintRule[] = [];

  constructor(seen: DevicesSeen = asTold) {
    this.#seen = seen;
  }

  /** Grows when anything changes about the devices that the node reaches. */
  stampOf(node: string): number {
    return Math.max(this.#stamps.get(node) ?? 0, this.#common);
  }

  /** Something about a pool is another now: what it has, or what of it is free. */
  touch(id: string): void {
    const pool = this.#pools.get(id);
    if (!pool) return;
    if (pool.onlyOn === undefined) this.#common = ++this.#last;
    else this.#stamps.set(pool.onlyOn, ++this.#last);
  }

  /** All rules, when one of them came, changed or went. */
  setRules(rules: readonly DeviceTaintRule[]): void {
    this.#rules = rules;
    for (const id of this.#slices.keys()) this.#rebuild(id);
  }

  /** A slice came, changed or went. */
  set(old: ResourceSlice | undefined, now: ResourceSlice | undefined): void {
    if (old) this.#drop(old);
    if (now) this.#slicesOf(poolId(now)).set(now.metadata.name, now);
    for (const id of new Set([old, now].flatMap((slice) => (slice ? [poolId(slice)] : [])))) this.#rebuild(id);
  }

  /** The pools with devices that the node reaches, those first that can be used at once; otherwise in order of their names. */
  on(node: Node): Reached[] {
    const named = this.#byNode.get(node.metadata.name);
    const reached: Reached[] = [];
    for (const ids of named ? [named, this.#elsewhere] : [this.#elsewhere])
      for (const id of ids) {
        if (ids === this.#elsewhere && named?.has(id)) continue;
        const pool = this.#pools.get(id) as Pool;
        const devices = pool.onlyOn ? pool.devices : pool.devices.filter((device) => reaches(device, node));
        if (devices.length) reached.push({ pool, devices });
      }
    return reached.length > 1 ? reached.sort(inOrder) : reached;
  }

  device(result: DeviceRequestAllocationResult): Device | undefined {
    const id = deviceId(result);
    return this.#pools.get(poolOfDevice(result))?.devices.find((each) => each.id === id)?.device;
  }

  #drop({ metadata, spec: { driver, pool } }: ResourceSlice): void {
    this.#slices.get(`${driver}/${pool.name}`)?.delete(metadata.name);
  }

  #slicesOf(id: string): Map<string, ResourceSlice> {
    let slices = this.#slices.get(id);
    if (!slices) this.#slices.set(id, (slices = new Map()));
    return slices;
  }

  #rebuild(id: string): void {
    this.touch(id);
    for (const { slice } of this.#pools.get(id)?.devices ?? []) this.#byNode.get(slice.spec.nodeName ?? "")?.delete(id);
    this.#elsewhere.delete(id);
    const slices = this.#slicesOf(id);
    if (slices.size === 0) {
      this.#slices.delete(id);
      this.#pools.delete(id);
      return;
    }
    const pool = poolOf(id, [...slices.values()], this.#seen, this.#rules);
    this.#pools.set(id, pool);
    this.touch(id);
    for (const { slice } of pool.devices) {
      const { nodeName } = slice.spec;
      if (!nodeName) this.#elsewhere.add(id);
      else if (this.#byNode.get(nodeName)?.add(id) === undefined) this.#byNode.set(nodeName, new Set([id]));
    }
  }
}

const poolId = ({ spec }: ResourceSlice): string => poolOfDevice({ driver: spec.driver, pool: spec.pool.name });

const inOrder = ({ pool: a }: Reached, { pool: b }: Reached) =>
  Number(waits(a)) - Number(waits(b)) || (a.id < b.id ? -1 : 1);

const waits = ({ devices }: Pool): boolean => devices.some(({ device }) => device.bindingConditions?.length);

function poolOf(
  id: string,
  slices: readonly ResourceSlice[],
  seen: DevicesSeen,
  rules: readonly DeviceTaintRule[],
): Pool {
  const generation = Math.max(...slices.map(({ spec }) => spec.pool.generation));
  const newest = slices
    .filter(({ spec }) => spec.pool.generation === generation)
    .sort((a, b) => (a.metadata.name < b.metadata.name ? -1 : 1));
  const devices: PooledDevice[] = [];
  const nodeName = newest[0]?.spec.nodeName || undefined;
  const pool: Pool = {
    id,
    isComplete: newest.length === newest[0]?.spec.pool.resourceSliceCount,
    isValid: hasEachOnce(newest.flatMap(({ spec }) => (spec.devices ?? []).map(({ name }) => name))),
    onlyOn: newest.every(({ spec }) => spec.nodeName === nodeName) ? nodeName : undefined,
    devices,
    counters: countersOf(newest),
  };
  for (const slice of newest)
    for (const device of seen(slice))
      devices.push({ id: `${id}/${device.name}`, device: tainted(device, slice, rules), slice, pool });
  return pool;
}

function tainted(device: Device, { spec: { driver, pool } }: ResourceSlice, rules: readonly DeviceTaintRule[]): Device {
  const id = { driver, pool: pool.name, device: device.name };
  const more = rules.flatMap((rule) => (meansDevice(rule, id) ? [rule.spec.taint] : []));
  return more.length ? { ...device, taints: [...(device.taints ?? []), ...more] } : device;
}

const hasEachOnce = (names: readonly string[]): boolean => new Set(names).size === names.length;

const countersOf = (slices: readonly ResourceSlice[]): Map<string, Quantity> =>
  new Map(
    slices.flatMap(({ spec }) =>
      (spec.sharedCounters ?? []).flatMap(({ name, counters = {} }) =>
        Object.entries(counters).map(([counter, { value }]) => [`${name}/${counter}`, parseQuantity(value)] as const),
      ),
    ),
  );

/** Where a device is, its slice says, or the device itself where the slice leaves it to its devices. */
export const placeOf = ({ slice, device }: PooledDevice) => (slice.spec.perDeviceNodeSelection ? device : slice.spec);

export function reaches(device: PooledDevice, node: Node): boolean {
  const { nodeName, allNodes, nodeSelector } = placeOf(device);
  if (nodeName) return nodeName === node.metadata.name;
  return allNodes === true || (nodeSelector !== undefined && matchesNodeSelector(nodeSelector, node));
}
