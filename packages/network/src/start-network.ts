/**
 * Keeps the pod network of one node: its CNI configuration, the routes to the pods of all others, masquerading towards the world.
 * Holds: pods can be made once `ready` has resolved; routes follow the nodes as they come, change and go; what somebody takes away is put
 * back within half a minute; `cleanup` takes everything away again, also what a predecessor left.
 */
import { mkdir, rename, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { nodes } from "@kubets/api/generated/refs";
import type { Node } from "@kubets/api/generated/types/core-v1";
import type { Cache } from "@kubets/client";
import { type Clock, every, type Logger, parseCidr, type Timer } from "@kubets/machinery";
import type { Exec } from "@kubets/machinery/exec";
import { CONFLIST_FILE, cniConflist } from "./conflist.ts";
import { MASQUERADE_TABLE, masqueradeRuleset } from "./masquerade.ts";
import { internalIps, type Link, planRoutes, podCidrsOf, type RouteMode, VXLAN_LINK } from "./plan-routes.ts";
import { removeNetwork } from "./remove-network.ts";
import {
  familyFlag,
  type KernelRoute,
  peerCommands,
  ROUTE_PROTOCOL,
  routeCommands,
  vxlanCommands,
  wantedRoutes,
} from "./route-commands.ts";

export interface NetworkOptions {
  readonly cache: Pick<Cache, "informer">;
  readonly clock: Clock;
  readonly log: Logger;
  readonly nodeName: string;
  /** Runs programs in the node's network namespace. */
  readonly exec: Exec;
  /** The ranges of all pods and of all services. */
  readonly clusterCidrs: readonly string[];
  readonly serviceCidrs: readonly string[];
  /** "auto": directly on the same link, else by VXLAN. */
  readonly mode?: RouteMode;
  /** Whether there is a world outside, which knows nothing of pods. */
  readonly masquerade: boolean;
  /** Where the runtime looks for CNI configurations. */
  readonly cniConfDir: string;
  readonly cniDataDir?: string;
  readonly bridge?: string;
  readonly signal: AbortSignal;
}

export interface RunningNetwork {
  readonly ready: Promise<void>;
  /** Takes away what the network made on this machine. The signal alone stops following, and leaves it. */
  cleanup(): Promise<void>;
}

interface OwnLink extends Link {
  readonly mtu: number;
  readonly nodeIp: string;
}

const CHECK_MS = 30_000;
const RETRY_MS = 1000;
const VXLAN_OVERHEAD = { v4: 50, v6: 70 };

export function startNetwork(options: NetworkOptions): RunningNetwork {
  return new Network(options);
}

class Network implements RunningNetwork {
  readonly ready: Promise<void>;
  readonly #options: NetworkOptions;
  readonly #nodes: ReturnType<NetworkOptions["cache"]["informer"]>;
  readonly #becomeReady: () => void;
  readonly #check: Timer;
  #next: Timer | undefined;
  #work: Promise<void> = Promise.resolve();
  #link: OwnLink | undefined;
  #written = "";

  constructor(options: NetworkOptions) {
    const { promise, resolve } = Promise.withResolvers<void>();
    this.ready = promise;
    this.#becomeReady = resolve;
    this.#options = options;
    this.#nodes = options.cache.informer(nodes);
    const schedule = () => this.#schedule(10);
    const subscription = this.#nodes.subscribe({
      added: schedule,
      deleted: schedule,
      changed: (now, old) => {
        if (concerns(now as Node) !== concerns(old as Node)) schedule();
      },
    });
    void this.#nodes.synced.then(schedule);
    this.#check = every(options.clock, CHECK_MS, () => this.#schedule(0));
    options.signal.addEventListener(
      "abort",
      () => {
        subscription.stop();
        this.#check.cancel();
        this.#next?.cancel();
      },
      { once: true },
    );
  }

  async cleanup(): Promise<void> {
    this.#check.cancel();
    this.#next?.cancel();
    await this.#work;
    await removeNetwork(this.#options);
  }

  #schedule(afterMs: number): void {
    const { clock, signal, log } = this.#options;
    if (this.#next || signal.aborted || !this.#nodes.hasSynced) return;
    this.#next = clock.after(afterMs, () => {
      this.#next = undefined;
      this.#work = this.#work
        .then(() => this.#bringInStep())
        .catch((error: unknown) => {
          log.warn("the pod network is not in step; trying again", { error });
          this.#schedule(RETRY_MS);
        });
    });
  }

  async #bringInStep(): Promise<void> {
    const { nodeName } = this.#options;
    const all = this.#nodes.list() as Node[];
    const self = all.find(({ metadata }) => metadata.name === nodeName);
    const podCidrs = self ? podCidrsOf(self) : [];
    // The node is not registered, or has no range yet: a change of it will bring us back.
    if (!self || podCidrs.length === 0 || internalIps(self).length === 0) return;
    if (!this.#link) {
      this.#link = await this.#findLink(internalIps(self));
      await this.#allowForwarding();
    }
    await this.#route(all, podCidrs, this.#link);
    await this.#masquerade(podCidrs);
    await this.#writeConflist(podCidrs, this.#link);
    this.#becomeReady();
  }

  /** The link that has the node's own address. */
  async #findLink(own: readonly string[]): Promise<OwnLink> {
    const links = JSON.parse(await this.#run("ip", ["-json", "addr"])) as {
      ifname: string;
      mtu: number;
      addr_info: { local?: string; prefixlen: number }[];
    }[];
    for (const { ifname, mtu, addr_info } of links) {
      const nodeIp = own.find((ip) => addr_info.some(({ local }) => local === ip));
      if (!nodeIp) continue;
      const ranges = addr_info.flatMap(({ local, prefixlen }) => parseCidr(`${local}/${prefixlen}`) ?? []);
      return { name: ifname, mtu, nodeIp, ranges };
    }
    throw new Error(`no link of this node has one of its addresses (${own.join(", ")})`);
  }

  /** What the kernel does not let us set here, others must have set: it is said once. */
  async #allowForwarding(): Promise<void> {
    for (const name of [
      "ipv4/ip_forward",
      "ipv6/conf/all/forwarding",
      // Without it, what one pod sends to another through a service comes back past the translation.
      "bridge/bridge-nf-call-iptables",
      "bridge/bridge-nf-call-ip6tables",
    ]) {
      const { code } = await this.#options.exec("sh", ["-c", `echo 1 > /proc/sys/net/${name}`]);
      if (code !== 0) this.#options.log.warn("a kernel setting could not be made", { name, wanted: 1 });
    }
  }

  async #route(all: readonly Node[], podCidrs: readonly string[], link: OwnLink): Promise<void> {
    const routes = planRoutes(all, this.#options.nodeName, link, this.#options.mode);
    if (routes.some(({ how }) => how === "vxlan")) await this.#tunnel(podCidrs, link, peerCommands(routes));
    const wanted = wantedRoutes(routes, link.name, this.#options);
    for (const family of ["-4", "-6"] as const) {
      const args = ["-json", family, "route", "show", "proto", String(ROUTE_PROTOCOL)];
      const present = JSON.parse((await this.#run("ip", args)) || "[]") as KernelRoute[];
      const mine = wanted.filter(({ dst }) => familyFlag(dst) === family);
      const commands = routeCommands(present, mine);
      if (commands.length > 0) await this.#run("ip", [family, "-batch", "-"], lines(commands));
    }
  }

  async #tunnel(podCidrs: readonly string[], link: OwnLink, peers: ReturnType<typeof peerCommands>): Promise<void> {
    const { exec } = this.#options;
    if ((await exec("ip", ["link", "show", VXLAN_LINK])).code !== 0)
      await this.#run("ip", ["-batch", "-"], lines(vxlanCommands(link.name, link.nodeIp, podCidrs, tunnelMtu(link))));
    await this.#run("ip", ["-batch", "-"], lines(peers.neighbours));
    await this.#run("bridge", ["-batch", "-"], lines(peers.fdb));
  }

  async #masquerade(podCidrs: readonly string[]): Promise<void> {
    if (!this.#options.masquerade) return;
    const { exec, clusterCidrs } = this.#options;
    const family = podCidrs.some((cidr) => !cidr.includes(":")) ? "ip" : "ip6";
    if ((await exec("nft", ["list", "table", family, MASQUERADE_TABLE])).code === 0) return;
    await this.#run("nft", ["-f", "-"], masqueradeRuleset(podCidrs, clusterCidrs));
  }

  /** The runtime must never see half a file. */
  async #writeConflist(podCidrs: readonly string[], link: OwnLink): Promise<void> {
    const { cniConfDir, cniDataDir, bridge, mode = "auto" } = this.#options;
    const mtu = mode === "host-gw" ? link.mtu : tunnelMtu(link);
    const conflist = cniConflist({
      podCidrs,
      mtu,
      ...(bridge && { bridge }),
      ...(cniDataDir && { dataDir: cniDataDir }),
    });
    const text = `${JSON.stringify(conflist, undefined, 2)}\n`;
    if (text === this.#written) return;
    const path = join(cniConfDir, CONFLIST_FILE);
    await mkdir(cniConfDir, { recursive: true });
    await writeFile(`${path}.new`, text);
    await rename(`${path}.new`, path);
    this.#written = text;
  }

  async #run(program: string, args: readonly string[], stdin?: string): Promise<string> {
    const { code, stdout, stderr } = await this.#options.exec(program, args, stdin === undefined ? {} : { stdin });
    if (code !== 0) throw new Error(`${program} ${args.join(" ")}: ${stderr.trim().split("\n")[0]}`);
    return stdout;
  }
}

/** What of a node the routes depend on. */
const concerns = (node: Node): string => JSON.stringify([podCidrsOf(node), internalIps(node)]);
const lines = (commands: readonly string[]): string => commands.map((command) => `${command}\n`).join("");
const tunnelMtu = ({ mtu, nodeIp }: OwnLink): number =>
  mtu - (nodeIp.includes(":") ? VXLAN_OVERHEAD.v6 : VXLAN_OVERHEAD.v4);
