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

export function podDns({ metadata, spec }: Pod, { clusterDns, clusterDomain, node }: DnsFacts): DnsConfig {
  const policy = spec.dnsPolicy ?? "ClusterFirst";
  const cluster =
    (policy === "ClusterFirst" && !spec.hostNetwork) || policy === "ClusterFirstWithHostNet" ? clusterDns : [];
  let config: DnsConfig = node;
  if (policy === "None") config = { servers: [], searches: [], options: [] };
  else if (cluster.length > 0) {
    const own = clusterDomain
      ? [`${metadata.namespace}.svc.${clusterDomain}`, `svc.${clusterDomain}`, clusterDomain]
      : [];
    config = { servers: cluster, searches: unique([...own, ...node.searches]), options: ["ndots:5"] };
  }
  return fit(withOwn(config, spec.dnsConfig));
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
