/** The parts of the server that let others serve groups of the API behind it: who they are, whether they are there, and what they say of themselves. */
import type { Client } from "@kubets/client/client";
import type { Clock, Logger } from "@kubets/machinery";
import type { Dialer } from "@kubets/wire/transport";
import type { ClusterView } from "../admission/plugin.ts";
import type { ExtensionMetrics } from "../metrics/extension-metrics.ts";
import type { ServedResources } from "../served-resource.ts";
import type { ServiceAddresses } from "../webhooks/service-address.ts";
import { Availability } from "./availability.ts";
import { CrdApiServices } from "./crd-api-services.ts";
import { type ProxyClient, RemoteServices } from "./remote-services.ts";

interface AggregationParts {
  readonly served: ServedResources;
  readonly view: ClusterView;
  readonly clock: Clock;
  readonly log: Logger;
  readonly addresses: ServiceAddresses;
  readonly proxyClient: ProxyClient | undefined;
  /** Makes the connections; by TCP when absent. */
  readonly dialer: Dialer | undefined;
  readonly metrics: ExtensionMetrics;
}

export class Aggregation {
  readonly remotes: RemoteServices;
  readonly #parts: AggregationParts;
  #running: readonly { stop(): void }[] = [];

  constructor(parts: AggregationParts) {
    this.#parts = parts;
    this.remotes = new RemoteServices(parts.served, parts.addresses, parts);
  }

  /** Once the server can write. */
  start(client: Client): void {
    const parts = { ...this.#parts, client, remotes: this.remotes };
    this.#running = [new Availability(parts), new CrdApiServices(parts)];
  }

  stop(): void {
    for (const part of this.#running) part.stop();
    this.remotes.close();
  }
}
