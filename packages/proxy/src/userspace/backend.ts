/**
 * Services by programs' means alone: a socket for each address, which carries what comes to the targets in turn. Slower than the kernel, and
 * targets see the node instead of the client, but it needs neither root nor netfilter.
 *
 * With `exec` (root) the services' own addresses are put on the loopback link, and clients reach them as they are. Without it each
 * virtual port gets a port of loopback; `addressOf` tells which.
 */
import type { Clock, Logger } from "@kubets/machinery";
import type { Exec } from "@kubets/machinery/exec";
import type { ProxyBackend } from "../backend.ts";
import type { PlanChange, ProxyPlan, Target, VirtualPort } from "../plan.ts";
import { type Listener, TcpListener, UdpListener } from "./listener.ts";

export interface UserspaceOptions {
  readonly clock: Clock;
  readonly log: Logger;
  readonly exec?: Exec;
}

/** What is to be open, and for whom. */
interface Opening {
  readonly host: string;
  readonly port: number;
  readonly protocol: "TCP" | "UDP";
  readonly targets: readonly Target[];
  readonly affinitySeconds: number | undefined;
}

interface Open {
  readonly listener: Listener;
  readonly port: number;
}

const EVERYWHERE = { IPv4: "0.0.0.0", IPv6: "::" };
const LOOPBACK = { IPv4: "127.0.0.1", IPv6: "::1" };

export class UserspaceBackend implements ProxyBackend {
  readonly name = "userspace";
  readonly #options: UserspaceOptions;
  readonly #ports = new Map<string, VirtualPort>();
  /** By "protocol host port": what each virtual port wants there, the first first. */
  readonly #wanted = new Map<string, Map<string, Opening>>();
  readonly #open = new Map<string, Open>();
  /** Addresses that we put on the loopback link. */
  readonly #addresses = new Set<string>();

  constructor(options: UserspaceOptions) {
    this.#options = options;
  }

  unavailable(): Promise<string | undefined> {
    return Promise.resolve(undefined);
  }

  async replace(plan: ProxyPlan): Promise<void> {
    const remove = [...this.#ports.keys()].filter((id) => !plan.ports.has(id));
    await this.apply({ put: [...plan.ports.values()], remove });
  }

  async apply({ put, remove }: PlanChange): Promise<void> {
    const touched = new Set<string>();
    for (const id of [...remove, ...put.map((port) => port.id)]) this.#forget(id, touched);
    for (const port of put) this.#want(port, touched);
    for (const key of touched) await this.#bringInStep(key);
  }

  async cleanup(): Promise<void> {
    await this.apply({ put: [], remove: [...this.#ports.keys()] });
  }

  /** Where clients without those addresses find a virtual port: its cluster IP's stand-in on loopback. */
  addressOf(id: string): { readonly host: string; readonly port: number } | undefined {
    const port = this.#ports.get(id);
    const open = port && this.#open.get(`${port.protocol} ${port.clusterIp} ${port.port}`);
    if (!port || !open) return undefined;
    return { host: this.#options.exec ? (port.clusterIp as string) : LOOPBACK[port.family], port: open.port };
  }

  #forget(id: string, touched: Set<string>): void {
    const old = this.#ports.get(id);
    this.#ports.delete(id);
    for (const [key] of old ? openings(old) : []) {
      this.#wanted.get(key)?.delete(id);
      touched.add(key);
    }
  }

  #want(port: VirtualPort, touched: Set<string>): void {
    this.#ports.set(port.id, port);
    for (const [key, opening] of openings(port)) {
      const all = this.#wanted.get(key) ?? new Map<string, Opening>();
      this.#wanted.set(key, all.set(port.id, opening));
      touched.add(key);
    }
  }

  /** Without targets nothing is open, so that clients are refused. */
  async #bringInStep(key: string): Promise<void> {
    const wanted = this.#wanted.get(key)?.values().next().value;
    if (!wanted) this.#wanted.delete(key);
    const open = this.#open.get(key);
    const [, host = ""] = key.split(" ");
    // The address stays for as long as a service has it, also while nobody serves it.
    if (wanted) await this.#addAddress(host, key);
    if (wanted && wanted.targets.length > 0) {
      const { listener } = open ?? (await this.#openOne(key, wanted));
      listener.choice.set(wanted.targets, wanted.affinitySeconds);
      listener.retarget();
    } else if (open) {
      this.#open.delete(key);
      await open.listener.close();
    }
    if (!wanted) await this.#removeAddress(host);
  }

  async #openOne(key: string, { host, port, protocol }: Opening): Promise<Open> {
    const { clock, exec, log } = this.#options;
    const listener = protocol === "TCP" ? new TcpListener(clock) : new UdpListener(clock);
    const isOwn = host === EVERYWHERE.IPv4 || host === EVERYWHERE.IPv6;
    const isStandIn = !exec && !isOwn;
    const family = host.includes(":") ? "IPv6" : "IPv4";
    const open = { listener, port: await listener.open(isStandIn ? LOOPBACK[family] : host, isStandIn ? 0 : port) };
    this.#open.set(key, open);
    log.debug("a service port is open", { key, port: open.port });
    return open;
  }

  async #addAddress(host: string, key: string): Promise<void> {
    const { exec } = this.#options;
    if (!exec || host === EVERYWHERE.IPv4 || host === EVERYWHERE.IPv6) return;
    if (!this.#addresses.has(host)) {
      const address = host.includes(":") ? [`${host}/128`, "dev", "lo", "nodad"] : [`${host}/32`, "dev", "lo"];
      const { code, stderr } = await exec("ip", ["addr", "replace", ...address]);
      if (code !== 0) throw new Error(`the address of ${key} cannot be added: ${stderr.trim()}`);
    }
    this.#addresses.add(host);
  }

  async #removeAddress(host: string): Promise<void> {
    const { exec } = this.#options;
    if (!exec || !this.#addresses.has(host)) return;
    for (const key of this.#wanted.keys()) if (key.split(" ")[1] === host) return;
    this.#addresses.delete(host);
    await exec("ip", ["addr", "del", `${host}/${host.includes(":") ? 128 : 32}`, "dev", "lo"]);
  }
}

function* openings(port: VirtualPort): Generator<[string, Opening]> {
  const { protocol, clusterIp, externalIps, loadBalancerIps, nodePort, internal, external, family } = port;
  // No sockets of SCTP in this runtime.
  if (protocol === "SCTP") return;
  const opening = (host: string, at: number, targets: readonly Target[]): [string, Opening] => [
    `${protocol} ${host} ${at}`,
    { host, port: at, protocol, targets, affinitySeconds: port.affinitySeconds },
  ];
  if (clusterIp) yield opening(clusterIp, port.port, internal.endpoints);
  for (const ip of new Set([...externalIps, ...loadBalancerIps])) yield opening(ip, port.port, external.endpoints);
  if (nodePort) yield opening(EVERYWHERE[family], nodePort, external.endpoints);
}
