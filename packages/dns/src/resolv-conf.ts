/** The name servers that a resolv.conf names, without those that would lead back to ourselves. */
import { parseIp } from "@kubets/machinery";
import type { UpstreamServer } from "./upstream.ts";

export function nameServers(text: string, own: readonly string[] = []): UpstreamServer[] {
  const servers: UpstreamServer[] = [];
  for (const line of text.split("\n")) {
    const [word, host = ""] = line.trim().split(/\s+/);
    if (word !== "nameserver" || !parseIp(host.split("%")[0] as string) || own.includes(host)) continue;
    servers.push({ host, port: 53 });
  }
  return servers;
}
