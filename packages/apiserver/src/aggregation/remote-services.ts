/**
 * The groups and versions that other servers serve, by their APIServices, and how each is reached. A server without any costs requests nothing.
 * Whether one is available stands in the status of its APIService, as the checks found it (see availability.ts).
 */
import https from "node:https";
import { apiservices } from "@kubets/api/generated/refs";
import type { APIService } from "@kubets/api/generated/types/apiregistration-v1";
import { type Dialer, dialingAgent } from "@kubets/wire/transport";
import type { ServedResources } from "../served-resource.ts";
import { follow } from "../store/follow.ts";
import type { Address, ServiceAddresses } from "../webhooks/service-address.ts";
import type { RemoteDocuments } from "./remote-documents.ts";

/** By what this server shows to others who it is. */
export interface ProxyClient {
  readonly cert: string;
  readonly key: string;
}

interface WayToRemotes {
  readonly proxyClient: ProxyClient | undefined;
  /** Makes the connections; by TCP when absent. */
  readonly dialer: Dialer | undefined;
  readonly agent: https.Agent;
}

interface RemoteTls {
  readonly cert?: string;
  readonly key?: string;
  readonly ca?: string;
  readonly servername: string;
  readonly rejectUnauthorized: boolean;
}

export class RemoteService {
  readonly apiService: APIService;
  readonly #addresses: ServiceAddresses;
  readonly #way: WayToRemotes;
  /** What it says of itself, once it was asked. */
  documents: RemoteDocuments | undefined;

  constructor(apiService: APIService, addresses: ServiceAddresses, way: WayToRemotes) {
    this.apiService = apiService;
    this.#addresses = addresses;
    this.#way = way;
  }

  get name(): string {
    return this.apiService.metadata.name;
  }

  get group(): string {
    return this.apiService.spec.group ?? "";
  }

  get version(): string {
    return this.apiService.spec.version ?? "";
  }

  get isAvailable(): boolean {
    return this.apiService.status.conditions?.some((c) => c.type === "Available" && c.status === "True") ?? false;
  }

  /** Keeps connections. */
  get agent(): https.Agent {
    return this.#way.agent;
  }

  get dialer(): Dialer | undefined {
    return this.#way.dialer;
  }

  /** Throws when the service leads nowhere. */
  address(): Address {
    const { namespace = "", name = "", port = 443 } = this.apiService.spec.service ?? {};
    return this.#addresses.resolve(namespace, name, port);
  }

  tls(): RemoteTls {
    const { caBundle, insecureSkipTLSVerify = false, service } = this.apiService.spec;
    return {
      ...this.#way.proxyClient,
      ...(caBundle && { ca: Buffer.from(caBundle, "base64").toString() }),
      servername: `${service?.name}.${service?.namespace}.svc`,
      rejectUnauthorized: !insecureSkipTLSVerify,
    };
  }
}

export class RemoteServices {
  readonly #byName = new Map<string, RemoteService>();
  readonly #listeners = new Set<(name: string) => void>();

  readonly #agent: https.Agent;

  constructor(served: ServedResources, addresses: ServiceAddresses, way: Omit<WayToRemotes, "agent">) {
    const options = { keepAlive: true, maxFreeSockets: 64, scheduling: "lifo" } as const;
    this.#agent = way.dialer ? dialingAgent(way.dialer, true, options) : new https.Agent(options);
    const { proxyClient, dialer } = way;
    const whole = { proxyClient, dialer, agent: this.#agent };
    follow(served, apiservices, (name, now) => {
      const before = this.#byName.get(name);
      if (!now?.spec.service) {
        if (!before) return;
        this.#byName.delete(name);
      } else {
        const remote = new RemoteService(now, addresses, whole);
        remote.documents = before?.documents;
        this.#byName.set(name, remote);
      }
      for (const listener of this.#listeners) listener(name);
    });
  }

  /** Lets go of the connections that are kept. */
  close(): void {
    this.#agent.destroy();
  }

  /** Told of each APIService that leads, or led, to another server, when it changes. */
  onChange(listener: (name: string) => void): void {
    this.#listeners.add(listener);
  }

  get isEmpty(): boolean {
    return this.#byName.size === 0;
  }

  get(name: string): RemoteService | undefined {
    return this.#byName.get(name);
  }

  /** Who serves a path below /apis/GROUP/VERSION, if it is not this server. */
  ofPath(path: string): RemoteService | undefined {
    if (this.#byName.size === 0 || !path.startsWith("/apis/")) return undefined;
    const [, , group, version] = path.split("/", 4);
    return version ? this.#byName.get(`${version}.${group}`) : undefined;
  }

  all(): RemoteService[] {
    return [...this.#byName.values()];
  }

  /** Keeps what a server says of itself. */
  setDocuments(name: string, documents: RemoteDocuments): void {
    const remote = this.#byName.get(name);
    if (remote) remote.documents = documents;
  }
}
