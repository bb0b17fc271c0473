/** The pod's /etc/hosts: its own name, and the aliases that its spec gives. */
import type { HostAlias } from "@kubets/api/generated/types/core-v1";

const MANAGED = "# Kubernetes-managed hosts file.\n";
const OF_HOST = "# Kubernetes-managed hosts file (host network).\n";
const LOCAL =
  "127.0.0.1\tlocalhost\n" +
  "::1\tlocalhost ip6-localhost ip6-loopback\n" +
  "fe00::0\tip6-localnet\n" +
  "fe00::0\tip6-mcastprefix\n" +
  "fe00::1\tip6-allnodes\n" +
  "fe00::2\tip6-allrouters\n";

export function hostsFile(
  ips: readonly string[],
  hostname: string,
  domain: string,
  aliases: readonly HostAlias[] = [],
): string {
  const names = domain ? `${hostname}.${domain}\t${hostname}` : hostname;
  return MANAGED + LOCAL + ips.map((ip) => `${ip}\t${names}\n`).join("") + aliasLines(aliases);
}

/** In the network of the node: the node's own file. */
export const nodeHostsFile = (ofNode: string, aliases: readonly HostAlias[] = []): string =>
  OF_HOST + ofNode + aliasLines(aliases);

const aliasLines = (aliases: readonly HostAlias[]): string =>
  aliases.length === 0
    ? ""
    : `\n# Entries added by HostAliases.\n${aliases.map(({ ip, hostnames = [] }) => `${[ip, ...hostnames].join("\t")}\n`).join("")}`;
