/** Which CPUs a container gets for itself: whole sockets first, then whole cores, then what is left; as few of each as will do. Pure. */
export interface Cpu {
  readonly id: number;
  readonly core: number;
  readonly socket: number;
  readonly node: number;
}

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

/** Undefined when there are not enough. */
export function takeCpus(cpus: readonly Cpu[], free: ReadonlySet<number>, count: number): number[] | undefined {
  if (count > free.size) return undefined;
  const taken: number[] = [];
  const left = () => cpus.filter(({ id }) => free.has(id) && !taken.includes(id));
  const take = (members: readonly Cpu[]) => taken.push(...members.map(({ id }) => id));
  for (const place of [({ socket }: Cpu) => `${socket}`, coreOf]) {
    for (const members of wholeGroups(cpus, left(), place)) if (members.length <= count - taken.length) take(members);
  }
  // The rest from cores that are broken already, so that whole ones stay whole.
  const ofCore = Map.groupBy(left(), coreOf);
  const rest = [...ofCore.values()].sort((a, b) => a.length - b.length || (a[0] as Cpu).id - (b[0] as Cpu).id).flat();
  take(rest.slice(0, count - taken.length));
  return taken.sort((a, b) => a - b);
}

const coreOf = ({ socket, core }: Cpu): string => `${socket}/${core}`;

/** Groups of which every member is free. */
function wholeGroups(cpus: readonly Cpu[], free: readonly Cpu[], place: (cpu: Cpu) => string): Cpu[][] {
  const all = Map.groupBy(cpus, place);
  return [...Map.groupBy(free, place)].flatMap(([key, members]) =>
    members.length === all.get(key)?.length ? [members] : [],
  );
}

export const threadsPerCore = (cpus: readonly Cpu[]): number =>
  Math.max(1, ...[...Map.groupBy(cpus, coreOf).values()].map(({ length }) => length));
