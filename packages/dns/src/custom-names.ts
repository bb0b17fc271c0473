/**
 * What the ConfigMap kube-dns of kube-system adds to the names of the cluster, under the keys that Kubernetes published for it: `stubDomains` (a JSON object of domains
 * and their servers), `upstreamNameservers` (a JSON list), and `hosts` (lines as in /etc/hosts).
 * Holds: pure; a part that cannot be read is left out and told, and the others hold.
 */
import { parseIp } from "@kubets/machinery";
import type { Rdata } from "./record.ts";
import { type } from "./record.ts";
import { reverseName } from "./reverse.ts";
import { addressRecord } from "./service-records.ts";
import type { UpstreamServer } from "./upstream.ts";

export interface CustomNames {
  /** By name, in lower case, also those of the reverse tree. */
  readonly hosts: ReadonlyMap<string, readonly Rdata[]>;
  /** The longest domain first. */
  readonly stubs: readonly { readonly domain: string; readonly servers: readonly UpstreamServer[] }[];
  /** Instead of those of the machine. */
  readonly upstreams: readonly UpstreamServer[] | undefined;
  readonly problems: readonly string[];
}

export const NO_CUSTOM_NAMES: CustomNames = { hosts: new Map(), stubs: [], upstreams: undefined, problems: [] };

export function customNames(data: Readonly<Record<string, string>> = {}): CustomNames {
  const problems: string[] = [];
  const read = <T>(key: string, use: (value: unknown) => T): T | undefined => {
    try {
      return data[key]?.trim() ? use(JSON.parse(data[key])) : undefined;
    } catch (error) {
      problems.push(`${key}: ${(error as Error).message}`);
      return undefined;
    }
  };
  const stubs = read("stubDomains", (value) =>
    Object.entries(value as object).map(([domain, servers]) => ({
      domain: domain.toLowerCase().replace(/^\.|\.$/g, ""),
      servers: serversOf(servers),
    })),
  );
  return {
    hosts: hostsOf(data["hosts"] ?? "", problems),
    stubs: (stubs ?? []).sort((a, b) => b.domain.length - a.domain.length),
    upstreams: read("upstreamNameservers", serversOf),
    problems,
  };
}

export const isBelow = (name: string, domain: string): boolean => name === domain || name.endsWith(`.${domain}`);

function serversOf(value: unknown): UpstreamServer[] {
  if (!Array.isArray(value)) throw new Error(`expected a list of addresses, as ["192.0.2.53"]`);
  return value.map((text) => {
    const server = serverOf(String(text));
    if (server) return server;
    throw new Error(
      `${JSON.stringify(text)} is no address of a server, as 192.0.2.53, 192.0.2.53:5353 or [2001:db8::53]:5353`,
    );
  });
}

function serverOf(text: string): UpstreamServer | undefined {
  if (parseIp(text)) return { host: text, port: 53 };
  const [, six, four, port] = /^(?:\[([^\]]+)\]|([\d.]+)):(\d{1,5})$/.exec(text) ?? [];
  const host = six ?? four ?? "";
  return parseIp(host) ? { host, port: Number(port) } : undefined;
}

function hostsOf(text: string, problems: string[]): Map<string, Rdata[]> {
  const hosts = new Map<string, Rdata[]>();
  const put = (name: string, data: Rdata) => hosts.set(name, [...(hosts.get(name) ?? []), data]);
  for (const line of text.split("\n")) {
    const [ip = "", ...names] = (line.split("#")[0] as string).trim().toLowerCase().split(/\s+/);
    if (!ip) continue;
    const [first] = names;
    if (!parseIp(ip) || first === undefined) {
      problems.push(`hosts: expected an address and names, found ${JSON.stringify(line.trim())}`);
      continue;
    }
    for (const name of names) for (const { data } of addressRecord(name, ip)) put(name.replace(/\.$/, ""), data);
    put(reverseName(ip) as string, { type: type.PTR, target: first });
  }
  return hosts;
}
