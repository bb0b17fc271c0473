/**
 * What a node's mount namespace has of its own: /run (sockets and locks of its programs), /var/log, CNI's cache, and a resolv.conf whose servers it reaches.
 * The cluster's run folder is seen in it under the same path as on the host, so that paths mean the same on both sides.
 */
import { existsSync, realpathSync } from "node:fs";
import { mkdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import type { Journal } from "./inventory/journal.ts";
import type { ClusterPlace } from "./inventory/place.ts";
import { readNodeResolver } from "./network/resolver.ts";
import type { NodePlace } from "./node-place.ts";

/** libcni keeps its cache here and takes no other folder. */
const CNI_CACHE = "/var/lib/cni";
const LOGS = "/var/log";
const RESOLVER = "/etc/resolv.conf";

/** Arguments: a folder, the cluster's run folder, CNI's cache, the resolv.conf and where it goes ("" for nowhere), the node's logs. */
export const NODE_SETUP = `
mount -t tmpfs -o mode=755,size=64m tmpfs "$1"
mkdir -p "$1\${2#/run}" "$1/lock"
mount --bind "$2" "$1\${2#/run}"
case "$5" in
  "") ;;
  /run/*) mkdir -p "$(dirname "$1\${5#/run}")"; cp "$4" "$1\${5#/run}" ;;
  *) mount --bind "$4" "$5" ;;
esac
mount --bind "$3" ${CNI_CACHE}
mount --bind "$6" ${LOGS}
mount --rbind "$1" /run
`;

export async function nodeSetupArgs(cluster: ClusterPlace, node: NodePlace, journal: Journal): Promise<string[]> {
  const own = join(node.runFolder, "run");
  const cache = join(node.runFolder, "cni-cache");
  const resolver = join(node.runFolder, "resolv.conf");
  const logs = join(node.folder, "log");
  for (const folder of [own, cache, logs]) await mkdir(folder, { recursive: true });
  await writeFile(resolver, await readNodeResolver());
  for (const path of [CNI_CACHE, LOGS]) {
    if (existsSync(path)) continue;
    journal.add({ kind: "host-folder", path });
    await mkdir(path, { recursive: true });
  }
  return [own, cluster.runFolder, cache, resolver, existsSync(RESOLVER) ? realpathSync(RESOLVER) : "", logs];
}
