/**
 * What network policies need to know of a pod, taken out of it once when it changes.
 * Holds: its addresses are addresses, in the one form of each, whatever the node that wrote them says: they become commands of nft.
 */
import type { Pod } from "@kubets/api/generated/types/core-v1";
import { parseIp } from "@kubets/machinery";

export interface PolicyPod {
  readonly key: string;
  readonly namespace: string;
  readonly labels: Readonly<Record<string, string>>;
  readonly nodeName: string;
  readonly ips: readonly string[];
  readonly namedPorts: readonly NamedPort[];
}

interface NamedPort {
  readonly name: string;
  /** "tcp", "udp", "sctp". */
  readonly protocol: string;
  readonly port: number;
}

/** Undefined for a pod that has no address of its own, or has it no more: nothing of a policy concerns it. */
export function policyPod({ metadata, spec, status }: Pod): PolicyPod | undefined {
  if (spec.hostNetwork || status.phase === "Succeeded" || status.phase === "Failed") return undefined;
  const told = status.podIPs?.map(({ ip }) => ip) ?? (status.podIP ? [status.podIP] : []);
  const ips = told.flatMap((ip) => parseIp(ip)?.toString() ?? []);
  if (ips.length === 0) return undefined;
  const containers = [...spec.containers, ...(spec.initContainers ?? [])];
  return {
    key: `${metadata.namespace}/${metadata.name}`,
    namespace: metadata.namespace,
    labels: metadata.labels ?? {},
    nodeName: spec.nodeName ?? "",
    ips,
    namedPorts: containers.flatMap(({ ports }) =>
      (ports ?? []).flatMap(({ name, protocol, containerPort }) =>
        name ? [{ name, protocol: (protocol ?? "TCP").toLowerCase(), port: containerPort }] : [],
      ),
    ),
  };
}
