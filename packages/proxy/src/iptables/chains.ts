/**
 * The chains of the iptables backend that are there whatever services there are, and the names of those that are not.
 * Holds: everything of ours begins with PREFIX; the hooks in the kernel's own chains are single jumps to it.
 */
import { createHash } from "node:crypto";
import type { BaseOptions } from "../nftables/base.ts";

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

/** The chains to which they jump. */
export const BEHIND_HOOKS: Readonly<Record<TableName, readonly string[]>> = {
  nat: [chain.services, chain.nodePorts, chain.postrouting],
  filter: [chain.refuse, chain.clusterIps],
};

/** As of the other backend (nftables/base.ts), but that every local address serves node ports where none is named. */
export type IptablesRules = Pick<
  BaseOptions,
  "clusterCidrs" | "podInterface" | "masqueradeMark" | "masqueradeAll" | "nodePortAddresses"
>;

/** Each matches some of what pods send, and together they match all of it; none when pods cannot be told apart. */
export function fromPods(ipv6: boolean, { clusterCidrs, podInterface }: IptablesRules): string[] {
  if (podInterface) return [`-i ${podInterface.replace(/\*$/, "+")}`];
  return clusterCidrs.filter((cidr) => cidr.includes(":") === ipv6).map((cidr) => `-s ${cidr}`);
}

export function baseRules(ipv6: boolean, rules: IptablesRules): Record<TableName, Map<string, string[]>> {
  const mark = `0x${rules.masqueradeMark.toString(16)}`;
  const pods = rules.masqueradeAll ? [] : fromPods(ipv6, rules);
  const outside = rules.masqueradeAll || pods.length > 0 ? [`-j ${chain.mark}`] : [];
  return {
    nat: new Map([
      [chain.mark, [`-j MARK --or-mark ${mark}`]],
      [chain.outside, [...pods.map((match) => `${match} -j RETURN`), ...outside]],
      [chain.services, []],
      [chain.nodePorts, []],
      [
        chain.postrouting,
        [`-m mark ! --mark ${mark}/${mark} -j RETURN`, `-j MARK --xor-mark ${mark}`, "-j MASQUERADE --random-fully"],
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
