/**
 * A cluster's part of this machine: its bridge in a namespace of its own, where the control plane runs, and its nodes on it.
 * Holds: the caller has the cluster's folder for itself (one process at a time). What a crashed run left is removed first; data stays. A
 * failure on the way removes what was made.
 */
import { existsSync } from "node:fs";
import { mkdir } from "node:fs/promises";
import { dirname, join } from "node:path";
import type { Clock, Logger } from "@kubets/machinery";
import { makeLeaf } from "./cgroups/cgroup.ts";
import { findHierarchies } from "./cgroups/hierarchies.ts";
import type { RegistryMirror } from "./containerd/config.ts";
import { type HostPort, type HostPortOptions, publish } from "./host-port.ts";
import { keptLocalImages } from "./images/kept-images.ts";
import { Journal } from "./inventory/journal.ts";
import { inMachineTurn } from "./inventory/machine-turn.ts";
import { type ClusterPlace, clusterPlace, journalPath, namespaceFolder } from "./inventory/place.ts";
import { removeEverything } from "./inventory/remove.ts";
import { chooseNamespaceDriver } from "./namespaces/choose.ts";
import type { NamespaceDriver, Scope } from "./namespaces/driver.ts";
import { readMounts } from "./namespaces/mounts.ts";
import { makeNamespaces } from "./namespaces/namespace-set.ts";
import { applyLines, applyWhatWorks, setSysctls } from "./network/apply.ts";
import { claim, readClaims } from "./network/claims.ts";
import {
  attachLines,
  controlPlaneLines,
  peerLines,
  podRouteGoneLines,
  portName,
  serviceGatewayLines,
} from "./network/commands.ts";
import { HostAddresses } from "./network/host-addresses.ts";
import { readMachineRanges } from "./network/machine-ranges.ts";
import {
  besideOthers,
  collisions,
  controlPlaneAddress,
  hostRanges,
  meeting,
  type NetworkOptions,
  type NetworkPlan,
  planNetwork,
} from "./network/plan.ts";
import { openUplink } from "./network/uplink.ts";
import { nodePlace } from "./node-place.ts";
import { createNode, type NodeGround, type NodeSandbox } from "./node-sandbox.ts";
import { machineCapabilities } from "./programs/capabilities.ts";
import { findPrograms, type Programs } from "./programs/find.ts";
import { Remembered, rememberedPath } from "./remembered.ts";

export interface ClusterSandboxOptions {
  readonly name: string;
  /** Kept between runs; removed by `remove`. */
  readonly folder: string;
  /** Ranges, for a new cluster; one that is there keeps its own. */
  readonly network?: NetworkOptions;
  /** Whether pods reach the world through this machine. */
  readonly uplink: boolean;
  readonly mirrors?: readonly RegistryMirror[];
  /** The first that works, by default. */
  readonly driver?: NamespaceDriver["name"];
  readonly programs?: Programs;
  readonly clock: Clock;
  readonly log: Logger;
}

export interface ClusterSandbox {
  readonly place: ClusterPlace;
  readonly plan: NetworkPlan;
  readonly driver: NamespaceDriver;
  /** Where the control plane runs. */
  readonly scope: Scope & { readonly net: string };
  /** The control plane's address, for nodes and pods. */
  readonly address: string;
  /** May be called for several nodes at once. */
  addNode(name: string): Promise<NodeSandbox>;
  /** Opens a port of the host, also at an address of the load balancers; the target's scope is the control plane's unless told otherwise. */
  publish(
    options: Pick<HostPortOptions, "hostAddress" | "hostPort" | "protocol"> & {
      target: { host: string; port: number; scope?: Scope };
    },
  ): Promise<HostPort>;
  /** Ends everything and keeps the folder. Gives what could not be removed. */
  stop(): Promise<string[]>;
  /** Ends everything and removes the folder too. */
  remove(): Promise<string[]>;
}

interface Attached {
  readonly index: number;
  readonly net: string;
}

export async function createClusterSandbox(options: ClusterSandboxOptions): Promise<ClusterSandbox> {
  const { clock, log } = options;
  const place = clusterPlace(options.name, options.folder);
  const capabilities = await machineCapabilities(place.folder);
  if (capabilities.refusals.length > 0)
    throw new Error(`real nodes cannot run here: ${capabilities.refusals.join("; ")}`);
  const hierarchies = findHierarchies(await readMounts());
  if (!hierarchies) throw new Error("no cgroup hierarchy is mounted");
  if (existsSync(place.runFolder)) {
    log.info("removing what an earlier run left", { cluster: place.name });
    await removeEverything(place, { clock, log, keepData: true });
  }
  await mkdir(place.runFolder, { recursive: true, mode: 0o755 });
  const remembered = await claimPlan(place, options).catch(async (error: unknown) => {
    await removeEverything(place, { clock, log, keepData: true });
    throw error;
  });
  const { plan } = remembered;
  const driver = await chooseNamespaceDriver(options.driver);
  const journal = new Journal(journalPath(place));
  const attached = new Map<string, Attached>();
  const published = new Set<HostPort>();
  const hostAddresses = new HostAddresses(plan);
  const scope = { net: join(namespaceFolder(place), "control-plane", "net") };

  const coming = new Set<Promise<NodeSandbox>>();
  const nodes = new Set<NodeSandbox>();

  const end = async (keepData: boolean): Promise<string[]> => {
    // A node that is half made would make the rest of itself after all was removed.
    await Promise.allSettled(coming);
    await Promise.allSettled([...nodes].map((node) => node.stop()));
    nodes.clear();
    await Promise.all([...published].map((port) => port.close()));
    await driver.close();
    return await removeEverything(place, { clock, log, keepData });
  };

  // One at a time: a node that comes learns the way to all before it, and they to it.
  let wiring = Promise.resolve();
  const inTurn = (work: () => Promise<void>): Promise<void> => {
    const done = wiring.then(work);
    wiring = done.catch(() => {});
    return done;
  };

  /** The number of the node through which the control plane reaches services. */
  let gateway: number | undefined;
  const leadServicesTo = async (index: number): Promise<void> => {
    await applyLines(scope, serviceGatewayLines(plan, index));
    gateway = index;
  };

  const ground: NodeGround = {
    cluster: place,
    plan,
    driver,
    hierarchies,
    capabilities,
    programs: options.programs ?? (await findPrograms()),
    journal,
    uplink: options.uplink,
    mirrors: options.mirrors ?? [],
    clock,
    log,
    localImages: once(() => localImages(place, ground.programs)),
    attach: (name, index, net) =>
      inTurn(async () => {
        await applyLines(scope, attachLines(plan, index, net));
        attached.set(name, { index, net });
        if (gateway === undefined) await leadServicesTo(index);
      }),
    detach: (name, index) =>
      inTurn(async () => {
        attached.delete(name);
        const gone = podRouteGoneLines(plan, index);
        await applyWhatWorks(scope, [`link delete ${portName(index)}`, ...gone]);
        for (const other of attached.values()) await applyWhatWorks(other, gone);
        const [next] = attached.values();
        if (gateway !== index) return;
        gateway = undefined;
        if (next) await leadServicesTo(next.index);
      }),
  };

  async function makeNode(name: string): Promise<NodeSandbox> {
    const index = remembered.nodeIndex(name);
    const node = await createNode(ground, nodePlace(place, name), index);
    nodes.add(node);
    await connectPeers(name, index, node.scope.net);
    return {
      ...node,
      async remove() {
        await node.remove();
        nodes.delete(node);
        remembered.forgetNode(name);
      },
    };
  }

  /** Both ways between a node and all others; its own link has its address by now. */
  const connectPeers = (name: string, index: number, net: string): Promise<void> =>
    inTurn(async () => {
      const others = [...attached].filter(([other]) => other !== name).map(([, peer]) => peer);
      await applyLines(
        { net },
        others.flatMap((peer) => peerLines(plan, peer.index)),
      );
      for (const peer of others) await applyWhatWorks(peer, peerLines(plan, index));
    });

  try {
    const cgroups = await makeLeaf(hierarchies, `${place.cgroup}/control-plane`);
    await makeNamespaces({ folder: join(namespaceFolder(place), "control-plane"), kinds: ["net"] });
    await applyLines(scope, controlPlaneLines(plan));
    await setSysctls(scope, {
      "net/ipv4/ip_forward": "1",
      ...(plan.six && { "net/ipv6/conf/all/forwarding": "1" }),
      "net/ipv4/conf/all/rp_filter": "0",
      "net/ipv4/conf/default/rp_filter": "0",
    });
    if (options.uplink) await openUplink(place, plan, scope, log);
    return {
      place,
      plan,
      driver,
      scope: { ...scope, cgroups },
      address: controlPlaneAddress(plan),
      async addNode(name) {
        const node = makeNode(name);
        coming.add(node);
        return await node.finally(() => coming.delete(node));
      },
      async publish({ target, ...where }) {
        const address = where.hostAddress ?? "127.0.0.1";
        await hostAddresses.hold(address);
        try {
          const opened = await publish({ ...where, target: { scope, ...target }, driver, log });
          const port: HostPort = {
            port: opened.port,
            async close() {
              published.delete(port);
              await opened.close();
              await hostAddresses.release(address);
            },
          };
          published.add(port);
          return port;
        } catch (error) {
          await hostAddresses.release(address);
          throw error;
        }
      },
      stop: () => end(true),
      remove: () => end(false),
    };
  } catch (error) {
    await end(true);
    throw error;
  }
}

/** What the machine knows of the plan is this cluster's from here on; what another run of it claimed is gone by now. */
function claimPlan(place: ClusterPlace, { network = {}, log }: ClusterSandboxOptions): Promise<Remembered> {
  return inMachineTurn(dirname(place.runFolder), async () => {
    const [taken, { others }] = [await readMachineRanges(), await readClaims(place)];
    const remembered = Remembered.open(rememberedPath(place.folder), (known) => {
      const theirs = known ? meeting(hostRanges(known), others) : [];
      if (theirs.length > 0)
        log.warn("another cluster has ranges by now that this one had; its load balancers get other addresses", {
          ranges: theirs,
        });
      return known ? besideOthers(known, others, taken) : newPlan(network, others, taken);
    });
    const { plan } = remembered;
    if (network.dualStack && !plan.six)
      throw new Error(
        `the cluster ${place.name} was made with IPv4 alone: run \`kubets down\` and make it anew with --dual-stack, or leave that`,
      );
    const colliding = collisions(plan, taken);
    if (colliding.length > 0)
      log.warn("ranges of the cluster meet routes of this machine; pods do not reach what lies there", {
        ranges: colliding,
      });
    await claim(place, hostRanges(plan));
    return remembered;
  });
}

/** One that asks for another cluster's range is refused, and not remembered. */
function newPlan(network: NetworkOptions, others: readonly string[], taken: readonly string[]): NetworkPlan {
  const plan = planNetwork(network, taken);
  const [range] = meeting(hostRanges(plan), others);
  if (!range) return plan;
  throw new Error(`${range} is another cluster's on this machine: give another range, or end that cluster`);
}

/** Named after what is in it. */
async function localImages(place: ClusterPlace, programs: Programs): Promise<{ file: string; names: string[] }> {
  const { busybox } = programs.paths;
  if (!busybox) throw new Error("the program busybox is missing; Debian's package busybox-static brings it");
  return await keptLocalImages(busybox, join(place.folder, "images"));
}

function once<T>(make: () => Promise<T>): () => Promise<T> {
  let made: Promise<T> | undefined;
  return () => (made ??= make());
}
