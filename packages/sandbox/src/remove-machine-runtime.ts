/**
 * Takes a machine out of its cluster: ends its pods by the runtime of the machine's own, then the runtime, and removes what all of it left.
 * Holds: doing it twice is the same as once, also when the machine was restarted in between; what could not be removed is told.
 */
import { existsSync } from "node:fs";
import { readdir, rm, rmdir } from "node:fs/promises";
import { join } from "node:path";
import { RuntimeService } from "@kubets/wire/generated/cri";
import { grpcClient } from "@kubets/wire/grpc";
import { cgroupExists, cgroupProcesses, removeCgroup } from "./cgroups/cgroup.ts";
import { findHierarchies } from "./cgroups/hierarchies.ts";
import { killAll } from "./inventory/processes.ts";
import { type MachineRuntimeOptions, startMachineRuntime } from "./machine-runtime.ts";
import { tryRun } from "./namespaces/collect.ts";
import { mountsBelow, readMounts } from "./namespaces/mounts.ts";

export interface RemoveRuntimeOptions extends MachineRuntimeOptions {
  /** Where the cgroups of pods are, those of either driver. */
  readonly cgroups: readonly string[];
  /** What else is to go, with all that is mounted below. */
  readonly folders: readonly string[];
}

/** Gives what is still there. */
export async function removeMachineRuntime(options: RemoveRuntimeOptions): Promise<string[]> {
  const { folder, runFolder, clock, log } = options;
  if (existsSync(join(folder, "containerd"))) {
    const runtime = await startMachineRuntime(options);
    await removePods(runtime.socket).catch((error: unknown) =>
      log.warn("pods could not be removed in order", { error }),
    );
    await runtime.stop();
  }
  const left: string[] = [];
  const hierarchies = findHierarchies(await readMounts());
  for (const cgroup of hierarchies ? options.cgroups : []) {
    if (!hierarchies || !cgroupExists(hierarchies, cgroup)) continue;
    await killAll(() => cgroupProcesses(hierarchies, cgroup), clock);
    await removeCgroup(hierarchies, cgroup, clock).catch(() => left.push(`cgroup ${cgroup}`));
  }
  for (const each of [...options.folders, runFolder, folder]) {
    for (const { path } of mountsBelow(await readMounts(), each))
      if (path !== each) await tryRun("umount", ["-l", path]);
    await removeFolder(each).catch((error: Error) => left.push(`folder ${each}: ${error.message}`));
  }
  return left;
}

/** One that is a file system of its own stays, empty. */
async function removeFolder(folder: string): Promise<void> {
  const names = await readdir(folder).catch(() => []);
  for (const name of names) await rm(join(folder, name), { recursive: true, force: true });
  await rmdir(folder).catch((error: NodeJS.ErrnoException) => {
    if (error.code !== "EBUSY" && error.code !== "ENOENT") throw error;
  });
}

async function removePods(socket: string): Promise<void> {
  const client = grpcClient({ target: `unix://${socket}` });
  try {
    const { items } = await client.unary(RuntimeService.listPodSandbox, {});
    for (const { id } of items) {
      await client.unary(RuntimeService.stopPodSandbox, { podSandboxId: id });
      await client.unary(RuntimeService.removePodSandbox, { podSandboxId: id });
    }
  } finally {
    client.close();
  }
}
