/**
 * Which CPUs a container gets for itself: whole sockets and NUMA nodes first, then whole cores, then what is left; as few of each as will do, and
 * of those that are the least free, so that others stay whole. Pure.
 */
export interface Cpu {
  readonly id: number;
  readonly core: number;
  readonly socket: number;
  readonly node: number;
  /** The cache of the last level that it shares with others. */
  readonly cache: number;
}

/** What may be asked of the static policy (`cpuManagerPolicyOptions`). */
export type CpuOption =
  | "full-pcpus-only"
  | "strict-cpu-reservation"
  | "distribute-cpus-across-numa"
  | "prefer-align-cpus-by-uncorecache"
  | "align-by-socket"
  | "distribute-cpus-across-cores";

/** "0-2,5" */
export function parseCpuList(text: string): number[] {
  const found: number[] = [];
  for (const part of text.trim().split(",").filter(Boolean)) {
    const [, first, last] = /^(\d+)(?:-(\d+))?$/.exec(part.trim()) ?? [];
    if (first === undefined) throw new Error(`${JSON.stringify(text)} is no list of CPUs such as 0-2,5`);
    for (let id = Number(first); id <= Number(last ?? first); id++) found.push(id);
  }
  return found;
}

export function formatCpuList(ids: Iterable<number>): string {
  const parts: string[] = [];
  const sorted = [...new Set(ids)].sort((a, b) => a - b);
  for (let i = 0; i < sorted.length; ) {
    let end = i;
    while (sorted[end + 1] === (sorted[end] as number) + 1) end++;
    parts.push(end === i ? `${sorted[i]}` : `${sorted[i]}-${sorted[end]}`);
    i = end + 1;
  }
  return parts.join(",");
}

type CpuOptions = ReadonlySet<CpuOption>;
const NO_OPTIONS: CpuOptions = new Set();

/** Undefined when there are not enough. */
export function takeCpus(
  cpus: readonly Cpu[],
  free: ReadonlySet<number>,
  count: number,
  options = NO_OPTIONS,
): number[] | undefined {
  if (count > free.size) return undefined;
  const taken = new Set<number>();
  const missing = () => count - taken.size;
  const left = () => cpus.filter(({ id }) => free.has(id) && !taken.has(id));
  const take = (ids: Iterable<number>) => {
    for (const id of ids) taken.add(id);
  };
  const takeWhole = (places: readonly Place[], place: Place) => {
    const all = Map.groupBy(cpus, place);
    for (const [key, members] of Map.groupBy(inOrder(left(), places), place))
      if (members.length === all.get(key)?.length && members.length <= missing()) take(members.map(({ id }) => id));
  };

  const [outer, inner] = placesOf(cpus);
  takeWhole([outer], outer);
  takeWhole([outer, inner], inner);
  if (options.has("prefer-align-cpus-by-uncorecache")) {
    const places = [outer, inner, cacheOf];
    takeWhole(places, cacheOf);
    const fitting = [...Map.groupBy(inOrder(left(), places), cacheOf).values()].find(
      ({ length }) => length >= missing(),
    );
    if (fitting) take(takeCpus(cpus, new Set(fitting.map(({ id }) => id)), missing()) ?? []);
  }
  if (options.has("distribute-cpus-across-cores")) {
    const places = outer === socketOf ? [outer] : [outer, inner];
    const ofSocket = Map.groupBy(inOrder(left(), places), socketOf);
    take([...ofSocket.values()].flatMap(coreByCore).slice(0, missing()));
  } else {
    const places = [outer, inner, coreOf];
    takeWhole(places, coreOf);
    take(
      inOrder(left(), places)
        .slice(0, missing())
        .map(({ id }) => id),
    );
  }
  return [...taken].sort((a, b) => a - b);
}

/** Where a CPU lies, as a number that no other such place of the machine has. */
type Place = (cpu: Cpu) => number;
export const nodeOf: Place = ({ node }) => node;
const socketOf: Place = ({ socket }) => socket;
const cacheOf: Place = ({ cache }) => cache;
/** The kernel counts the cores of each socket anew. */
const coreOf: Place = ({ socket, core }) => socket * 2 ** 20 + core;

/** Sockets lie in NUMA nodes, or NUMA nodes in sockets: the larger come first. */
export function placesOf(cpus: readonly Cpu[]): readonly [outer: Place, inner: Place] {
  const countOf = (place: Place) => new Set(cpus.map(place)).size;
  return countOf(socketOf) >= countOf(nodeOf) ? [nodeOf, socketOf] : [socketOf, nodeOf];
}

/** At each place in turn, from the least free; what lies together stands together. */
export function inOrder(free: readonly Cpu[], [place, ...inner]: readonly Place[]): Cpu[] {
  if (!place) return free.toSorted((a, b) => a.id - b.id);
  return [...Map.groupBy(free, place)]
    .sort(([a, some], [b, others]) => some.length - others.length || a - b)
    .flatMap(([, members]) => inOrder(members, inner));
}

/** Those whose whole core is among them: the other half of a core may be the node's. */
export function ofWholeCores(cpus: readonly Cpu[], ids: ReadonlySet<number>): Set<number> {
  const cores = [...Map.groupBy(cpus, coreOf).values()].map((members) => members.map(({ id }) => id));
  return new Set(cores.filter((members) => members.every((id) => ids.has(id))).flat());
}

/** Of each core one, then of each another. */
function coreByCore(cpus: readonly Cpu[]): number[] {
  const cores = [...Map.groupBy(inOrder(cpus, []), coreOf).values()];
  return cores
    .flatMap((members) => members.map(({ id }, turn) => ({ id, turn })))
    .sort((a, b) => a.turn - b.turn || a.id - b.id)
    .map(({ id }) => id);
}

export const threadsPerCore = (cpus: readonly Cpu[]): number =>
  Math.max(1, ...[...Map.groupBy(cpus, coreOf).values()].map(({ length }) => length));
