/** Takes away what the network of a node made on its machine, whoever made it: routes, links, rules, the CNI configuration. What is not there is no mistake. */
import { rm } from "node:fs/promises";
import { join } from "node:path";
import type { Exec } from "@kubets/machinery/exec";
import { BRIDGE, CONFLIST_FILE } from "./conflist.ts";
import { MASQUERADE_TABLE } from "./masquerade.ts";
import { VXLAN_LINK } from "./plan-routes.ts";
import { ROUTE_PROTOCOL } from "./route-commands.ts";

interface RemoveNetworkOptions {
  readonly exec: Exec;
  readonly cniConfDir: string;
  readonly bridge?: string;
}

export async function removeNetwork({ exec, cniConfDir, bridge = BRIDGE }: RemoveNetworkOptions): Promise<void> {
  for (const family of ["-4", "-6"]) await exec("ip", [family, "route", "flush", "proto", String(ROUTE_PROTOCOL)]);
  for (const link of [VXLAN_LINK, bridge]) await exec("ip", ["link", "del", link]);
  for (const family of ["ip", "ip6"]) await exec("nft", ["delete", "table", family, MASQUERADE_TABLE]);
  await rm(join(cniConfDir, CONFLIST_FILE), { force: true });
}
