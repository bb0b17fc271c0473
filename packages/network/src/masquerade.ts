/** What pods send out of the cluster leaves as from the node, for the world knows no way back to a pod. */
export const MASQUERADE_TABLE = "kubets-network";

/** For `nft -f`: the whole table of one family, whatever stood there. */
export function masqueradeRuleset(podCidrs: readonly string[], clusterCidrs: readonly string[]): string {
  const lines: string[] = [];
  for (const family of ["ip", "ip6"] as const) {
    const ours = (cidr: string) => cidr.includes(":") === (family === "ip6");
    const pods = podCidrs.filter(ours);
    const table = `${family} ${MASQUERADE_TABLE}`;
    if (pods.length === 0) continue;
    const inside = [...new Set([...clusterCidrs.filter(ours), ...pods])];
    const multicast = family === "ip" ? "224.0.0.0/4" : "ff00::/8";
    lines.push(
      `add table ${table}`,
      `delete table ${table}`,
      `add table ${table}`,
      `add chain ${table} postrouting { type nat hook postrouting priority 100 ; }`,
      `add set ${table} inside { type ${family === "ip" ? "ipv4" : "ipv6"}_addr ; flags interval ; auto-merge ; }`,
      `add element ${table} inside { ${[...inside, multicast].join(", ")} }`,
      `add rule ${table} postrouting ${family} saddr { ${pods.join(", ")} } ${family} daddr != @inside masquerade fully-random`,
    );
  }
  return lines.map((line) => `${line}\n`).join("");
}
