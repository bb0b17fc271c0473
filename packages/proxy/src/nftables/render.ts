/**
 * One virtual port as nftables say it: its own chains and sets, and its elements in the shared maps.
 * Holds: a pure function of the virtual port and the options, so that two renderings can be compared to find the change.
 */
import { joinHostPort } from "@kubets/machinery/ip";
import type { Target, Targets, VirtualPort } from "../plan.ts";
import { type BaseOptions, fromPods } from "./base.ts";
import { addressType, chainName, map, type NftFamily, nftFamily, SHARED_SLOTS, slotMap, spreadChain } from "./names.ts";

export interface Rendered {
  readonly family: NftFamily;
  /** Rules by chain, called chains before their callers. */
  readonly chains: ReadonlyMap<string, readonly string[]>;
  /** Declarations by name. */
  readonly sets: ReadonlyMap<string, string>;
  readonly elements: readonly Element[];
}

interface Element {
  readonly map: string;
  readonly key: string;
  /** The verdict or what else the map gives; none in a set. */
  readonly value?: string;
}

/**
 * Up to so many targets of a chain of its own are chosen by rules, more by a map. Rules cost a packet more, but each map costs the kernel a search through all
 * maps of the table when it is made: with 10,000 of them that is 14 s.
 */
const MOST_RULES = 8;

export function render(port: VirtualPort, options: BaseOptions): Rendered {
  return new Renderer(port, options).render();
}

class Renderer {
  readonly #port: VirtualPort;
  readonly #options: BaseOptions;
  readonly #family: NftFamily;
  readonly #protocol: string;
  readonly #chains = new Map<string, readonly string[]>();
  readonly #sets = new Map<string, string>();
  readonly #elements: Element[] = [];
  /** Chains by the targets over which they spread. */
  readonly #balancers = new Map<string, string>();

  constructor(port: VirtualPort, options: BaseOptions) {
    this.#port = port;
    this.#options = options;
    this.#family = nftFamily(port.family);
    this.#protocol = port.protocol.toLowerCase();
  }

  render(): Rendered {
    this.#internal();
    this.#external();
    this.#hairpins();
    return { family: this.#family, chains: this.#chains, sets: this.#sets, elements: this.#elements };
  }

  #internal(): void {
    const { clusterIp, port, internal } = this.#port;
    if (!clusterIp) return;
    this.#elements.push({ map: map.clusterIps, key: clusterIp });
    const key = `${clusterIp} . ${this.#protocol} . ${port}`;
    if (this.#isPlain()) this.#spread(key, internal);
    else if (internal.endpoints.length > 0)
      this.#elements.push({ map: map.services, key, value: `goto ${this.#balance("service", internal)}` });
    else this.#elements.push({ map: map.unserved, key, value: refusal(internal) });
  }

  /** As most services are: known by its cluster IP alone, with a few endpoints and no memory of who was where. */
  #isPlain(): boolean {
    const { internal, externalIps, loadBalancerIps, nodePort, affinitySeconds } = this.#port;
    const { length } = internal.endpoints;
    if (length === 0 || length > SHARED_SLOTS) return false;
    return !nodePort && !affinitySeconds && externalIps.length + loadBalancerIps.length === 0;
  }

  #spread(key: string, { endpoints }: Targets): void {
    this.#elements.push({ map: map.services, key, value: `goto ${spreadChain(endpoints.length)}` });
    for (const [i, { ip, port }] of endpoints.entries())
      this.#elements.push({ map: slotMap(i), key, value: `${ip} . ${port}` });
  }

  #external(): void {
    const { externalIps, loadBalancerIps, sourceRanges, nodePort, port, external, externalFromInside } = this.#port;
    const ips = [...new Set([...externalIps, ...loadBalancerIps])];
    if (ips.length === 0 && !nodePort) return;
    const keys = ips.map((ip) => `${ip} . ${this.#protocol} . ${port}`);
    const nodeKey = `${this.#protocol} . ${nodePort}`;
    if (external.endpoints.length > 0 || externalFromInside?.endpoints.length) {
      const value = `goto ${this.#entrance()}`;
      for (const key of keys) this.#elements.push({ map: map.services, key, value });
      if (nodePort) this.#elements.push({ map: map.nodePorts, key: nodeKey, value });
    }
    if (external.endpoints.length === 0) {
      const value = refusal(external);
      for (const key of keys) this.#elements.push({ map: map.unserved, key, value });
      if (nodePort) this.#elements.push({ map: map.unservedNodePorts, key: nodeKey, value });
    }
    if (sourceRanges.length > 0) this.#firewall(loadBalancerIps, sourceRanges);
  }

  /** The chain for those who come by an address from outside. */
  #entrance(): string {
    const { id, external, externalFromInside: inside, masqueradeExternal } = this.#port;
    const rules: string[] = [];
    if (inside?.endpoints.length) {
      const chain = this.#balance("inside", inside);
      const pods = fromPods(this.#family, this.#options);
      if (pods) rules.push(`${pods} goto ${chain}`);
      rules.push("fib saddr type local jump mark-for-masquerade", `fib saddr type local goto ${chain}`);
    }
    if (masqueradeExternal) rules.push("jump mark-for-masquerade");
    if (external.endpoints.length > 0) rules.push(`goto ${this.#balance("outside", external)}`);
    const name = chainName("external", id);
    this.#chains.set(name, rules);
    return name;
  }

  #firewall(ips: readonly string[], ranges: readonly string[]): void {
    const name = chainName("firewall", this.#port.id);
    this.#chains.set(name, [`${this.#family} saddr != { ${ranges.join(", ")} } drop`]);
    for (const ip of new Set(ips))
      this.#elements.push({
        map: map.firewall,
        key: `${ip} . ${this.#protocol} . ${this.#port.port}`,
        value: `goto ${name}`,
      });
  }

  /** The chain that spreads over these targets; two roads with the same targets share it. */
  #balance(kind: string, { endpoints }: Targets): string {
    const { id, affinitySeconds } = this.#port;
    const same = endpoints.map(socket).join();
    const known = this.#balancers.get(same);
    if (known) return known;
    const name = chainName(kind, id);
    this.#balancers.set(same, name);
    this.#chains.set(name, affinitySeconds ? this.#sticky(endpoints, affinitySeconds) : this.#translate(endpoints));
    return this.#moveLast(name);
  }

  /** A chain comes after those that it names. */
  #moveLast(name: string): string {
    const rules = this.#chains.get(name) as readonly string[];
    this.#chains.delete(name);
    this.#chains.set(name, rules);
    return name;
  }

  /** Each rule takes its share of what the ones before it left. */
  #translate(endpoints: readonly Target[]): string[] {
    const before = `meta l4proto ${this.#protocol}`;
    const dnat = `dnat ${this.#family}`;
    if (endpoints.length > MOST_RULES) {
      const choices = endpoints.map(({ ip, port }, i) => `${i} : ${ip} . ${port}`);
      return [`${before} ${dnat} addr . port to numgen random mod ${choices.length} map { ${choices.join(", ")} }`];
    }
    return endpoints.map((endpoint, i) => {
      const left = endpoints.length - i;
      const share = left > 1 ? ` numgen random mod ${left} 0` : "";
      return `${before}${share} ${dnat} to ${socket(endpoint)}`;
    });
  }

  /** Who was at an endpoint in time goes there again; all others are spread, and remembered. */
  #sticky(endpoints: readonly Target[], seconds: number): string[] {
    const { id } = this.#port;
    const type = addressType(this.#family);
    const roads = endpoints.map((endpoint) => {
      const clients = chainName("affinity", id, `${socket(endpoint)} ${seconds}`);
      const chain = chainName("endpoint", id, socket(endpoint));
      this.#sets.set(clients, `{ type ${type} ; flags dynamic,timeout ; timeout ${seconds}s ; }`);
      this.#chains.set(chain, [
        `update @${clients} { ${this.#family} saddr }`,
        `meta l4proto ${this.#protocol} dnat ${this.#family} to ${socket(endpoint)}`,
      ]);
      return { clients, chain };
    });
    const choices = roads.map(({ chain }, i) => `${i} : goto ${chain}`);
    return [
      ...roads.map(({ clients, chain }) => `${this.#family} saddr @${clients} goto ${chain}`),
      `numgen random mod ${roads.length} vmap { ${choices.join(", ")} }`,
    ];
  }

  /** A pod that reaches itself through a service must see another source than itself. That happens only on its own node. */
  #hairpins(): void {
    const { internal, external, externalFromInside } = this.#port;
    const all = [internal, external, externalFromInside].flatMap((targets) => targets?.endpoints ?? []);
    const ips = new Set(all.filter(({ local }) => local).map(({ ip }) => ip));
    for (const ip of ips) this.#elements.push({ map: map.hairpin, key: `${ip} . ${ip}` });
  }
}

const refusal = ({ whenEmpty }: Targets): string => (whenEmpty === "drop" ? "drop" : "goto reject-chain");
const socket = ({ ip, port }: Target): string => joinHostPort(ip, port);
