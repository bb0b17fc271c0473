/** Which devices of a resource a container gets. Pure. */
import { covers, type Hint, hintsOf, maskOf, masksOf } from "../numa.ts";

export interface Device {
  readonly id: string;
  readonly healthy: boolean;
  /** The NUMA nodes that it is near to; none when it does not say. */
  readonly nodes: readonly number[];
}

export interface DeviceWish {
  readonly resource: string;
  readonly count: number;
  /** All of the resource. */
  readonly devices: readonly Device[];
  readonly taken: ReadonlySet<string>;
  /** Had by a container of the pod that ends before this one begins: they come first. */
  readonly reusable: readonly string[];
}

const freeDevices = ({ devices, taken }: DeviceWish): Device[] =>
  devices.filter(({ id, healthy }) => healthy && !taken.has(id));

/** The text of the original when there are not enough. */
export function shortage(wish: DeviceWish): string | undefined {
  const available = freeDevices(wish).length;
  if (available >= wish.count) return undefined;
  return `requested number of devices unavailable for ${wish.resource}. Requested: ${wish.count}, Available: ${available}`;
}

/** None when the devices say nothing of where they are. */
export function deviceHints(wish: DeviceWish, nodes: readonly number[]): Hint[] | undefined {
  if (!wish.devices.some((device) => device.nodes.length > 0)) return undefined;
  const within = (among: readonly Device[], mask: number) =>
    among.filter((device) => device.nodes.length > 0 && covers(mask, maskOf(device.nodes))).length >= wish.count;
  return hintsOf(
    masksOf(nodes),
    (mask) => within(wish.devices, mask),
    (mask) => within(freeDevices(wish), mask),
  );
}

/** Those near the nodes first, then those that say nothing, then the others. */
export function chooseDevices(wish: DeviceWish, nodes: number | undefined): string[] {
  const distance = ({ nodes: own }: Device): number =>
    nodes === undefined ? 0 : own.length === 0 ? 1 : (maskOf(own) & nodes) !== 0 ? 0 : 2;
  const reused = (id: string) => (wish.reusable.includes(id) ? 0 : 1);
  return freeDevices(wish)
    .sort((a, b) => reused(a.id) - reused(b.id) || distance(a) - distance(b) || (a.id < b.id ? -1 : 1))
    .slice(0, wish.count)
    .map(({ id }) => id);
}

/**
 * What a plugin may choose from in place of what was planned: free devices that lie where the planned ones do, those of an ended container of the pod
 * always among them; and what is taken when it does not choose.
 */
export function choiceAmong(
  devices: readonly Device[],
  planned: readonly string[],
  taken: ReadonlySet<string>,
  left: readonly string[],
): { available: string[]; must: string[]; otherwise: string[] } {
  const placeOf = ({ nodes }: Device): string => nodes.join(",");
  const places = new Set(devices.filter(({ id }) => planned.includes(id)).map(placeOf));
  const free = devices.filter((device) => device.healthy && !taken.has(device.id));
  const available = free.filter((device) => places.has(placeOf(device))).map(({ id }) => id);
  const must = left.filter((id) => available.includes(id)).slice(0, planned.length);
  const wanted = [
    ...must,
    ...planned.filter((id) => available.includes(id)),
    ...available,
    ...free.map(({ id }) => id),
  ];
  return { available, must, otherwise: [...new Set(wanted)].slice(0, planned.length) };
}
