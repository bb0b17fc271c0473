/** What this machine lets a cluster do; each refusal is one line that says why. Nothing is left behind by asking. */
import { mkdir, mkdtemp, readFile, rm } from "node:fs/promises";
import { join } from "node:path";
import { findHierarchies } from "../cgroups/hierarchies.ts";
import { tryRun } from "../namespaces/collect.ts";
import { readMounts } from "../namespaces/mounts.ts";

export interface MachineCapabilities {
  /** Why real containers cannot run here; empty when they can. */
  readonly refusals: readonly string[];
  /** Limits may be raised and the OOM score lowered. */
  readonly sysResource: boolean;
  /** Overlay mounts work in the cluster's folder; else layers are copied. */
  readonly overlay: boolean;
  readonly nft: boolean;
  readonly bridgeNetfilter: boolean;
  readonly cgroupVersion: 1 | 2 | undefined;
}

const CAP_SYS_RESOURCE = 24n;

export async function machineCapabilities(folder: string): Promise<MachineCapabilities> {
  const refusals: string[] = [];
  const none = {
    refusals,
    sysResource: false,
    overlay: false,
    nft: false,
    bridgeNetfilter: false,
    cgroupVersion: undefined,
  };
  if (process.platform !== "linux") {
    refusals.push(`real containers take Linux; this is ${process.platform}`);
    return none;
  }
  if (process.getuid?.() !== 0) {
    refusals.push("real containers take root; run the same command with sudo");
    return none;
  }
  const cgroups = findHierarchies(await readMounts());
  if (!cgroups) refusals.push("no cgroup hierarchy is mounted at /sys/fs/cgroup");
  const namespaces = await inNamespaces("true");
  if (namespaces !== undefined) refusals.push(`the kernel refuses new namespaces: ${namespaces}`);
  const links = await inNamespaces("ip link add kubets0 type bridge && ip link add veth0 type veth peer name veth1");
  if (namespaces === undefined && links !== undefined)
    refusals.push(`the kernel refuses bridges or veth pairs: ${links}`);
  return {
    refusals,
    sysResource: hasCapability(await readFile("/proc/self/status", "utf8"), CAP_SYS_RESOURCE),
    overlay: await overlayWorks(folder),
    nft: (await inNamespaces("nft add table ip kubets")) === undefined,
    bridgeNetfilter: (await inNamespaces("test -e /proc/sys/net/bridge/bridge-nf-call-iptables")) === undefined,
    cgroupVersion: cgroups?.version,
  };
}

export function hasCapability(status: string, bit: bigint): boolean {
  const effective = /^CapEff:\s*([0-9a-f]+)$/m.exec(status)?.[1];
  return effective !== undefined && (BigInt(`0x${effective}`) & (1n << bit)) !== 0n;
}

/** Why a command does not work in namespaces of its own, which end with it. */
async function inNamespaces(command: string): Promise<string | undefined> {
  const result = await tryRun("unshare", ["--net", "--mount", "--uts", "--ipc", "/bin/sh", "-c", command]).catch(
    (error: Error) => error,
  );
  if (result instanceof Error) return result.message;
  return result.code === 0 ? undefined : result.stderr.trim().split("\n")[0] || `exit code ${result.code}`;
}

async function overlayWorks(folder: string): Promise<boolean> {
  await mkdir(folder, { recursive: true });
  const scratch = await mkdtemp(join(folder, "overlay-"));
  try {
    const names = ["lower", "upper", "work", "merged"];
    for (const name of names) await mkdir(join(scratch, name));
    const [lower, upper, work, merged] = names.map((name) => join(scratch, name));
    const options = `lowerdir=${lower},upperdir=${upper},workdir=${work}`;
    return (await inNamespaces(`mount -t overlay overlay -o '${options}' '${merged}'`)) === undefined;
  } finally {
    await rm(scratch, { recursive: true, force: true });
  }
}
