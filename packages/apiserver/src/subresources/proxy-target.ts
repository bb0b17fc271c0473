/**
 * Where proxied requests may lead. The server reaches more than its clients do (its own machine, the cloud's metadata), so addresses that objects name are not
 * simply believed: services lead to pods alone, and nothing leads to loopback, link-local or multicast addresses.
 */
import { lookup } from "node:dns/promises";
import type { Pod } from "@kubets/api/generated/types/core-v1";
import type { Endpoint } from "@kubets/api/generated/types/discovery-v1";
import { badRequest, parseIp } from "@kubets/machinery";

const BROADCAST = "255.255.255.255";

export function isProxyable(address: string): boolean {
  const ip = parseIp(address)?.unmap();
  return (
    ip !== undefined &&
    !ip.isLoopback() &&
    !ip.isUnspecified() &&
    !ip.isMulticast() &&
    !ip.isLinkLocalUnicast() &&
    ip.toString() !== BROADCAST
  );
}

/** The address of a host; refused when any of its addresses is none to go to. */
export async function proxyableAddress(host: string): Promise<string> {
  const found = parseIp(host) ? [host] : (await lookup(host, { all: true })).map(({ address }) => address);
  if (!found[0] || !found.every(isProxyable)) throw badRequest("address not allowed");
  return found[0];
}

/** The address of an endpoint that is a pod's own: who may write endpoints may name any address, but not make a pod have it. */
export function podAddressOf({ targetRef, addresses }: Endpoint, podNamed: (name: string) => Pod | undefined) {
  const [address = ""] = addresses;
  if (targetRef?.kind !== "Pod" || !targetRef.name || !isProxyable(address)) return undefined;
  const { podIP, podIPs = [] } = podNamed(targetRef.name)?.status ?? {};
  return podIP === address || podIPs.some(({ ip }) => ip === address) ? address : undefined;
}
