/**
 * Removes whatever a cluster has on the machine, whoever made it and however that one ended.
 * Holds: doing it twice, or with nothing there, is the same as once; a step that fails does not keep the next ones from being done; what was on its
 * way while its maker was killed, and came after the look at what there is, goes too; and what is still there at the end is told.
 */
import { rm, rmdir } from "node:fs/promises";
import { dirname } from "node:path";
import { type Clock, type Logger, sleep } from "@kubets/machinery";
import { cgroupProcesses, removeCgroup, removeEmptyParent } from "../cgroups/cgroup.ts";
import { findHierarchies } from "../cgroups/hierarchies.ts";
import { tryRun } from "../namespaces/collect.ts";
import { mountsBelow, readMounts } from "../namespaces/mounts.ts";
import { dropNamespaces } from "../namespaces/namespace-set.ts";
import { dropHostAddresses } from "../network/host-addresses.ts";
import { closeUplink } from "../network/uplink.ts";
import { Journal, type Made } from "./journal.ts";
import { leftovers } from "./leftovers.ts";
import { mountedAnywhere } from "./mounted.ts";
import { pinnedNamespaces } from "./pinned.ts";
import { type ClusterPlace, journalPath, namespaceFolder } from "./place.ts";
import { killAll, processesIn, startTime } from "./processes.ts";
import { releaseSettings } from "./shared-setting.ts";

export interface RemoveOptions {
  readonly clock: Clock;
  readonly log: Logger;
  /** Keeps the cluster's folder (its images and its plan): the cluster stops and is not gone. */
  readonly keepData?: boolean;
}

const TRIES = 3;
const TRY_AGAIN_MS = 1000;

/** Gives what is still there: nothing, if all went well. */
export async function removeEverything(place: ClusterPlace, options: RemoveOptions): Promise<string[]> {
  const made = new Journal(journalPath(place)).read();
  for (let tries = 1; ; tries++) {
    await removeOnce(place, made, options);
    const left = await leftovers(place, { data: !options.keepData });
    if (left.length === 0 || tries === TRIES) return left;
    await sleep(options.clock, TRY_AGAIN_MS);
  }
}

async function removeOnce(place: ClusterPlace, made: readonly Made[], options: RemoveOptions): Promise<void> {
  const { log, clock } = options;
  const step = async (what: string, run: () => Promise<unknown>) => {
    await run().catch((error: unknown) => log.warn("a part of the cluster could not be removed", { what, error }));
  };

  await step("processes", () => killProcesses(place, made, clock));
  await step("uplink", () => closeUplink(place));
  await step("addresses", () => dropHostAddresses(place));
  await step("settings", () => releaseSettings(place));
  await step("namespaces", () => dropNamespaces(namespaceFolder(place)));
  await step("cgroups", () => removeCgroups(place, clock));
  for (const folder of options.keepData ? [place.runFolder] : [place.runFolder, place.folder]) {
    await step(folder, () => removeFolder(folder));
  }
  await step("host folders", () => removeHostFolders(made));
  await rmdir(dirname(place.runFolder)).catch(() => {});
  if (options.keepData) await rm(journalPath(place), { force: true });
}

async function killProcesses(place: ClusterPlace, made: readonly Made[], clock: Clock): Promise<void> {
  const hierarchies = findHierarchies(await readMounts());
  const ids = await pinnedNamespaces(namespaceFolder(place));
  const stubborn = await killAll(async () => {
    const found = new Set<number>();
    for (const entry of made) {
      if (entry.kind === "process" && (await startTime(entry.pid)) === entry.started) found.add(entry.pid);
    }
    if (hierarchies) for (const pid of await cgroupProcesses(hierarchies, place.cgroup)) found.add(pid);
    for (const pid of await processesIn(ids)) found.add(pid);
    return found;
  }, clock);
  if (stubborn.length > 0) throw new Error(`processes ${stubborn.join(", ")} do not end`);
}

async function removeCgroups(place: ClusterPlace, clock: Clock): Promise<void> {
  const mounts = await readMounts();
  const hierarchies = findHierarchies(mounts);
  if (!hierarchies) return;
  await removeCgroup(hierarchies, place.cgroup, clock);
  await removeEmptyParent(hierarchies, place.cgroup);
}

async function removeFolder(folder: string): Promise<void> {
  for (const { path } of mountsBelow(await readMounts(), folder)) await tryRun("umount", ["-l", path]);
  await rm(folder, { recursive: true, force: true });
}

/** Folders that programs insist on may be another cluster's by now. */
async function removeHostFolders(made: readonly Made[]): Promise<void> {
  const paths = made.flatMap((entry) => (entry.kind === "host-folder" ? [entry.path] : []));
  for (const path of paths.toReversed()) {
    if (!(await mountedAnywhere(path))) await rmdir(path).catch(() => {});
  }
}
