/**
 * The table that is wanted in the kernel, and the commands that bring the kernel from the last commit to it.
 * Holds: `changes` costs by what changed since the last `commit`; `whole` makes all of it anew, whatever is there.
 */
import type { Family } from "./address-set.ts";

export const TABLE = "inet kubets-policy";

/** The address of a restricted pod leads to its chain, for each direction and family; and who reaches itself. */
export const podMap = (direction: "ingress" | "egress", family: Family): string => `${direction}-pods-${family}`;
export const selfSet = (family: Family): string => `self-${family}`;

interface Collection {
  /** "ipv4_addr : verdict" and the like. */
  readonly type: string;
  readonly isMap: boolean;
  /** Values of maps; sets have none. */
  readonly elements: Map<string, string>;
  readonly added: Set<string>;
  readonly removed: Set<string>;
  /** Not in the kernel yet; or there with what it held before it was taken away, which was never carried out. */
  state: "new" | "stale" | "known";
}

export class NftTable {
  readonly #collections = new Map<string, Collection>();
  readonly #goneSets = new Set<string>();
  readonly #chains = new Map<string, readonly string[]>();
  readonly #newChains = new Set<string>();
  readonly #goneChains = new Set<string>();

  constructor() {
    for (const family of [4, 6] as const) {
      const address = family === 4 ? "ipv4_addr" : "ipv6_addr";
      for (const direction of ["ingress", "egress"] as const) this.#make(podMap(direction, family), address, true);
      this.#make(selfSet(family), `${address} . ${address}`, false);
    }
  }

  addSet(name: string, type: string): void {
    if (!this.#collections.has(name)) this.#make(name, type, false);
  }

  removeSet(name: string): void {
    const collection = this.#collections.get(name);
    if (!collection) return;
    this.#collections.delete(name);
    if (collection.state !== "new") this.#goneSets.add(name);
  }

  put(name: string, element: string, value = ""): void {
    const collection = this.#collections.get(name);
    if (!collection || collection.elements.get(element) === value) return;
    // What the kernel has in a set may stay; in a map it goes first, since its value may be another.
    if (!collection.isMap && collection.removed.delete(element)) {
      collection.elements.set(element, value);
      return;
    }
    if (collection.elements.has(element) && !collection.added.has(element)) collection.removed.add(element);
    collection.elements.set(element, value);
    collection.added.add(element);
  }

  remove(name: string, element: string): void {
    const collection = this.#collections.get(name);
    if (!collection?.elements.delete(element)) return;
    if (!collection.added.delete(element)) collection.removed.add(element);
  }

  addChain(name: string, rules: readonly string[]): void {
    this.#chains.set(name, rules);
    if (!this.#goneChains.delete(name)) this.#newChains.add(name);
  }

  removeChain(name: string): void {
    this.#chains.delete(name);
    if (!this.#newChains.delete(name)) this.#goneChains.add(name);
  }

  /** In an order in which nothing is named that is not there yet, nor taken away while it is named. */
  changes(): string[] {
    const lines: string[] = [];
    for (const [name, collection] of this.#collections) {
      if (collection.state === "new") lines.push(declare(name, collection));
      if (collection.state === "stale") lines.push(`flush set ${TABLE} ${name}`);
      if (!collection.isMap) lines.push(...elements("add", name, collection, collection.added));
    }
    for (const name of this.#newChains) lines.push(...chain(name, this.#chains.get(name) ?? []));
    for (const [name, collection] of this.#collections) {
      lines.push(...elements("delete", name, collection, collection.removed));
      if (collection.isMap) lines.push(...elements("add", name, collection, collection.added));
    }
    for (const name of this.#goneChains) lines.push(`delete chain ${TABLE} ${name}`);
    for (const name of this.#goneSets) lines.push(`delete set ${TABLE} ${name}`);
    return lines;
  }

  whole(): string[] {
    const lines = [`add table ${TABLE}`, `delete table ${TABLE}`, `add table ${TABLE}`];
    for (const [name, collection] of this.#collections)
      lines.push(declare(name, collection), ...(collection.isMap ? [] : all(name, collection)));
    for (const [name, rules] of this.#chains) lines.push(...chain(name, rules));
    for (const [name, collection] of this.#collections) if (collection.isMap) lines.push(...all(name, collection));
    return [...lines, ...forwardChain()];
  }

  /** The kernel holds what was wanted. */
  commit(): void {
    for (const collection of this.#collections.values()) {
      collection.added.clear();
      collection.removed.clear();
      collection.state = "known";
    }
    for (const names of [this.#newChains, this.#goneChains, this.#goneSets]) names.clear();
  }

  #make(name: string, type: string, isMap: boolean): void {
    const state = this.#goneSets.delete(name) ? "stale" : "new";
    this.#collections.set(name, { type, isMap, elements: new Map(), added: new Set(), removed: new Set(), state });
  }
}

/** Replies pass; what a pod sends must be let out by its own chain, and then let in by the other's. */
function forwardChain(): string[] {
  const rules = ["ct state established,related accept"];
  for (const [family, ip] of [
    [4, "ip"],
    [6, "ip6"],
  ] as const)
    rules.push(
      `${ip} saddr . ${ip} daddr @${selfSet(family)} accept`,
      `${ip} saddr vmap @${podMap("egress", family)}`,
      `${ip} daddr vmap @${podMap("ingress", family)}`,
    );
  // Behind the translation of services, before their refusals matter.
  const hook = "{ type filter hook forward priority -50 ; policy accept ; }";
  return [`add chain ${TABLE} forward ${hook}`, ...rules.map((rule) => `add rule ${TABLE} forward ${rule}`)];
}

function chain(name: string, rules: readonly string[]): string[] {
  return [`add chain ${TABLE} ${name}`, ...rules.map((rule) => `add rule ${TABLE} ${name} ${rule}`)];
}

const declare = (name: string, { isMap, type }: Collection): string =>
  `add ${isMap ? "map" : "set"} ${TABLE} ${name} { type ${type}${isMap ? " : verdict" : ""} ; }`;

const all = (name: string, collection: Collection) =>
  elements("add", name, collection, new Set(collection.elements.keys()));

function elements(verb: "add" | "delete", name: string, collection: Collection, keys: ReadonlySet<string>): string[] {
  if (keys.size === 0) return [];
  const texts = [...keys].map((key) => {
    const value = verb === "add" ? collection.elements.get(key) : undefined;
    return value ? `${key} : ${value}` : key;
  });
  return [`${verb} element ${TABLE} ${name} { ${texts.join(", ")} }`];
}
