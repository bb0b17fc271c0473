/**
 * One node on this machine: its namespaces, its place on the bridge, its cgroup, its containerd.
 * Holds: `stop` ends everything that runs in it and leaves its folder, so that the next start has its images; `remove` leaves nothing. Both may be
 * called twice, and after a failure.
 */
import { createReadStream } from "node:fs";
import { mkdir, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import type { Clock, Logger } from "@kubets/machinery";
import { cgroupProcesses, makeCgroup, makeLeaf, removeCgroup } from "./cgroups/cgroup.ts";
import type { CgroupHierarchies } from "./cgroups/hierarchies.ts";
import { podNetworkConfig } from "./containerd/cni-config.ts";
import { containerdConfig, type RegistryMirror, registryHosts } from "./containerd/config.ts";
import { type SupervisedContainerd, superviseContainerd } from "./containerd/supervise.ts";
import { type ImageTarget, listImages, loadArchive } from "./images/commands.ts";
import { PAUSE_IMAGE } from "./images/local-images.ts";
import type { Journal } from "./inventory/journal.ts";
import { pinnedNamespaces } from "./inventory/pinned.ts";
import type { ClusterPlace } from "./inventory/place.ts";
import { killAll, processesIn } from "./inventory/processes.ts";
import type { NamespaceDriver, Scope } from "./namespaces/driver.ts";
import { dropNamespaces, makeNamespaces } from "./namespaces/namespace-set.ts";
import { applyLines, setSysctls } from "./network/apply.ts";
import { nodeLines } from "./network/commands.ts";
import { familiesOf, type NetworkPlan, nodeAddresses } from "./network/plan.ts";
import type { NodePlace } from "./node-place.ts";
import { NODE_SETUP, nodeSetupArgs } from "./node-setup.ts";
import type { MachineCapabilities } from "./programs/capabilities.ts";
import { type Programs, versionOf } from "./programs/find.ts";

/** What all nodes of a cluster have in common. */
export interface NodeGround {
  readonly cluster: ClusterPlace;
  readonly plan: NetworkPlan;
  readonly driver: NamespaceDriver;
  readonly hierarchies: CgroupHierarchies;
  readonly capabilities: MachineCapabilities;
  readonly programs: Programs;
  readonly journal: Journal;
  readonly uplink: boolean;
  readonly mirrors: readonly RegistryMirror[];
  readonly clock: Clock;
  readonly log: Logger;
  /** The archive of the pause and demo images, and their names. */
  localImages(): Promise<{ readonly file: string; readonly names: readonly string[] }>;
  /** Puts the node's end of its link into its namespace, and tells the other nodes the way. */
  attach(node: string, index: number, net: string): Promise<void>;
  detach(node: string, index: number): Promise<void>;
}

export interface NodeSandbox {
  readonly name: string;
  readonly address: string;
  /** One of each family of the cluster; the first is `address`. */
  readonly addresses: readonly string[];
  readonly podRanges: readonly string[];
  /** Where a process of the node runs: a kubelet, a proxy. */
  readonly scope: Scope & { readonly net: string };
  readonly driver: NamespaceDriver;
  readonly containerdSocket: string;
  readonly containerdVersion: string;
  /** For the kubelet's `cgroupRoot`: pods go below. */
  readonly cgroup: string;
  /** Kept between runs; for the kubelet's own folder. */
  readonly folder: string;
  readonly images: ImageTarget;
  /** Of the containerd that runs now; one that ends unasked is started again. */
  containerdPid(): number;
  stop(): Promise<void>;
  remove(): Promise<void>;
}

const SYSCTLS = {
  "net/ipv4/ip_forward": "1",
  "net/ipv6/conf/all/forwarding": "1",
  "net/ipv4/conf/all/rp_filter": "0",
  "net/ipv4/conf/default/rp_filter": "0",
};
const BRIDGE_SYSCTLS = { "net/bridge/bridge-nf-call-iptables": "1", "net/bridge/bridge-nf-call-ip6tables": "1" };

export async function createNode(ground: NodeGround, place: NodePlace, index: number): Promise<NodeSandbox> {
  const families = familiesOf(ground.plan).map((ranges) => nodeAddresses(ranges, index));
  const addresses = families.map(({ address }) => address);
  const podRanges = families.map(({ podRange }) => podRange);
  let instance: SupervisedContainerd | undefined;
  const stop = () => stopNode(ground, place, index, instance);
  try {
    const scope = await makeScope(ground, place);
    await ground.attach(place.name, index, scope.net);
    await applyLines(scope, nodeLines(ground.plan, index, ground.uplink));
    const unset = await setSysctls(scope, { ...SYSCTLS, ...(ground.capabilities.bridgeNetfilter && BRIDGE_SYSCTLS) });
    if (unset.length > 0)
      ground.log.warn("some kernel settings of the node could not be set", { node: place.name, settings: unset });

    const started = await startRuntime(ground, place, scope, podRanges);
    instance = started;
    const images: ImageTarget = { socket: place.socket, snapshotter: snapshotter(ground), ctr: program(ground, "ctr") };
    await loadLocalImages(ground, images);
    return {
      name: place.name,
      address: addresses[0] as string,
      addresses,
      podRanges,
      scope,
      driver: ground.driver,
      containerdSocket: place.socket,
      containerdVersion: started.version,
      cgroup: place.cgroup,
      folder: place.folder,
      images,
      containerdPid: started.pid,
      stop,
      async remove() {
        await stop();
        await rm(place.folder, { recursive: true, force: true });
      },
    };
  } catch (error) {
    await stop();
    throw error;
  }
}

async function makeScope(ground: NodeGround, place: NodePlace): Promise<Scope & { net: string }> {
  await mkdir(place.folder, { recursive: true, mode: 0o700 });
  await mkdir(place.runFolder, { recursive: true, mode: 0o700 });
  await makeCgroup(ground.hierarchies, place.cgroup);
  const cgroups = await makeLeaf(ground.hierarchies, `${place.cgroup}/system`);
  const files = await makeNamespaces({
    folder: place.namespaces,
    kinds: ["net", "mnt", "uts", "ipc"],
    hostname: place.name,
    setup: NODE_SETUP,
    setupArgs: await nodeSetupArgs(ground.cluster, place, ground.journal),
  });
  return { ...files, net: join(place.namespaces, "net"), cgroups };
}

async function startRuntime(
  ground: NodeGround,
  place: NodePlace,
  scope: Scope,
  podRanges: readonly string[],
): Promise<SupervisedContainerd> {
  const containerd = program(ground, "containerd");
  const cniConfFolder = join(place.runFolder, "cni");
  const registryFolder = join(place.runFolder, "registries");
  const configFile = join(place.runFolder, "containerd.toml");
  const version = await versionOf(containerd);
  const root = join(place.folder, "containerd");
  const config = containerdConfig(
    {
      root,
      state: join(place.runFolder, "containerd"),
      socket: place.socket,
      pauseImage: PAUSE_IMAGE,
      snapshotter: snapshotter(ground),
      restrictOomScoreAdj: !ground.capabilities.sysResource,
      runc: program(ground, "runc"),
      cniBinFolder: ground.programs.cniFolder ?? "/opt/cni/bin",
      cniConfFolder,
      registryFolder,
    },
    version?.major ?? 1,
  );
  const { bridgeNetfilter } = ground.capabilities;
  await mkdir(cniConfFolder, { recursive: true });
  await mkdir(join(root, "tmp"), { recursive: true });
  await writeFile(
    join(cniConfFolder, "10-kubets.conflist"),
    podNetworkConfig({ podRanges, bridgeNetfilter, leases: join(place.runFolder, "leases") }),
  );
  for (const mirror of ground.mirrors) {
    await mkdir(join(registryFolder, mirror.registry), { recursive: true });
    await writeFile(join(registryFolder, mirror.registry, "hosts.toml"), registryHosts(mirror));
  }
  await mkdir(registryFolder, { recursive: true });
  await writeFile(configFile, config);
  const { driver, journal, clock } = ground;
  const logFile = join(place.folder, "containerd.log");
  const log = ground.log.with({ node: place.name });
  return await superviseContainerd(
    { driver, scope, program: containerd, configFile, socket: place.socket, logFile, journal, clock },
    log,
  );
}

async function loadLocalImages(ground: NodeGround, target: ImageTarget): Promise<void> {
  const present = new Set((await listImages(target.socket)).flatMap((image) => image.repoTags));
  const { file, names } = await ground.localImages();
  if (names.every((name) => present.has(name))) return;
  await loadArchive(target, createReadStream(file));
}

const snapshotter = (ground: NodeGround): "overlayfs" | "native" =>
  ground.capabilities.overlay ? "overlayfs" : "native";

function program(ground: NodeGround, name: "containerd" | "ctr" | "runc"): string {
  const path = ground.programs.paths[name];
  if (!path) throw new Error(`the program ${name} is missing; Debian's packages containerd and runc bring it`);
  return path;
}

async function stopNode(
  ground: NodeGround,
  place: NodePlace,
  index: number,
  instance: SupervisedContainerd | undefined,
): Promise<void> {
  await instance?.stop();
  const ids = await pinnedNamespaces(place.namespaces);
  const stubborn = await killAll(async () => {
    const inside = await processesIn(ids);
    return new Set([...inside, ...(await cgroupProcesses(ground.hierarchies, place.cgroup))]);
  }, ground.clock);
  if (stubborn.length > 0)
    ground.log.warn("some processes of the node do not end", { node: place.name, pids: stubborn });
  await ground.detach(place.name, index);
  await dropNamespaces(place.namespaces);
  await removeCgroup(ground.hierarchies, place.cgroup, ground.clock);
  await rm(place.runFolder, { recursive: true, force: true });
}
