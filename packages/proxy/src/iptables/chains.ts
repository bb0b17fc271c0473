/**
 * The chains of the iptables backend that are there whatever services there are, and the names of those that are not.
 * Holds: everything of ours begins with PREFIX; the hooks in the kernel's own chains are single jumps to it.
 */
import { createHash } from "node:crypto";
import { MASQUERADE_MARK } from "../nftables/names.ts";

export const PREFIX = "KUBETS-";

export const chain = {
  services: `${PREFIX}SERVICES`,
  nodePorts: `${PREFIX}NODEPORTS`,
  outside: `${PREFIX}OUTSIDE`,
  mark: `${PREFIX}MARK-MASQ`,
  postrouting: `${PREFIX}POSTROUTING`,
  refuse: `${PREFIX}REFUSE`,
  clusterIps: `${PREFIX}CLUSTER-IPS`,
} as const;

export type TableName = "nat" | "filter";
const MARK = `0x${MASQUERADE_MARK.toString(16)}`;

/** "-A" of these in the kernel's own chains. */
export const HOOKS: Readonly<Record<TableName, readonly string[]>> = {
  nat: [
    `PREROUTING -j ${chain.services}`,
    `PREROUTING -m addrtype --dst-type LOCAL -j ${chain.nodePorts}`,
    `OUTPUT -j ${chain.services}`,
    `OUTPUT -m addrtype --dst-type LOCAL -j ${chain.nodePorts}`,
    `POSTROUTING -j ${chain.postrouting}`,
  ],
  filter: [
    `INPUT -m conntrack --ctstate NEW -j ${chain.refuse}`,
    `FORWARD -m conntrack --ctstate NEW -j ${chain.refuse}`,
    `FORWARD -m conntrack --ctstate NEW -j ${chain.clusterIps}`,
    `OUTPUT -m conntrack --ctstate NEW -j ${chain.refuse}`,
    `OUTPUT -m conntrack --ctstate NEW -j ${chain.clusterIps}`,
  ],
};

export function baseRules(
  podCidrs: readonly string[],
  masqueradeAll: boolean,
): Record<TableName, Map<string, string[]>> {
  const outside = masqueradeAll || podCidrs.length > 0 ? [`-j ${chain.mark}`] : [];
  const pods = masqueradeAll ? [] : podCidrs.map((cidr) => `-s ${cidr} -j RETURN`);
  return {
    nat: new Map([
      [chain.mark, [`-j MARK --or-mark ${MARK}`]],
      [chain.outside, [...pods, ...outside]],
      [chain.services, []],
      [chain.nodePorts, []],
      [
        chain.postrouting,
        [`-m mark ! --mark ${MARK}/${MARK} -j RETURN`, `-j MARK --xor-mark ${MARK}`, "-j MASQUERADE --random-fully"],
      ],
    ]),
    filter: new Map([
      [chain.refuse, []],
      [chain.clusterIps, []],
    ]),
  };
}

/** iptables takes 28 letters. */
export function chainName(kind: "SVC" | "EXT" | "SEP", id: string, more = ""): string {
  const hash = createHash("sha256").update(`${id} ${more}`).digest("hex").slice(0, 16).toUpperCase();
  return `${PREFIX}${kind}-${hash}`;
}
