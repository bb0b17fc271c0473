/** Everything of a cluster that is still on the machine, a line each. Finds by names, so it needs no journal. */
import { existsSync } from "node:fs";
import { cgroupExists, cgroupProcesses } from "../cgroups/cgroup.ts";
import { findHierarchies } from "../cgroups/hierarchies.ts";
import { tryRun } from "../namespaces/collect.ts";
import { mountsBelow, readMounts } from "../namespaces/mounts.ts";
import { readClaims } from "../network/claims.ts";
import { rulesNaming } from "../network/uplink.ts";
import { mountersOf } from "./mounted.ts";
import type { ClusterPlace } from "./place.ts";
import { processesNaming } from "./processes.ts";
import { heldSettings } from "./shared-setting.ts";

/** With `data: false` the cluster's folder may be there: it has only stopped. */
export async function leftovers(place: ClusterPlace, options: { data?: boolean } = {}): Promise<string[]> {
  const { data = true } = options;
  const found: string[] = [];
  const folders = data ? [place.runFolder, place.folder] : [place.runFolder];
  const mounts = await readMounts();
  const hierarchies = findHierarchies(mounts);
  if (hierarchies) {
    for (const pid of await cgroupProcesses(hierarchies, place.cgroup))
      found.push(`process ${pid} in cgroup ${place.cgroup}`);
    if (cgroupExists(hierarchies, place.cgroup)) found.push(`cgroup ${place.cgroup}`);
  }
  for (const pid of await processesNaming(folders)) found.push(`process ${pid} works in the cluster's folders`);
  for (const folder of folders) for (const { path } of mountsBelow(mounts, folder)) found.push(`mount ${path}`);
  for (const pid of await mountersOf(folders))
    found.push(`process ${pid} is in a namespace with mounts of the cluster`);
  if ((await tryRun("ip", ["link", "show", "dev", place.link])).code === 0) found.push(`link ${place.link}`);
  if ((await tryRun("nft", ["list", "table", "ip", place.table]).catch(() => undefined))?.code === 0)
    found.push(`nftables table ${place.table}`);
  for (const range of (await readClaims(place)).own) found.push(`range ${range}`);
  for (const rule of await rulesNaming(place.link)) found.push(`iptables rule ${rule}`);
  for (const name of await heldSettings(place)) found.push(`setting ${name}`);
  if (existsSync(place.runFolder)) found.push(`folder ${place.runFolder}`);
  if (data && existsSync(place.folder)) found.push(`folder ${place.folder}`);
  return found;
}
