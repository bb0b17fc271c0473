/**
 * Discovery of this server together with that of its peers: all that any of them serves. The order is one in which all of them can find their own;
 * where they do not say, or contradict each other, names decide. Pure.
 */

export interface GroupDiscovery {
  readonly metadata?: { readonly name?: string };
  readonly versions?: readonly VersionDiscovery[];
}

export interface VersionDiscovery {
  readonly version: string;
  readonly resources?: readonly ResourceDiscovery[];
  readonly freshness?: string;
}

interface ResourceDiscovery {
  readonly resource: string;
}

export const nameOf = ({ metadata }: GroupDiscovery): string => metadata?.name ?? "";

/** The groups of the first list are this server's own. */
export const mergedGroups = (lists: readonly (readonly GroupDiscovery[])[]): GroupDiscovery[] =>
  merged(lists, nameOf, (a, b) => ({ ...a, versions: mergedVersions([a.versions ?? [], b.versions ?? []]) }));

const mergedVersions = (lists: readonly (readonly VersionDiscovery[])[]): VersionDiscovery[] =>
  merged(
    lists,
    ({ version }) => version,
    (a, b) => ({ ...a, resources: mergedResources([a.resources ?? [], b.resources ?? []]) }),
  );

/** Of a resource that several serve the last one is told. */
const mergedResources = (lists: readonly (readonly ResourceDiscovery[])[]): ResourceDiscovery[] =>
  merged(
    lists,
    ({ resource }) => resource,
    (_, b) => b,
  );

function merged<T>(lists: readonly (readonly T[])[], nameIn: (each: T) => string, both: (a: T, b: T) => T): T[] {
  const byName = new Map<string, T>();
  for (const each of lists.flat()) {
    const name = nameIn(each);
    const known = byName.get(name);
    byName.set(name, known ? both(known, each) : each);
  }
  return commonOrder(lists.map((list) => list.map(nameIn))).map((name) => byName.get(name) as T);
}

/** Each name once, behind those that some list has before it. */
export function commonOrder(lists: readonly (readonly string[])[]): string[] {
  const behind = new Map<string, Set<string>>();
  for (const list of lists)
    for (const [i, name] of list.entries()) {
      const before = behind.get(name) ?? new Set();
      behind.set(name, before);
      if (i > 0) before.add(list[i - 1] as string);
    }
  const ordered: string[] = [];
  while (behind.size > 0) {
    const free = [...behind].filter(([, before]) => before.size === 0).map(([name]) => name);
    const next = (free.length > 0 ? free : [...behind.keys()]).sort()[0] as string;
    ordered.push(next);
    behind.delete(next);
    for (const before of behind.values()) before.delete(next);
  }
  return ordered;
}
