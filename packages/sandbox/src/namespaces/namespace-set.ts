/**
 * Persistent namespaces: a folder with one file for each kind, on which the namespace is mounted. Whoever enters by the file finds it, also
 * when no process is inside.
 * Holds: the folder is a private mount (a mount namespace cannot be pinned on a shared one); a new mount namespace keeps no other
 * namespace alive by copies of such mounts, follows what the host mounts later, and shares its own mounts with what runs inside.
 */
import { mkdir, open, rm } from "node:fs/promises";
import { dirname, join } from "node:path";
import { run, tryRun } from "./collect.ts";
import type { Scope } from "./driver.ts";
import { mountsBelow, readMounts } from "./mounts.ts";

type NamespaceKind = "net" | "mnt" | "uts" | "ipc";

interface NamespaceSetOptions {
  /** A folder of its own, made if it is not there. Its parent is where several sets lie. */
  readonly folder: string;
  readonly kinds: readonly NamespaceKind[];
  /** The host name inside; for sets with "uts". */
  readonly hostname?: string;
  /** Shell commands that are run inside when it is new, after the above; `$1` and so on are `setupArgs`. */
  readonly setup?: string;
  readonly setupArgs?: readonly string[];
}

type NamespaceFiles = Readonly<Partial<Record<NamespaceKind, string>>>;

const FLAGS: Record<NamespaceKind, string> = { net: "--net", mnt: "--mount", uts: "--uts", ipc: "--ipc" };

/** Copies of the host's pinned namespaces, which this one would keep alive. */
const DROP_COPIES =
  "grep ' - nsfs ' /proc/self/mountinfo | cut -d' ' -f5 | while read -r copy; do umount -l \"$copy\"; done";

const namespaceFiles = ({ folder, kinds }: NamespaceSetOptions): NamespaceFiles =>
  Object.fromEntries(kinds.map((kind) => [kind, join(folder, kind)]));

export async function makeNamespaces(options: NamespaceSetOptions): Promise<Scope> {
  const { folder, kinds, hostname, setup, setupArgs = [] } = options;
  const files = namespaceFiles(options);
  await mkdir(folder, { recursive: true, mode: 0o700 });
  await makePrivate(dirname(folder));
  for (const file of Object.values(files)) await (await open(file, "w", 0o600)).close();

  const script = [
    "set -e",
    ...(kinds.includes("mnt") ? [DROP_COPIES] : []),
    ...(kinds.includes("uts") && hostname ? ['hostname "$0"'] : []),
    ...(kinds.includes("net") ? ["ip link set lo up"] : []),
    setup ?? "",
    // Last: what setup binds in several places would otherwise repeat each later mount in all of them.
    ...(kinds.includes("mnt") ? ["mount --make-rshared /"] : []),
  ].join("\n");
  const flags = kinds.map((kind) => `${FLAGS[kind]}=${join(folder, kind)}`);
  const propagation = kinds.includes("mnt") ? ["--propagation", "slave"] : [];
  await run("unshare", [...flags, ...propagation, "/bin/sh", "-c", script, hostname ?? "sh", ...setupArgs]);
  return files;
}

/** Makes the parent folder a mount of its own that no other namespace takes part in. */
async function makePrivate(folder: string): Promise<void> {
  if ((await readMounts()).some(({ path }) => path === folder)) return;
  await run("mount", ["--bind", folder, folder]);
  await run("mount", ["--make-private", folder]);
}

/** Unpins all namespaces below the folder, and removes it. They end with the last process inside. */
export async function dropNamespaces(folder: string): Promise<void> {
  for (const { path } of mountsBelow(await readMounts(), folder)) await tryRun("umount", ["-l", path]);
  await rm(folder, { recursive: true, force: true });
}
