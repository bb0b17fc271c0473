/**
 * A set of addresses in the kernel that follows the pods: those of a peer, or with their ports those that have a port of some name. Rules
 * that name the same peer share it.
 */
import { createHash } from "node:crypto";
import type { PodPeer } from "./compile.ts";
import type { PolicyPod } from "./policy-pod.ts";
import type { NamespaceLabels } from "./verdict.ts";

export type Family = 4 | 6;

export interface AddressSource {
  readonly id: string;
  /** Undefined: pods of all namespaces, whatever their labels. */
  readonly peer?: PodPeer;
  /** Only pods that have it, and their addresses with its number. */
  readonly namedPort?: { readonly name: string; readonly protocol: string };
}

export function podSource(peer: PodPeer): AddressSource {
  return { id: `pods-${shortHash(peerText(peer))}`, peer };
}

export function namedPortSource(peer: PodPeer | undefined, name: string, protocol: string): AddressSource {
  const text = `${peer ? peerText(peer) : "*"} ${name} ${protocol}`;
  return { id: `ports-${shortHash(text)}`, ...(peer && { peer }), namedPort: { name, protocol } };
}

export const setName = ({ id }: AddressSource, family: Family): string => `${id}-${family}`;

export function setType({ namedPort }: AddressSource, family: Family): string {
  const address = family === 4 ? "ipv4_addr" : "ipv6_addr";
  return namedPort ? `${address} . inet_service` : address;
}

/** What a pod adds to the set of a family. */
export function elementsOf(
  { peer, namedPort }: AddressSource,
  pod: PolicyPod,
  family: Family,
  labelsOf: NamespaceLabels,
): string[] {
  if (peer && !isMember(peer, pod, labelsOf)) return [];
  const ips = pod.ips.filter((ip) => familyOf(ip) === family);
  if (!namedPort) return ips;
  const ports = pod.namedPorts.filter((p) => p.name === namedPort.name && p.protocol === namedPort.protocol);
  return ips.flatMap((ip) => ports.map(({ port }) => `${ip} . ${port}`));
}

export function isMember({ namespace, namespaces, pods }: PodPeer, pod: PolicyPod, labelsOf: NamespaceLabels): boolean {
  const here = namespaces ? namespaces.matches(labelsOf(pod.namespace)) : namespace === pod.namespace;
  return here && pods.matches(pod.labels);
}

export const familyOf = (ip: string): Family => (ip.includes(":") ? 6 : 4);

export const shortHash = (text: string): string => createHash("sha256").update(text).digest("hex").slice(0, 12);

const peerText = ({ namespace, namespaces, pods }: PodPeer): string =>
  JSON.stringify([namespace ?? null, namespaces?.toString() ?? null, namespaces?.selectable ?? null, pods.toString()]);
