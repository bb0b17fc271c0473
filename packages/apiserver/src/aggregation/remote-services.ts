/**
 * The groups and versions that other servers serve, by their APIServices, and how each is reached. A server without any costs requests nothing.
 * Whether one is available stands in the status of its APIService, as the checks found it (see availability.ts).
 */
import { apiservices } from "@kubets/api/generated/refs";
import type { APIService } from "@kubets/api/generated/types/apiregistration-v1";
import type { ServedResources } from "../served-resource.ts";
import { follow } from "../store/follow.ts";
import type { Address, ServiceAddresses } from "../webhooks/service-address.ts";
import type { RemoteDocuments } from "./remote-documents.ts";

/** By what this server shows to others who it is. */
export interface ProxyClient {
  readonly cert: string;
  readonly key: string;
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
  readonly #client: ProxyClient | undefined;
  /** What it says of itself, once it was asked. */
  documents: RemoteDocuments | undefined;

  constructor(apiService: APIService, addresses: ServiceAddresses, client: ProxyClient | undefined) {
    this.apiService = apiService;
    this.#addresses = addresses;
    this.#client = client;
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

  /** Throws when the service leads nowhere. */
  address(): Address {
    const { namespace = "", name = "", port = 443 } = this.apiService.spec.service ?? {};
    return this.#addresses.resolve(namespace, name, port);
  }

  tls(): RemoteTls {
    const { caBundle, insecureSkipTLSVerify = false, service } = this.apiService.spec;
    return {
      ...this.#client,
      ...(caBundle && { ca: Buffer.from(caBundle, "base64").toString() }),
      servername: `${service?.name}.${service?.namespace}.svc`,
      rejectUnauthorized: !insecureSkipTLSVerify,
    };
  }
}

export class RemoteServices {
  readonly #byName = new Map<string, RemoteService>();
  readonly #listeners = new Set<(name: string) => void>();

  constructor(served: ServedResources, addresses: ServiceAddresses, client: ProxyClient | undefined) {
    follow(served, apiservices, (name, now) => {
      const before = this.#byName.get(name);
      if (!now?.spec.service) {
        if (!before) return;
        this.#byName.delete(name);
      } else {
        const remote = new RemoteService(now, addresses, client);
        remote.documents = before?.documents;
        this.#byName.set(name, remote);
      }
      for (const listener of this.#listeners) listener(name);
    });
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
