/**
 * The EndpointSlices of a service: which to make, change and delete.
 * Holds: at most 100 endpoints in a slice, and one set of ports; a slice that stays right is not written; an endpoint that changes is changed
 * where it stands; new ones fill slices that are written anyway, then those with room, then slices that would go, then new ones. So churn
 * costs few writes.
 */
import type { Endpoint, EndpointPort, EndpointSlice } from "@kubets/api/generated/types/discovery-v1";
import { deepEqual } from "@kubets/machinery";
import type { Family } from "./service-pods.ts";

/** So many endpoints are looked at in one piece of the work; smaller services are planned in one. */
export const PIECE = 250;

/** The endpoints of one family that have the same ports. */
export interface Wanted {
  readonly family: Family;
  readonly ports: readonly EndpointPort[];
  readonly endpoints: readonly Endpoint[];
}

export interface SlicePlan {
  readonly create: readonly NewSlice[];
  readonly update: readonly SliceUpdate[];
  readonly remove: readonly EndpointSlice[];
}

interface SliceUpdate {
  readonly slice: EndpointSlice;
  readonly ports: readonly EndpointPort[];
  readonly endpoints: readonly Endpoint[];
}

export interface NewSlice {
  readonly family: Family;
  readonly ports: readonly EndpointPort[];
  readonly endpoints: readonly Endpoint[];
}

/** Which pod and address an endpoint stands for. */
export function endpointKey(endpoint: Endpoint): string {
  let key = keys.get(endpoint);
  if (key === undefined) {
    const { targetRef, addresses } = endpoint;
    keys.set(endpoint, (key = `${targetRef?.uid ?? targetRef?.name ?? ""} ${addresses.join(" ")}`));
  }
  return key;
}

/** Endpoints are never changed: what was found of one holds as long as it lives. */
const keys = new WeakMap<Endpoint, string>();
const foundEqual = new WeakMap<Endpoint, Endpoint>();

function isSame(wanted: Endpoint, present: Endpoint): boolean {
  if (wanted === present || foundEqual.get(wanted) === present) return true;
  if (!deepEqual(wanted, present)) return false;
  foundEqual.set(wanted, present);
  return true;
}

export const portsKey = (family: string, ports: readonly EndpointPort[] | undefined): string =>
  JSON.stringify([
    family,
    (ports ?? [])
      .map(({ name = "", port, protocol = "TCP", appProtocol = "" }) =>
        JSON.stringify([name, port, protocol, appProtocol]),
      )
      .toSorted(),
  ]);

/** Yields every few endpoints. */
export function* planSlices(
  wanted: readonly Wanted[],
  slices: readonly EndpointSlice[],
  capacity: number,
): Generator<void, SlicePlan> {
  const plan = {
    create: [] as NewSlice[],
    update: [] as SliceUpdate[],
    remove: [] as EndpointSlice[],
  };
  const byPorts = Map.groupBy(slices, ({ addressType, ports }) => portsKey(addressType, ports));
  for (const group of wanted) {
    const key = portsKey(group.family, group.ports);
    yield* planGroup(group, byPorts.get(key) ?? [], capacity, plan);
    byPorts.delete(key);
  }
  for (const left of byPorts.values()) plan.remove.push(...left);
  return recycled(plan);
}

/** A slice that would go is made into a new one of its family: one write in the place of two. */
function recycled({ create, update, remove }: SlicePlan): SlicePlan {
  const left = [...create];
  const changed = [...update];
  const gone = remove.filter((slice) => {
    const at = left.findLastIndex(({ family }) => family === slice.addressType);
    const [made] = at < 0 ? [] : left.splice(at, 1);
    if (made) changed.push({ slice, ports: made.ports, endpoints: made.endpoints });
    return made === undefined;
  });
  return { create: left, update: changed, remove: gone };
}

interface Opened {
  readonly slice: EndpointSlice;
  endpoints: Endpoint[];
  changed: boolean;
}

function* planGroup(
  group: Wanted,
  slices: readonly EndpointSlice[],
  capacity: number,
  plan: {
    create: NewSlice[];
    update: SliceUpdate[];
    remove: EndpointSlice[];
  },
): Generator<void, void> {
  const missing = new Map<string, Endpoint>();
  for (const [i, endpoint] of group.endpoints.entries()) {
    if (i % PIECE === PIECE - 1) yield;
    missing.set(endpointKey(endpoint), endpoint);
  }
  const opened: Opened[] = [];
  let looked = 0;
  for (const slice of slices) {
    looked += slice.endpoints?.length ?? 0;
    if (looked >= PIECE) {
      looked = 0;
      yield;
    }
    opened.push(keepWhatStays(slice, missing));
  }
  let left = [...missing.values()];
  left = fill(
    opened.filter(({ changed }) => changed),
    left,
    capacity,
  );
  if (left.length > 0)
    left = fillBest(
      opened.filter(({ changed }) => !changed),
      left,
      capacity,
    );
  const made: NewSlice[] = [];
  while (left.length > 0) made.push({ family: group.family, ports: group.ports, endpoints: left.splice(0, capacity) });

  // One slice is kept though it is empty, as a sign that the service was seen.
  const emptied = opened.filter(({ endpoints }) => endpoints.length === 0);
  const spare = made.length === 0 && emptied.length === opened.length ? emptied[0] : undefined;
  for (const each of opened) {
    if (each.endpoints.length === 0 && each !== spare) plan.remove.push(each.slice);
    else if (each.changed)
      plan.update.push({ slice: each.slice, ports: each.slice.ports ?? [], endpoints: each.endpoints });
  }
  if (opened.length === 0 && made.length === 0) made.push({ family: group.family, ports: group.ports, endpoints: [] });
  plan.create.push(...made);
}

function keepWhatStays(slice: EndpointSlice, missing: Map<string, Endpoint>): Opened {
  const endpoints: Endpoint[] = [];
  let changed = false;
  for (const present of slice.endpoints ?? []) {
    const key = endpointKey(present);
    const wanted = missing.get(key);
    missing.delete(key);
    if (!wanted) changed = true;
    else if (isSame(wanted, present)) endpoints.push(present);
    else {
      endpoints.push(wanted);
      changed = true;
    }
  }
  return { slice, endpoints, changed };
}

/** Those that are written anyway, the fullest first. */
function fill(opened: readonly Opened[], endpoints: Endpoint[], capacity: number): Endpoint[] {
  let left = endpoints;
  for (const each of opened.toSorted((a, b) => b.endpoints.length - a.endpoints.length)) {
    const room = capacity - each.endpoints.length;
    if (room <= 0 || left.length === 0) continue;
    each.endpoints = [...each.endpoints, ...left.slice(0, room)];
    left = left.slice(room);
  }
  return left;
}

/** What is left and would fill no slice of its own goes where it fits best: the fullest with room for all of it. */
function fillBest(opened: readonly Opened[], endpoints: Endpoint[], capacity: number): Endpoint[] {
  const rest = endpoints.length % capacity;
  if (rest === 0) return endpoints;
  const fits = opened
    .filter((each) => each.endpoints.length + rest <= capacity)
    .toSorted((a, b) => b.endpoints.length - a.endpoints.length)[0];
  if (!fits) return endpoints;
  fits.endpoints = [...fits.endpoints, ...endpoints.slice(0, rest)];
  fits.changed = true;
  return endpoints.slice(rest);
}
