/**
 * Drops UDP flows that the kernel still sends to endpoints that are gone. A UDP flow has no end of its own, so that without this a
 * client that keeps its port would talk to nobody for as long as it talks.
 * Holds: flows to endpoints that stay are not touched.
 */
import type { Logger } from "@kubets/machinery";
import type { Exec } from "@kubets/machinery/exec";
import type { VirtualPort } from "./plan.ts";

interface Flow {
  readonly src: string;
  readonly dst: string;
  readonly sport: string;
  readonly dport: string;
  /** Who answers, after translation. */
  readonly replySrc: string;
  readonly replyPort: string;
}

/** Reads `conntrack -L`: the original direction comes first, then the reply. */
function parseFlows(text: string): Flow[] {
  const flows: Flow[] = [];
  for (const line of text.split("\n")) {
    const all = (name: string) => [...line.matchAll(new RegExp(`\\b${name}=(\\S+)`, "g"))].map(([, value]) => value);
    const [src, replySrc] = all("src");
    const [dst] = all("dst");
    const [sport, replyPort] = all("sport");
    const [dport] = all("dport");
    if (src && dst && sport && dport && replySrc && replyPort)
      flows.push({ src, dst, sport, dport, replySrc, replyPort });
  }
  return flows;
}

/** The flows to one of these virtual ports whose answers come from none of its targets. `ports` without targets: those that went. */
function staleFlows(flows: readonly Flow[], ports: readonly VirtualPort[]): Flow[] {
  const byAddress = new Map<string, Set<string>>();
  const byNodePort = new Map<string, Set<string>>();
  for (const port of ports) {
    const { internal, external, externalFromInside, clusterIp, externalIps, loadBalancerIps, nodePort } = port;
    const targets = new Set(
      [internal, external, externalFromInside].flatMap((each) => each?.endpoints ?? []).map((t) => `${t.ip} ${t.port}`),
    );
    for (const ip of [...(clusterIp ? [clusterIp] : []), ...externalIps, ...loadBalancerIps])
      byAddress.set(`${ip} ${port.port}`, targets);
    if (nodePort) byNodePort.set(String(nodePort), targets);
  }
  return flows.filter(({ dst, dport, replySrc, replyPort }) => {
    const wanted = byAddress.get(`${dst} ${dport}`);
    if (wanted) return !wanted.has(`${replySrc} ${replyPort}`);
    // A number that is a node port here may be another service's elsewhere: only what was translated here is ours.
    const ofNode = replySrc === dst ? undefined : byNodePort.get(dport);
    return ofNode !== undefined && !ofNode.has(`${replySrc} ${replyPort}`);
  });
}

/** The virtual ports of a change for which flows may have become stale. */
export function portsToFlush(
  old: Iterable<VirtualPort | undefined>,
  now: (id: string) => VirtualPort | undefined,
): VirtualPort[] {
  const found: VirtualPort[] = [];
  for (const port of old) {
    if (port?.protocol !== "UDP") continue;
    const none = { endpoints: [], whenEmpty: "reject" } as const;
    found.push(now(port.id) ?? { ...port, internal: none, external: none, externalFromInside: none });
  }
  return found;
}

export async function flushStaleFlows(exec: Exec, ports: readonly VirtualPort[], log: Logger): Promise<void> {
  for (const family of ["IPv4", "IPv6"] as const) {
    const ofFamily = ports.filter((port) => port.family === family);
    if (ofFamily.length === 0) continue;
    const where = ["-f", family.toLowerCase(), "-p", "udp"];
    try {
      const { code, stdout, stderr } = await exec("conntrack", ["-L", ...where]);
      if (code !== 0) throw new Error(stderr.trim());
      // It may have ended meanwhile: the exit code says nothing.
      for (const { src, dst, sport, dport } of staleFlows(parseFlows(stdout), ofFamily))
        await exec("conntrack", ["-D", ...where, "-s", src, "-d", dst, "--sport", sport, "--dport", dport]);
    } catch (error) {
      log.warn("stale UDP flows could not be dropped; is conntrack installed?", { family, error });
    }
  }
}
