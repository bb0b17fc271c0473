/** Where the programs are that a node on this machine needs, and their versions. */
import { constants } from "node:fs";
import { access } from "node:fs/promises";
import { join } from "node:path";
import { tryRun } from "../namespaces/collect.ts";

export type ProgramName =
  | "containerd"
  | "ctr"
  | "runc"
  | "nft"
  | "ip"
  | "nsenter"
  | "unshare"
  | "mount"
  | "iptables"
  | "conntrack"
  | "busybox";

export interface Programs {
  readonly paths: Readonly<Partial<Record<ProgramName, string>>>;
  /** The folder of the CNI plugins, if it has those that are needed. */
  readonly cniFolder?: string;
}

const PROGRAMS: readonly ProgramName[] = [
  "containerd",
  "ctr",
  "runc",
  "nft",
  "ip",
  "nsenter",
  "unshare",
  "mount",
  "iptables",
  "conntrack",
  "busybox",
];
/** Administrators' folders are not on every user's path. */
const SYSTEM_FOLDERS = ["/usr/local/sbin", "/usr/local/bin", "/usr/sbin", "/usr/bin", "/sbin", "/bin"];
const CNI_FOLDERS = ["/opt/cni/bin", "/usr/lib/cni", "/usr/libexec/cni"];
const CNI_PLUGINS = ["bridge", "host-local", "loopback", "portmap"];

export const searchPath = (path = process.env.PATH ?? ""): string[] => [
  ...new Set([...path.split(":").filter(Boolean), ...SYSTEM_FOLDERS]),
];

export async function findPrograms(
  folders: readonly string[] = searchPath(),
  cniFolders: readonly string[] = CNI_FOLDERS,
): Promise<Programs> {
  const paths: Partial<Record<ProgramName, string>> = {};
  for (const name of PROGRAMS) {
    const path = await firstWith(folders, [name]);
    if (path) paths[name] = join(path, name);
  }
  return { paths, cniFolder: await firstWith(cniFolders, CNI_PLUGINS) };
}

async function firstWith(folders: readonly string[], files: readonly string[]): Promise<string | undefined> {
  for (const folder of folders) {
    const there = await Promise.all(
      files.map((file) =>
        access(join(folder, file), constants.X_OK).then(
          () => true,
          () => false,
        ),
      ),
    );
    if (there.every(Boolean)) return folder;
  }
  return undefined;
}

interface ProgramVersion {
  readonly major: number;
  readonly minor: number;
  readonly text: string;
}

/** The first thing in a program's `--version` that looks like one. */
export function parseVersion(text: string): ProgramVersion | undefined {
  const found = /v?(\d+)\.(\d+)(?:\.\d+)?[^\s,]*/.exec(text);
  return found ? { major: Number(found[1]), minor: Number(found[2]), text: found[0].replace(/^v/, "") } : undefined;
}

export const versionOf = async (program: string): Promise<ProgramVersion | undefined> =>
  parseVersion((await tryRun(program, ["--version"])).stdout);
