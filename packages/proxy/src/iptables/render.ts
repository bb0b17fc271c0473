/**
 * One virtual port as rules of iptables: its own chains in the table nat, and its lines in the shared chains.
 * Holds: a pure function of the virtual port and the options.
 */
import { joinHostPort } from "@kubets/machinery/ip";
import type { Target, Targets, VirtualPort } from "../plan.ts";
import { chain, chainName, fromPods, type IptablesRules, type TableName } from "./chains.ts";

export interface Rendered {
  readonly ipv6: boolean;
  /** Rules by chain of the table nat, called chains before their callers. */
  readonly chains: ReadonlyMap<string, readonly string[]>;
  readonly shared: readonly SharedRule[];
}

interface SharedRule {
  readonly table: TableName;
  /** With the chain in front: "KUBETS-SERVICES -d ...". */
  readonly rule: string;
}

export function render(port: VirtualPort, rules: IptablesRules): Rendered {
  return new Renderer(port, rules).render();
}

class Renderer {
  readonly #port: VirtualPort;
  readonly #pods: readonly string[];
  /** Matches of what is for this node. */
  readonly #onNode: readonly string[];
  readonly #chains = new Map<string, readonly string[]>();
  readonly #shared: SharedRule[] = [];

  constructor(port: VirtualPort, rules: IptablesRules) {
    this.#port = port;
    const ipv6 = port.family === "IPv6";
    this.#pods = fromPods(ipv6, rules);
    const here = rules.nodePortAddresses.filter((range) => range.includes(":") === ipv6);
    const local = "-m addrtype --dst-type LOCAL";
    this.#onNode = here.length > 0 ? here.map((range) => `-d ${range} ${local}`) : [local];
  }

  render(): Rendered {
    this.#internal();
    this.#external();
    return { ipv6: this.#port.family === "IPv6", chains: this.#chains, shared: this.#shared };
  }

  #internal(): void {
    const { clusterIp, internal } = this.#port;
    if (!clusterIp) return;
    this.#share("filter", `${chain.clusterIps} -d ${this.#host(clusterIp)} -j REJECT`);
    if (internal.endpoints.length === 0) return this.#refuse(clusterIp, internal);
    this.#share("nat", `${chain.services} ${this.#to(clusterIp)} -j ${chain.outside}`);
    this.#share("nat", `${chain.services} ${this.#to(clusterIp)} -j ${this.#balance("service", internal)}`);
  }

  #external(): void {
    const { externalIps, loadBalancerIps, sourceRanges, nodePort, protocol, external, externalFromInside } = this.#port;
    const isServed = external.endpoints.length > 0 || (externalFromInside?.endpoints.length ?? 0) > 0;
    const ips = new Set([...externalIps, ...loadBalancerIps]);
    if (ips.size === 0 && !nodePort) return;
    const entrance = isServed ? this.#entrance() : "";
    for (const ip of ips) {
      const ranges = loadBalancerIps.includes(ip) ? sourceRanges : [];
      const sources = ranges.length > 0 ? ranges.map((range) => ` -s ${range}`) : [""];
      for (const source of entrance ? sources : [])
        this.#share("nat", `${chain.services} ${this.#to(ip)}${source} -j ${entrance}`);
      if (external.endpoints.length === 0) this.#refuse(ip, external);
      else if (ranges.length > 0) this.#share("filter", `${chain.refuse} ${this.#to(ip)} -j DROP`);
    }
    if (!nodePort) return;
    const toNode = `-p ${protocol.toLowerCase()} --dport ${nodePort}`;
    for (const onNode of this.#onNode) {
      if (entrance) this.#share("nat", `${chain.nodePorts} ${onNode} ${toNode} -j ${entrance}`);
      if (external.endpoints.length === 0)
        this.#share("filter", `${chain.refuse} ${onNode} ${toNode} -j ${verdict(external)}`);
    }
  }

  /** The chain for those who come by an address from outside. */
  #entrance(): string {
    const { id, external, externalFromInside: inside, masqueradeExternal } = this.#port;
    const rules: string[] = [];
    if (inside?.endpoints.length) {
      const all = this.#balance("inside", inside);
      rules.push(
        ...this.#pods.map((match) => `${match} -j ${all}`),
        `-m addrtype --src-type LOCAL -j ${chain.mark}`,
        `-m addrtype --src-type LOCAL -j ${all}`,
      );
    }
    if (masqueradeExternal) rules.push(`-j ${chain.mark}`);
    if (external.endpoints.length > 0) rules.push(`-j ${this.#balance("outside", external)}`);
    const name = chainName("EXT", id);
    this.#chains.set(name, rules);
    return name;
  }

  #balance(kind: string, { endpoints }: Targets): string {
    const { id, affinitySeconds } = this.#port;
    const name = chainName("SVC", id, kind);
    const roads = endpoints.map((target) => this.#endpoint(target));
    const stay = affinitySeconds
      ? roads.map((road) => `-m recent --name ${road} --rcheck --seconds ${affinitySeconds} --reap -j ${road}`)
      : [];
    const spread = roads.map((road, i) => {
      const left = roads.length - i;
      return left === 1
        ? `-j ${road}`
        : `-m statistic --mode random --probability ${(1 / left).toFixed(10)} -j ${road}`;
    });
    this.#chains.delete(name);
    this.#chains.set(name, [...stay, ...spread]);
    return name;
  }

  #endpoint({ ip, port }: Target): string {
    const { id, affinitySeconds, protocol } = this.#port;
    const socket = joinHostPort(ip, port);
    const name = chainName("SEP", id, socket);
    this.#chains.set(name, [
      // A pod that reaches itself must see another source than itself.
      `-s ${this.#host(ip)} -j ${chain.mark}`,
      ...(affinitySeconds ? [`-m recent --name ${name} --set`] : []),
      `-p ${protocol.toLowerCase()} -j DNAT --to-destination ${socket}`,
    ]);
    return name;
  }

  #refuse(ip: string, targets: Targets): void {
    this.#share("filter", `${chain.refuse} ${this.#to(ip)} -j ${verdict(targets)}`);
  }

  #share(table: TableName, rule: string): void {
    this.#shared.push({ table, rule });
  }

  #to(ip: string): string {
    return `-d ${this.#host(ip)} -p ${this.#port.protocol.toLowerCase()} --dport ${this.#port.port}`;
  }

  #host(ip: string): string {
    return `${ip}/${ip.includes(":") ? 128 : 32}`;
  }
}

const verdict = ({ whenEmpty }: Targets): string => (whenEmpty === "drop" ? "DROP" : "REJECT");
