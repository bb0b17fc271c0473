/**
 * What stands in the table whatever services there are: the hooks, the shared maps, and the roads of a packet between them.
 *
 * A packet for a service: firewall (source ranges), then `services` looks up its destination and goes to the chain of the virtual port,
 * which marks for masquerading what must come back here, and translates. What found no endpoint goes on untranslated and is
 * refused or dropped after routing.
 */
import { addressType, map, type NftFamily, SHARED_SLOTS, slotChain, slotMap, spreadChain, TABLE } from "./names.ts";

export interface BaseOptions {
  /** Where pods live; sources elsewhere are masqueraded on their way to a cluster IP. Unknown when empty. */
  readonly clusterCidrs: readonly string[];
  /** Instead: the link by which packets of pods come, a "*" at its end standing for any. */
  readonly podInterface?: string;
  /** The bit of a packet's mark that says that it is to be masqueraded. */
  readonly masqueradeMark: number;
  /** Masquerades everything that goes to a cluster IP. */
  readonly masqueradeAll: boolean;
  /** Where cluster IPs are from; what goes to one that no service has is dropped, and never leaves the node. Unknown when empty. */
  readonly serviceCidrs: readonly string[];
  /** Addresses or ranges of this node where node ports are served; every local address but loopback when empty. */
  readonly nodePortAddresses: readonly string[];
}

const isOfFamily = (family: NftFamily, address: string): boolean => address.includes(":") === (family === "ip6");

/** Matches what pods send, or with "!= " what others do; none when they cannot be told apart. */
export function fromPods(
  family: NftFamily,
  { clusterCidrs, podInterface }: BaseOptions,
  not: "" | "!= " = "",
): string | undefined {
  if (podInterface) return `iifname ${not}"${podInterface}"`;
  const pods = clusterCidrs.filter((cidr) => isOfFamily(family, cidr));
  return pods.length > 0 ? `${family} saddr ${not}{ ${pods.join(", ")} }` : undefined;
}

export function baseRuleset(family: NftFamily, options: BaseOptions): string[] {
  const lines: string[] = [];
  const address = addressType(family);
  const table = `${family} ${TABLE}`;
  const keyType = `type ${address} . inet_proto . inet_service`;
  const verdictKey = `${keyType} : verdict`;
  lines.push(
    `add map ${table} ${map.services} { ${verdictKey} ; }`,
    `add map ${table} ${map.nodePorts} { type inet_proto . inet_service : verdict ; }`,
    `add map ${table} ${map.unserved} { ${verdictKey} ; }`,
    `add map ${table} ${map.unservedNodePorts} { type inet_proto . inet_service : verdict ; }`,
    `add map ${table} ${map.firewall} { ${verdictKey} ; }`,
    `add set ${table} ${map.clusterIps} { type ${address} ; }`,
    `add set ${table} ${map.hairpin} { type ${address} . ${address} ; }`,
    ...SLOTS.map((i) => `add map ${table} ${slotMap(i)} { ${keyType} : ${address} . inet_service ; }`),
  );
  for (const [name, rules] of Object.entries(baseChains(family, options))) {
    const hook = HOOKS[name];
    lines.push(`add chain ${table} ${name}${hook ? ` { type ${hook} ; }` : ""}`);
    for (const rule of rules) lines.push(`add rule ${table} ${name} ${rule}`);
  }
  return lines;
}

/** The firewall stands before translation (-100), the refusals behind it. */
const HOOKS: Readonly<Record<string, string>> = {
  "nat-prerouting": "nat hook prerouting priority -100",
  "nat-output": "nat hook output priority -100",
  "nat-postrouting": "nat hook postrouting priority 100",
  "filter-prerouting": "filter hook prerouting priority -110",
  "filter-output": "filter hook output priority -110",
  "filter-input": "filter hook input priority -90",
  "filter-forward": "filter hook forward priority -90",
  "filter-output-post-dnat": "filter hook output priority -90",
};

/** In an order in which no rule names a chain that comes later. */
function baseChains(family: NftFamily, options: BaseOptions): Record<string, string[]> {
  const service = `${family} daddr . meta l4proto . th dport`;
  const mark = options.masqueradeMark;
  const services = options.serviceCidrs.filter((cidr) => isOfFamily(family, cidr));
  const onNode = nodePortMatch(family, options.nodePortAddresses);
  return {
    "mark-for-masquerade": [`meta mark set meta mark or ${mark}`],
    "reject-chain": ["reject"],
    ...spreadChains(family, service),
    services: [
      ...masqueradeToClusterIps(family, options),
      `${service} vmap @${map.services}`,
      `${onNode} meta l4proto . th dport vmap @${map.nodePorts}`,
    ],
    "firewall-check": [`${service} vmap @${map.firewall}`],
    "endpoints-check": [
      `${service} vmap @${map.unserved}`,
      `${onNode} meta l4proto . th dport vmap @${map.unservedNodePorts}`,
    ],
    "cluster-ips-check": [
      `${family} daddr @${map.clusterIps} reject`,
      ...(services.length > 0 ? [`${family} daddr { ${services.join(", ")} } drop`] : []),
    ],
    "nat-prerouting": ["jump services"],
    "nat-output": ["jump services"],
    "nat-postrouting": [
      `meta mark and ${mark} != 0 meta mark set meta mark xor ${mark} masquerade fully-random`,
      `ct status dnat ${family} saddr . ${family} daddr @${map.hairpin} masquerade fully-random`,
    ],
    "filter-prerouting": ["ct state new jump firewall-check"],
    "filter-output": ["ct state new jump firewall-check"],
    "filter-input": ["ct state new jump endpoints-check"],
    "filter-forward": ["ct state new jump endpoints-check", "ct state new jump cluster-ips-check"],
    "filter-output-post-dnat": ["ct state new jump endpoints-check", "ct state new jump cluster-ips-check"],
  };
}

const SLOTS = Array.from({ length: SHARED_SLOTS }, (_, i) => i);

/**
 * How most services are spread over their endpoints: with no chain of their own, of which the kernel and nft would read all at each change, but with elements of maps.
 */
function spreadChains(family: NftFamily, service: string): Record<string, string[]> {
  const slots = SLOTS.map((i) => {
    const rule = `meta l4proto { tcp, udp, sctp } dnat ${family} addr . port to ${service} map @${slotMap(i)}`;
    return [slotChain(i), [rule]] as [string, string[]];
  });
  const spreads = SLOTS.map((last) => {
    const choices = SLOTS.slice(0, last + 1).map((i) => `${i} : goto ${slotChain(i)}`);
    return [spreadChain(last + 1), [`numgen random mod ${last + 1} vmap { ${choices.join(", ")} }`]] as [
      string,
      string[],
    ];
  });
  return Object.fromEntries([...slots, ...spreads]);
}

function masqueradeToClusterIps(family: NftFamily, options: BaseOptions): string[] {
  const fromOthers = options.masqueradeAll ? "" : fromPods(family, options, "!= ");
  if (fromOthers === undefined) return [];
  return [`${family} daddr @${map.clusterIps} ${fromOthers} jump mark-for-masquerade`];
}

function nodePortMatch(family: NftFamily, addresses: readonly string[]): string {
  const here = addresses.filter((each) => isOfFamily(family, each));
  if (here.length > 0) return `fib daddr type local ${family} daddr { ${here.join(", ")} }`;
  return `fib daddr type local ${family} daddr != ${family === "ip" ? "127.0.0.0/8" : "::1"}`;
}
