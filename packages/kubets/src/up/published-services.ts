/** Ports of the host that lead to services: every node port at its own number, those of load balancers at their addresses, and what `--publish` names. Followed as services come and go. */
import { services } from "@kubets/api/generated/refs";
import type { Service } from "@kubets/api/generated/types/core-v1";
import { SharedInformers } from "@kubets/client/informer/shared-informers";
import { connectionFrom } from "@kubets/client/kubeconfig/connection";
import { openClient } from "@kubets/client/kubeconfig/open-client";
import { machineReading } from "@kubets/client/kubeconfig/reading";
import { type Clock, type Logger, mustParseCidr, parseIp, realRandom } from "@kubets/machinery";
import { type ClusterSandbox, familiesOf, type HostPort, type NodeSandbox } from "@kubets/sandbox";
import type { ServiceRule } from "./publish.ts";

interface PublishOptions {
  readonly kubeconfig: string;
  readonly rules: readonly ServiceRule[];
  readonly sandbox: ClusterSandbox;
  /** Where node ports lead; without a node there are none. */
  readonly node: NodeSandbox | undefined;
  readonly clock: Clock;
  readonly log: Logger;
}

/** A port of the host and what it leads to. */
interface Wanted {
  readonly hostAddress?: string;
  readonly hostPort: number;
  readonly host: string;
  readonly port: number;
  readonly onNode: boolean;
  readonly protocol: "tcp" | "udp";
}

export class PublishedServices {
  readonly #options: PublishOptions;
  readonly #open = new Map<string, Promise<HostPort | undefined>>();
  readonly #stopping = new AbortController();
  #transport: { close(): void | Promise<void> } | undefined;

  static async start(options: PublishOptions): Promise<PublishedServices> {
    const published = new PublishedServices(options);
    await published.#follow();
    return published;
  }

  private constructor(options: PublishOptions) {
    this.#options = options;
  }

  async close(): Promise<void> {
    this.#stopping.abort();
    for (const port of this.#open.values()) await (await port)?.close();
    this.#open.clear();
    await this.#transport?.close();
  }

  async #follow(): Promise<void> {
    const { kubeconfig, clock, log } = this.#options;
    const connection = await connectionFrom({ kubeconfig }, machineReading());
    const { client, transport } = await openClient(connection, "kubets-up");
    this.#transport = transport;
    const informers = new SharedInformers({ client, clock, random: realRandom, log, signal: this.#stopping.signal });
    const informer = informers.informer(services);
    const update = () => this.#update(informer.list());
    informer.subscribe({ added: update, changed: update, deleted: update });
    await informer.synced;
  }

  #update(present: readonly Service[]): void {
    const wanted = new Map(present.flatMap((service) => this.#wantedOf(service)).map((w) => [JSON.stringify(w), w]));
    for (const [key, port] of this.#open) {
      if (wanted.has(key)) continue;
      this.#open.delete(key);
      void port.then((opened) => opened?.close());
    }
    for (const [key, w] of wanted) if (!this.#open.has(key)) this.#open.set(key, this.#publish(w));
  }

  #wantedOf({ metadata, spec, status }: Service): Wanted[] {
    const wanted: Wanted[] = [];
    const { node, rules } = this.#options;
    for (const { port, nodePort, protocol = "TCP" } of spec.ports ?? []) {
      if (protocol === "SCTP") continue;
      const over = protocol === "UDP" ? "udp" : "tcp";
      if (nodePort && node)
        wanted.push({ hostPort: nodePort, host: node.address, port: nodePort, onNode: true, protocol: over });
      for (const { ip } of (node && spec.type === "LoadBalancer" && status.loadBalancer?.ingress) || [])
        if (ip && this.#isOurs(ip))
          wanted.push({ hostAddress: ip, hostPort: port, host: ip, port, onNode: true, protocol: over });
      if (!spec.clusterIP || spec.clusterIP === "None") continue;
      for (const rule of rules)
        if (rule.name === metadata.name && rule.namespace === metadata.namespace && rule.port === port)
          wanted.push({ hostPort: rule.hostPort, host: spec.clusterIP, port, onNode: true, protocol: over });
    }
    return wanted;
  }

  /** Addresses of other load balancers are somebody else's to bring here. */
  #isOurs(ip: string): boolean {
    const address = parseIp(ip);
    return familiesOf(this.#options.sandbox.plan).some(
      ({ loadBalancerRange }) => address && mustParseCidr(loadBalancerRange).contains(address),
    );
  }

  /** A port that cannot be opened is told and left out: the cluster is no worse for it. */
  async #publish({ hostAddress, hostPort, host, port, onNode, protocol }: Wanted): Promise<HostPort | undefined> {
    const { sandbox, node, log } = this.#options;
    try {
      return await sandbox.publish({
        ...(hostAddress && { hostAddress }),
        hostPort,
        protocol,
        target: { host, port, ...(onNode && node && { scope: node.scope }) },
      });
    } catch (error) {
      log.warn("a port of this machine could not be opened for a service", {
        address: hostAddress,
        port: hostPort,
        error,
      });
      return undefined;
    }
  }
}
