/** What stands in the pod's /etc/resolv.conf, by its DNS policy; never more than the C library reads. */
import type { Pod } from "@kubets/api/generated/types/core-v1";

export interface DnsConfig {
  readonly servers: readonly string[];
  readonly searches: readonly string[];
  readonly options: readonly string[];
}

export interface DnsFacts {
  readonly clusterDns: readonly string[];
  readonly clusterDomain: string;
  /** The node's own. */
  readonly node: DnsConfig;
}

const MAX_SERVERS = 3;
const MAX_SEARCHES = 32;
const MAX_SEARCH_CHARS = 2048;

export const podDns = (pod: Pod, facts: DnsFacts): DnsConfig => fit(wanted(pod, facts));

/** What of it the pod does not get, in the original's words. */
export function dnsWarnings(pod: Pod, facts: DnsFacts): { readonly reason: string; readonly message: string }[] {
  const { name, namespace, uid } = pod.metadata;
  const all = wanted(pod, facts);
  const { servers, searches } = fit(all);
  const warnings: { reason: string; message: string }[] = [];
  if (wantsCluster(pod) && facts.clusterDns.length === 0)
    warnings.push({
      reason: "MissingClusterDNS",
      message: `pod: "${name}_${namespace}(${uid})". kubelet does not have ClusterDNS IP configured and cannot create Pod using "${pod.spec.dnsPolicy ?? "ClusterFirst"}" policy. Falling back to "Default" policy.`,
    });
  const forming = (message: string) => warnings.push({ reason: "DNSConfigForming", message });
  if (searches.length < all.searches.length)
    forming(
      `Search Line limits were exceeded, some search paths have been omitted, the applied search line is: ${searches.join(" ")}`,
    );
  if (servers.length < all.servers.length)
    forming(
      `Nameserver limits were exceeded, some nameservers have been omitted, the applied nameserver line is: ${servers.join(" ")}`,
    );
  return warnings;
}

const wantsCluster = ({ spec: { dnsPolicy = "ClusterFirst", hostNetwork } }: Pod): boolean =>
  (dnsPolicy === "ClusterFirst" && !hostNetwork) || dnsPolicy === "ClusterFirstWithHostNet";

function wanted(pod: Pod, { clusterDns, clusterDomain, node }: DnsFacts): DnsConfig {
  const { metadata, spec } = pod;
  const policy = spec.dnsPolicy ?? "ClusterFirst";
  const cluster = wantsCluster(pod) ? clusterDns : [];
  let config: DnsConfig = node;
  if (policy === "None") config = { servers: [], searches: [], options: [] };
  else if (cluster.length > 0) {
    const own = clusterDomain
      ? [`${metadata.namespace}.svc.${clusterDomain}`, `svc.${clusterDomain}`, clusterDomain]
      : [];
    config = { servers: cluster, searches: unique([...own, ...node.searches]), options: ["ndots:5"] };
  }
  return withOwn(config, spec.dnsConfig);
}

function withOwn(config: DnsConfig, own: Pod["spec"]["dnsConfig"]): DnsConfig {
  if (!own) return config;
  const options = new Map(config.options.map((text) => [text.split(":")[0] as string, text]));
  for (const { name = "", value } of own.options ?? [])
    options.set(name, value === undefined ? name : `${name}:${value}`);
  return {
    servers: unique([...config.servers, ...(own.nameservers ?? [])]),
    searches: unique([...config.searches, ...(own.searches ?? [])]),
    options: [...options.values()],
  };
}

function fit({ servers, searches, options }: DnsConfig): DnsConfig {
  const kept: string[] = [];
  let chars = 0;
  for (const search of searches.slice(0, MAX_SEARCHES)) {
    chars += search.length + 1;
    if (chars - 1 > MAX_SEARCH_CHARS) break;
    kept.push(search);
  }
  return { servers: servers.slice(0, MAX_SERVERS), searches: kept, options };
}

const unique = (items: readonly string[]): string[] => [...new Set(items)];

/** Reads a resolv.conf. */
export function parseResolvConf(text: string): DnsConfig {
  const servers: string[] = [];
  let searches: string[] = [];
  let options: string[] = [];
  for (const line of text.split("\n")) {
    const [word, ...rest] = line.trim().split(/\s+/);
    if (word === "nameserver" && rest[0]) servers.push(rest[0]);
    else if (word === "search") searches = rest.map((name) => (name === "." ? name : name.replace(/\.$/, "")));
    else if (word === "options") options = rest;
  }
  return { servers, searches, options };
}
