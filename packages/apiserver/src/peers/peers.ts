/**
 * The other API servers of the cluster, by their identity leases, and what each of them serves: asked when one comes, starts again or goes. What it
 * serves of group versions that people define counts for nothing (see defined-versions.ts).
 */
import https from "node:https";
import { leases } from "@kubets/api/generated/refs";
import type { Lease } from "@kubets/api/generated/types/coordination-v1";
import type { Clock, Logger, Random, Timer } from "@kubets/machinery";
import { askServer } from "../aggregation/remote-request.ts";
import type { ProxyClient } from "../aggregation/remote-services.ts";
import { userHeaders } from "../aggregation/user-headers.ts";
import type { RequestInfo } from "../request-info.ts";
import type { ServedResources } from "../served-resource.ts";
import { isIdentityLease, PEER_ADDRESS } from "../services/identity-lease.ts";
import { follow } from "../store/follow.ts";
import { DefinedVersions } from "./defined-versions.ts";
import { type GroupDiscovery, nameOf } from "./merged-discovery.ts";
import type { PeerMetrics } from "./metrics.ts";

export interface PeerOptions {
  /** The authorities of the certificates that peers serve with. */
  readonly ca: string;
  /** By which peers believe this server about who asks. */
  readonly client: ProxyClient;
  /** The name of this server's own lease. */
  readonly identity: string;
}

interface PeerParts extends PeerOptions {
  readonly served: ServedResources;
  readonly clock: Clock;
  readonly random: Random;
  readonly log: Logger;
  readonly metrics: PeerMetrics;
}

interface Address {
  readonly host: string;
  readonly port: number;
}

/** Says that a server has handed a request on, so that nobody does again. */
export const REROUTED = "x-kubernetes-peer-proxied";

const OWN = { name: "system:apiserver", uid: "system:apiserver", groups: ["system:authenticated"] };
const AGGREGATED = "application/json;g=apidiscovery.k8s.io;v=v2;as=APIGroupDiscoveryList";
/** In the certificates of all of them, whatever their addresses. */
const SERVER_NAME = "kubernetes.default.svc";
const FIRST_RETRY_MS = 5;
const LONGEST_RETRY_MS = 10_000;
const MOST_RETRIES = 20;

export class Peers {
  readonly metrics: PeerMetrics;
  /** Keeps the connections by which requests are handed on. */
  readonly agent = new https.Agent({ keepAlive: true, maxFreeSockets: 64, scheduling: "lifo" });
  readonly #parts: PeerParts;
  readonly #defined: DefinedVersions;
  readonly #leases = new Map<string, Lease>();
  #known = new Map<string, readonly GroupDiscovery[]>();
  /** Made when it is asked for, until something changes. */
  #discovery: readonly (readonly GroupDiscovery[])[] | undefined;
  #retry: Timer | undefined;
  #isAsking = false;
  #askAgain = false;
  #stopped = false;

  constructor(parts: PeerParts) {
    const { served, clock, identity } = parts;
    this.#parts = parts;
    this.metrics = parts.metrics;
    this.#defined = new DefinedVersions(served, clock, () => (this.#discovery = undefined));
    follow(served, leases, (_, now, old) => {
      const { name = "" } = (now ?? old)?.metadata ?? {};
      const [is, was] = [now, old].map((each) => each && isIdentityLease(each) && each.spec?.holderIdentity);
      if ((!is && !was) || name === identity) return;
      if (is && now) this.#leases.set(name, now);
      else this.#leases.delete(name);
      if (is !== was) this.#look();
    });
  }

  stop(): void {
    this.#stopped = true;
    this.#retry?.cancel();
    this.#defined.stop();
    this.agent.destroy();
  }

  tls() {
    const { ca, client } = this.#parts;
    return { ...client, ca, servername: SERVER_NAME };
  }

  /** What each peer serves, but for the core group: requests for that are handed on too, it is only not told of. The same list until something changes. */
  discovery(): readonly (readonly GroupDiscovery[])[] {
    return (this.#discovery ??= [...this.#known].sort(byName).map(([, groups]) => this.#ofPeer(groups)));
  }

  /** Where one of those is that serve the resource: undefined when none does, "nowhere" when none of them says where. */
  find({ group, version, resource }: RequestInfo): Address | "nowhere" | undefined {
    if (this.#defined.has(group, version)) return undefined;
    const able = [...this.#known].filter(([, groups]) => serves(groups, group, version, resource));
    if (able.length === 0) return undefined;
    const addresses = able.flatMap(([name]) => addressOf(this.#leases.get(name)) ?? []);
    return addresses[Math.floor(this.#parts.random.float() * addresses.length)] ?? "nowhere";
  }

  #ofPeer(groups: readonly GroupDiscovery[]): readonly GroupDiscovery[] {
    return groups.flatMap((group) => {
      const name = nameOf(group);
      const versions = group.versions?.filter(({ version }) => !this.#defined.has(name, version)) ?? [];
      return name && versions.length ? [{ ...group, versions }] : [];
    });
  }

  #look(failures = 0): void {
    this.#retry?.cancel();
    this.#askAgain = this.#isAsking;
    if (this.#isAsking || this.#stopped) return;
    this.#isAsking = true;
    void this.#askAll().then((areKnown) => {
      this.#isAsking = false;
      if (this.#askAgain) return this.#look();
      if (areKnown || this.#stopped || failures === MOST_RETRIES) return;
      const delay = Math.min(FIRST_RETRY_MS * 2 ** failures, LONGEST_RETRY_MS);
      this.#retry = this.#parts.clock.after(delay, () => this.#look(failures + 1));
    });
  }

  /** False when one of them did not say. */
  async #askAll(): Promise<boolean> {
    const asked = await Promise.all(
      [...this.#leases].map(async ([name, lease]) => [name, await this.#ask(name, lease)] as const),
    );
    this.#known = new Map(asked.flatMap(([name, groups]) => (groups ? [[name, groups]] : [])));
    this.#discovery = undefined;
    return this.#known.size === asked.length;
  }

  async #ask(name: string, lease: Lease): Promise<readonly GroupDiscovery[] | undefined> {
    const { log } = this.#parts;
    const address = addressOf(lease);
    if (!address) {
      this.metrics.notKnown("hostport_resolution");
      return undefined;
    }
    try {
      const [core, others] = await Promise.all(["/api", "/apis"].map((path) => this.#read(address, path)));
      return [...(core ?? []), ...(others ?? [])];
    } catch (error) {
      this.metrics.notKnown("fetch_discovery");
      if (!this.#stopped) log.info("a peer did not say what it serves", { peer: name, error });
      return undefined;
    }
  }

  async #read(address: Address, path: string): Promise<readonly GroupDiscovery[]> {
    const headers = { ...userHeaders(OWN), [REROUTED]: "true", accept: `${AGGREGATED};profile=nopeer,${AGGREGATED}` };
    const { status, contentType, body } = await askServer(
      { ...address, path, ...this.tls(), headers },
      this.#parts.clock,
    );
    this.metrics.answered(status);
    if (status !== 200 || !contentType.includes("as=APIGroupDiscoveryList"))
      throw new Error(`discovery request failed with status: ${status}`);
    return (JSON.parse(body.toString()) as { items?: readonly GroupDiscovery[] }).items ?? [];
  }
}

const byName = ([a]: readonly [string, unknown], [b]: readonly [string, unknown]): number => (a < b ? -1 : 1);

const serves = (groups: readonly GroupDiscovery[], group: string, version: string, resource: string): boolean =>
  groups
    .find((each) => nameOf(each) === group)
    ?.versions?.find((each) => each.version === version)
    ?.resources?.some((each) => each.resource === resource) === true;

/** As the lease says it: host and port, with brackets around an address of IPv6. */
function addressOf(lease: Lease | undefined): Address | undefined {
  const text = lease?.metadata.annotations?.[PEER_ADDRESS] ?? "";
  const [, inBrackets, plain, port] = /^(?:\[(.+)\]|([^:]+)):(\d+)$/.exec(text) ?? [];
  const host = inBrackets ?? plain;
  return host ? { host, port: Number(port) } : undefined;
}
