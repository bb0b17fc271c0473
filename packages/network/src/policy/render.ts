/**
 * What the policies that select a pod say of one direction, as the rules of one chain. Pods of which the same is said share the chain: its name
 * is made of its rules.
 * Holds: a packet that is let out returns, since it may have to be let in as well; one that is let in is accepted; what no rule knows is
 * dropped.
 */
import {
  type AddressSource,
  type Family,
  familyOf,
  namedPortSource,
  podSource,
  setName,
  shortHash,
} from "./address-set.ts";
import type { CompiledPolicy, CompiledRule, Direction, Peer, PodPeer, PolicyPort } from "./compile.ts";
import type { PolicyPod } from "./policy-pod.ts";

export interface RenderedChain {
  readonly name: string;
  readonly rules: readonly string[];
  /** The sets that the rules name. */
  readonly sources: readonly AddressSource[];
}

const FAMILIES: readonly Family[] = [4, 6];

/** Undefined where none of the policies restricts the direction. */
export function renderChain(
  direction: Direction,
  policies: readonly CompiledPolicy[],
  pod: PolicyPod,
): RenderedChain | undefined {
  const restricting = policies.filter((policy) => policy[direction]);
  if (restricting.length === 0) return undefined;
  const renderer = new Renderer(direction, pod);
  for (const policy of restricting) for (const rule of policy[direction] ?? []) renderer.rule(rule);
  const rules = [...renderer.rules, "drop"];
  return { name: `${direction}-${shortHash(rules.join("\n"))}`, rules, sources: [...renderer.sources.values()] };
}

class Renderer {
  readonly rules = new Set<string>();
  readonly sources = new Map<string, AddressSource>();
  readonly #direction: Direction;
  readonly #pod: PolicyPod;

  constructor(direction: Direction, pod: PolicyPod) {
    this.#direction = direction;
    this.#pod = pod;
  }

  rule({ peers, ports }: CompiledRule): void {
    const matches = portMatches(ports, this.#direction === "ingress" ? this.#pod : undefined);
    const named = this.#direction === "egress" ? (ports ?? []).filter(isNamed) : [];
    for (const peer of peers ?? [undefined]) {
      for (const from of this.#peerMatches(peer)) for (const port of matches) this.#add(from, port);
      for (const { port, protocol } of named) this.#namedPort(peer, port, protocol);
    }
  }

  #peerMatches(peer: Peer | undefined): string[] {
    if (!peer) return [""];
    if ("cidr" in peer) {
      const address = this.#address(familyOf(peer.cidr));
      // One by one: exceptions may overlap, which a set of ranges refuses.
      return [
        [peer.cidr, ...peer.except.map((range) => `!= ${range}`)].map((range) => `${address} ${range}`).join(" "),
      ];
    }
    const source = this.#use(podSource(peer));
    return FAMILIES.map((family) => `${this.#address(family)} @${setName(source, family)}`);
  }

  /** On the way out a port's name means another number for each pod that is reached, also where a block of addresses says which. */
  #namedPort(peer: Peer | undefined, name: string, protocol: string): void {
    const block = peer && "cidr" in peer ? peer : undefined;
    const source = this.#use(namedPortSource(block ? undefined : (peer as PodPeer | undefined), name, protocol));
    for (const family of block ? [familyOf(block.cidr)] : FAMILIES)
      this.#add(
        ...(block ? this.#peerMatches(block) : []),
        `meta l4proto ${protocol}`,
        `${this.#address(family)} . th dport @${setName(source, family)}`,
      );
  }

  #use(source: AddressSource): AddressSource {
    this.sources.set(source.id, source);
    return source;
  }

  #address(family: Family): string {
    return `${family === 4 ? "ip" : "ip6"} ${this.#direction === "ingress" ? "saddr" : "daddr"}`;
  }

  #add(...parts: string[]): void {
    const verdict = this.#direction === "ingress" ? "accept" : "return";
    this.rules.add([...parts, verdict].filter(Boolean).join(" "));
  }
}

type NamedPolicyPort = PolicyPort & { readonly port: string };
const isNamed = (port: PolicyPort): port is NamedPolicyPort => typeof port.port === "string";

/** One match for each protocol and one for the protocols of which all ports are meant. Names are those of `self`; without it they are left out. */
function portMatches(ports: readonly PolicyPort[] | undefined, self: PolicyPod | undefined): string[] {
  if (!ports) return [""];
  const numbers = new Map<string, string[]>();
  const whole = new Set<string>();
  for (const { protocol, port, endPort } of ports) {
    if (port === undefined) whole.add(protocol);
    for (const range of rangesOf(protocol, port, endPort, self))
      numbers.set(protocol, [...(numbers.get(protocol) ?? []), range]);
  }
  return [
    ...[...whole].map((protocol) => `meta l4proto ${protocol}`),
    ...[...numbers]
      .filter(([protocol]) => !whole.has(protocol))
      .map(([protocol, ranges]) => `meta l4proto ${protocol} th dport { ${disjoint(ranges).join(", ")} }`),
  ];
}

function rangesOf(
  protocol: string,
  port: number | string | undefined,
  endPort: number | undefined,
  self: PolicyPod | undefined,
): string[] {
  if (typeof port === "number") return [`${port}-${endPort ?? port}`];
  if (port === undefined || !self) return [];
  return self.namedPorts
    .filter((named) => named.name === port && named.protocol === protocol)
    .map((named) => `${named.port}-${named.port}`);
}

/** nft refuses ranges that overlap. */
function disjoint(ranges: readonly string[]): string[] {
  const sorted = ranges
    .map((range) => range.split("-").map(Number) as [number, number])
    .toSorted((a, b) => a[0] - b[0]);
  const out: [number, number][] = [];
  for (const [first, last] of sorted) {
    const before = out.at(-1);
    if (before && first <= before[1] + 1) before[1] = Math.max(before[1], last);
    else out.push([first, last]);
  }
  return out.map(([first, last]) => (first === last ? String(first) : `${first}-${last}`));
}
