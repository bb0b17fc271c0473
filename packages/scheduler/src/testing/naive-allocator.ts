/**
 * The allocator as one would write it who does not care how long it takes: every way to give devices to requests is tried in order, and
 * each is judged as a whole, by rules written down anew.
 */
import type { Node } from "@kubets/api/generated/types/core-v1";
import type {
  AllocationResult,
  Device,
  DeviceSubRequest,
  ExactDeviceRequest,
  ResourceClaim,
  ResourceSlice,
} from "@kubets/api/generated/types/resource-v1";

type Asked = ExactDeviceRequest | DeviceSubRequest;

interface Given {
  readonly claim: ResourceClaim;
  readonly request: string;
  readonly asked: Asked;
  readonly slice: ResourceSlice;
  readonly device: Device;
}

export interface NaiveDevices {
  readonly node: Node;
  readonly slices: readonly ResourceSlice[];
  /** What claims have by now. */
  readonly before: readonly AllocationResult[];
  /** Whether a device is what the class and the selectors of the request want. */
  readonly wants: (asked: Asked, device: Device) => boolean;
}

/** For each claim "request=pool/device", the first way in which all get theirs; undefined where there is none. */
export function allocateNaively(claims: readonly ResourceClaim[], devices: NaiveDevices): string[][] | undefined {
  for (const way of waysFor(claims, 0, 0, devices)) {
    if (!isFair(way, claims, devices)) continue;
    return claims.map((claim) =>
      way
        .filter((given) => given.claim === claim)
        .map(({ request, slice, device }) => `${request}=${slice.spec.pool.name}/${device.name}`),
    );
  }
  return undefined;
}

function* waysFor(claims: readonly ResourceClaim[], c: number, r: number, all: NaiveDevices): Generator<Given[]> {
  const claim = claims[c];
  if (!claim) {
    yield [];
    return;
  }
  const request = claim.spec.devices.requests[r];
  if (!request) {
    yield* waysFor(claims, c + 1, 0, all);
    return;
  }
  const forms = request.exactly
    ? [{ name: request.name, asked: request.exactly as Asked }]
    : (request.firstAvailable ?? []).map((asked) => ({ name: `${request.name}/${asked.name}`, asked }));
  for (const { name, asked } of forms) {
    const wanted = reachable(all)
      .filter(({ device }) => all.wants(asked, device))
      .map((found): Given => ({ claim, request: name, asked, ...found }));
    if (asked.allocationMode === "All" && wanted.length === 0) continue;
    const groups = asked.allocationMode === "All" ? [wanted] : choose(wanted, asked.count ?? 1);
    for (const group of groups) for (const rest of waysFor(claims, c, r + 1, all)) yield [...group, ...rest];
  }
}

function* choose<T>(from: readonly T[], count: number): Generator<T[]> {
  if (count === 0) yield [];
  else
    for (let i = 0; i <= from.length - count; i++)
      for (const rest of choose(from.slice(i + 1), count - 1)) yield [from[i] as T, ...rest];
}

const reachable = ({ node, slices }: NaiveDevices) =>
  [...slices]
    .sort((a, b) => (a.spec.pool.name < b.spec.pool.name ? -1 : 1))
    .flatMap((slice) => (slice.spec.devices ?? []).map((device) => ({ slice, device })))
    .filter(({ slice, device }) => {
      const place = slice.spec.perDeviceNodeSelection ? device : slice.spec;
      return place.allNodes || place.nodeName === node.metadata.name;
    });

const idOf = ({ slice, device }: Given) => `${slice.spec.driver}/${slice.spec.pool.name}/${device.name}`;
const isAdmin = ({ asked }: Given) => "adminAccess" in asked && asked.adminAccess === true;

function isFair(way: readonly Given[], claims: readonly ResourceClaim[], all: NaiveDevices): boolean {
  return (
    way.every((given) => isTolerated(given)) &&
    way.every((given) => isAlone(given, way, all)) &&
    way.every((given) => hasCapacity(given, way, all)) &&
    all.slices.every((slice) => staysWithinCounters(slice, way, all)) &&
    claims.every((claim) => agrees(claim, way))
  );
}

const isTolerated = ({ device, asked }: Given) =>
  (device.taints ?? []).every(({ key, effect }) =>
    effect === "None" ? true : (asked.tolerations ?? []).some((toleration) => toleration.key === key),
  );

function resultsBefore(id: string, { before }: NaiveDevices) {
  return before
    .flatMap(({ devices }) => devices.results ?? [])
    .filter(({ driver, pool, device, adminAccess }) => !adminAccess && `${driver}/${pool}/${device}` === id);
}

/** A device that is not shared has one user; an administrator may look at it before that, and at what other claims have. */
function isAlone(given: Given, way: readonly Given[], all: NaiveDevices): boolean {
  if (given.device.allowMultipleAllocations) return true;
  const others = way.filter((other) => other !== given && idOf(other) === idOf(given));
  if (isAdmin(given)) return others.every(({ claim }) => claim !== given.claim);
  const isLater = (other: Given) => way.indexOf(other) > way.indexOf(given);
  return others.every((other) => isAdmin(other) && isLater(other)) && resultsBefore(idOf(given), all).length === 0;
}

/** Whole units only. */
function hasCapacity(given: Given, way: readonly Given[], all: NaiveDevices): boolean {
  const asked = given.asked.capacity?.requests ?? {};
  const { capacity = {} } = given.device;
  if (Object.keys(asked).some((name) => !(name in capacity))) return false;
  const part = (other: Given, name: string): number => {
    const { value = "0", requestPolicy: policy } = capacity[name] ?? {};
    const wish = other.asked.capacity?.requests?.[name];
    if (wish === undefined) return Number(policy?.default ?? value);
    const { min, step } = policy?.validRange ?? {};
    if (min === undefined) return Number(wish);
    if (Number(wish) <= Number(min)) return Number(min);
    return step === undefined
      ? Number(wish)
      : Number(min) + Math.ceil((Number(wish) - Number(min)) / Number(step)) * Number(step);
  };
  return Object.entries(capacity).every(([name, { value, requestPolicy }]) => {
    const own = part(given, name);
    const max = requestPolicy?.validRange?.max;
    if (max !== undefined && own > Number(max) && own !== Number(requestPolicy?.default ?? NaN)) return false;
    if (own > Number(value)) return false;
    if (!given.device.allowMultipleAllocations || isAdmin(given)) return true;
    const now = way.filter((other) => idOf(other) === idOf(given) && !isAdmin(other));
    const before = resultsBefore(idOf(given), all).map(({ consumedCapacity }) => Number(consumedCapacity?.[name] ?? 0));
    const sum = [...now.map((other) => part(other, name)), ...before].reduce((a, b) => a + b, 0);
    return sum <= Number(value);
  });
}

function staysWithinCounters({ spec }: ResourceSlice, way: readonly Given[], all: NaiveDevices): boolean {
  const users = (spec.devices ?? []).filter(({ name }) => {
    const id = `${spec.driver}/${spec.pool.name}/${name}`;
    return way.some((given) => idOf(given) === id && !isAdmin(given)) || resultsBefore(id, all).length > 0;
  });
  const newUsers = users.filter(({ name }) =>
    way.some((given) => given.device.name === name && given.slice.spec === spec && !isAdmin(given)),
  );
  return (spec.sharedCounters ?? []).every(({ name: set, counters = {} }) =>
    Object.entries(counters).every(([name, { value }]) => {
      const used = (devices: readonly Device[]) =>
        devices
          .flatMap(({ consumesCounters = [] }) => consumesCounters.filter(({ counterSet }) => counterSet === set))
          .reduce((sum, { counters: parts = {} }) => sum + Number(parts[name]?.value ?? 0), 0);
      // What was overdrawn before keeps nobody away who takes nothing of it.
      const takenNow = used(
        newUsers.filter((device) => resultsBefore(`${spec.driver}/${spec.pool.name}/${device.name}`, all).length === 0),
      );
      return takenNow === 0 || used(users) <= Number(value);
    }),
  );
}

function agrees({ spec, metadata }: ResourceClaim, way: readonly Given[]): boolean {
  return (spec.devices.constraints ?? []).every(({ requests = [], matchAttribute, distinctAttribute }) => {
    const attribute = matchAttribute ?? distinctAttribute ?? "";
    const concerned = way.filter(
      ({ claim, request }) =>
        claim.metadata.uid === metadata.uid &&
        (requests.length === 0 || requests.some((name) => request === name || request.startsWith(`${name}/`))),
    );
    const values = concerned.map(({ device, slice }) => {
      const [domain, id] = attribute.split("/") as [string, string];
      const found =
        device.attributes?.[attribute] ?? (domain === slice.spec.driver ? device.attributes?.[id] : undefined);
      return found?.strings ?? (found ? [found.string ?? `${found.int}`] : []);
    });
    const [first = []] = values;
    if (values.some(({ length }) => length === 0)) return false;
    return matchAttribute
      ? values.length === 0 || first.some((value) => values.every((others) => others.includes(value)))
      : values.every((own, i) => values.slice(i + 1).every((others) => !own.some((value) => others.includes(value))));
  });
}
