/**
 * The names of what the nftables backend makes. Everything of it stands in one table for each family.
 * Holds: the name of a chain or set is the same for the same virtual port in every process, so that `nft list` reads well.
 */
import { createHash } from "node:crypto";
import type { VirtualPort } from "../plan.ts";

export const TABLE = "kubets-proxy";
export const MASQUERADE_MARK = 0x4000;

export type NftFamily = "ip" | "ip6";

export const nftFamily = (family: VirtualPort["family"]): NftFamily => (family === "IPv4" ? "ip" : "ip6");
export const addressType = (family: NftFamily): string => (family === "ip" ? "ipv4_addr" : "ipv6_addr");

/** Maps and sets that all virtual ports share. */
export const map = {
  services: "service-ips",
  nodePorts: "service-nodeports",
  unserved: "no-endpoint-services",
  unservedNodePorts: "no-endpoint-nodeports",
  firewall: "firewall-ips",
  clusterIps: "cluster-ips",
  hairpin: "hairpin-connections",
} as const;

/** Of the i-th endpoint of each service that has no more than `SHARED_SLOTS` of them, by the service's address. */
export const slotMap = (i: number): string => `endpoints-${i}`;
export const slotChain = (i: number): string => `endpoint-${i}`;
/** Chooses one of the first so many. */
export const spreadChain = (count: number): string => `spread-${count}`;
export const SHARED_SLOTS = 8;

/** nft takes 127 letters. */
const LONGEST = 100;

export function chainName(kind: string, id: string, more = ""): string {
  const hash = createHash("sha256").update(`${id} ${more}`).digest("hex").slice(0, 10);
  return `${kind}-${hash}/${id.replace(":", "/")}`.slice(0, LONGEST);
}
