/** What `kubets reset` does, in the order in which it is safe: pods, then the rules and links of their network, then the folders. */
import { readdir, readlink, rmdir, unlink } from "node:fs/promises";
import { join } from "node:path";
import { LOG_LINKS } from "@kubets/kubelet/paths";
import type { Clock, Logger } from "@kubets/machinery";
import { machineExec } from "@kubets/machinery/exec";
import { removePolicies } from "@kubets/network/policy/remove-policies";
import { removeNetwork } from "@kubets/network/remove-network";
import { NftablesBackend } from "@kubets/proxy/nftables/backend";
import { removeMachineRuntime } from "@kubets/sandbox";
import { RUN_FOLDER } from "../agent/settle.ts";

interface ResetFlags {
  readonly "data-dir": string;
  readonly "root-dir": string;
  readonly "pod-logs-dir": string;
  readonly "cni-conf-dir": string;
  readonly "cgroup-root": string;
}

/** Where the bridge plugin remembers which address is whose. */
const ADDRESSES = "/var/lib/cni/networks/kubets";

/** Gives what is still there. */
export async function resetMachine(flags: ResetFlags, parts: { clock: Clock; log: Logger }): Promise<string[]> {
  const { "cgroup-root": root, "cni-conf-dir": cniConfFolder } = flags;
  const left = await removeMachineRuntime({
    ...parts,
    folder: flags["data-dir"],
    runFolder: RUN_FOLDER,
    cniConfFolder,
    cgroups: [join(root, "kubepods"), join(root, "kubepods.slice")],
    folders: [flags["root-dir"], flags["pod-logs-dir"], ADDRESSES],
  });
  await removeLogLinks(flags["pod-logs-dir"]);
  const exec = machineExec();
  await removePolicies(exec);
  await new NftablesBackend({ exec, log: parts.log, clusterCidrs: [], serviceCidrs: [] }).cleanup();
  await removeNetwork({ exec, cniConfDir: cniConfFolder });
  return left;
}

/** Others may have things of their own in that folder. */
async function removeLogLinks(podLogs: string): Promise<void> {
  for (const name of await readdir(LOG_LINKS).catch(() => [])) {
    const link = join(LOG_LINKS, name);
    const target = await readlink(link).catch(() => "");
    if (target.startsWith(join(podLogs, "/"))) await unlink(link);
  }
  await rmdir(LOG_LINKS).catch(() => {});
}
