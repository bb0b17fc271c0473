/** Where one node keeps its things: some for good, some until it stops. */
import { join } from "node:path";
import { type ClusterPlace, namespaceFolder } from "./inventory/place.ts";

export interface NodePlace {
  readonly name: string;
  /** Kept: images, the kubelet's folder, logs. */
  readonly folder: string;
  readonly runFolder: string;
  readonly namespaces: string;
  readonly socket: string;
  /** What the kubelet places pods under. */
  readonly cgroup: string;
}

/** The kernel's limit for the path of a socket, less containerd's own second one (".ttrpc"). */
const LONGEST_SOCKET = 107 - ".ttrpc".length;

export function nodePlace(cluster: ClusterPlace, name: string): NodePlace {
  if (!/^[a-z0-9]([-.a-z0-9]{0,61}[a-z0-9])?$/.test(name))
    throw new Error(
      `${JSON.stringify(name)} cannot be the name of a node: up to 63 lower-case letters, digits, dashes and dots can`,
    );
  const runFolder = join(cluster.runFolder, "nodes", name);
  const socket = join(runFolder, "containerd.sock");
  if (socket.length > LONGEST_SOCKET)
    throw new Error(`the path ${socket} is too long for a socket: give the cluster or the node a shorter name`);
  return {
    name,
    folder: join(cluster.folder, "nodes", name),
    runFolder,
    namespaces: join(namespaceFolder(cluster), `node-${name}`),
    socket,
    cgroup: `${cluster.cgroup}/${name}`,
  };
}
