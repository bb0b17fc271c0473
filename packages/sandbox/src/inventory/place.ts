/**
 * Where a cluster lives on this machine, and under which names. All of it follows from the cluster's name and folder, so that a run that knows
 * nothing but those finds what an earlier one left.
 */
import { createHash } from "node:crypto";
import { dirname, join, resolve } from "node:path";

export interface ClusterPlace {
  readonly name: string;
  /** What is kept when the cluster stops: images, the plan of the network, the journal. */
  readonly folder: string;
  /** What ends with a stop or a reboot: sockets, namespaces. Short, as paths of sockets are. */
  readonly runFolder: string;
  /** The cgroup of all its processes. */
  readonly cgroup: string;
  /** The host's end of the uplink. */
  readonly link: string;
  /** The nftables table on the host. */
  readonly table: string;
}

const RUN_BASE = "/run/kubets";
const NAME = /^[a-z0-9]([-a-z0-9]{0,30}[a-z0-9])?$/;

export function clusterPlace(name: string, folder: string): ClusterPlace {
  if (!NAME.test(name))
    throw new Error(
      `${JSON.stringify(name)} cannot be the name of a cluster: up to 32 lower-case letters, digits and dashes can, as "dev"`,
    );
  const letters = createHash("sha256").update(name).digest("hex").slice(0, 8);
  return {
    name,
    folder: resolve(folder),
    runFolder: join(RUN_BASE, name),
    cgroup: `/kubets/${name}`,
    link: `kubets-${letters}`,
    table: `kubets_${name.replaceAll("-", "_")}`,
  };
}

export const namespaceFolder = (place: ClusterPlace): string => join(place.runFolder, "ns");
export const journalPath = (place: ClusterPlace): string => join(place.folder, "machine.jsonl");

/** What all clusters of the machine share. */
export const sharedFolder = (place: ClusterPlace): string => join(dirname(place.runFolder), ".shared");
