/** What is told of requests that peers answer for this server, by the original's names, and of what is known of them. */
import type { MetricsRegistry } from "@kubets/machinery/metrics";

type GroupVersionResource = Readonly<Record<"group" | "version" | "resource", string>>;

/** A question about what a peer serves. */
const DISCOVERY: GroupVersionResource = { group: "", version: "", resource: "" };

export class PeerMetrics {
  readonly #rerouted;
  readonly #failed;
  readonly #unknown;
  readonly #kept;
  readonly #merged;
  readonly #ofOne;

  constructor(registry: MetricsRegistry) {
    const labels = ["group", "version", "resource"];
    this.#rerouted = registry.counter({
      name: "apiserver_rerouted_request_total",
      help: "Requests that a peer answered, by the code of its answer and what they were about; without that they asked what it serves.",
      labels: ["code", ...labels],
    });
    this.#failed = registry.counter({
      name: "apiserver_peer_proxy_errors_total",
      help: "Requests for which no peer could be asked, and why.",
      labels: ["type", ...labels],
    });
    this.#unknown = registry.counter({
      name: "apiserver_peer_discovery_sync_errors_total",
      help: "How often it could not be found out what a peer serves, and why.",
      labels: ["type"],
    });
    this.#kept = registry.counter({
      name: "aggregator_discovery_peer_aggregated_cache_hits_total",
      help: "How often a document about all servers was there already.",
    });
    this.#merged = registry.counter({
      name: "aggregator_discovery_peer_aggregated_cache_misses_total",
      help: "How often a document about all servers was made.",
    });
    this.#ofOne = registry.counter({
      name: "aggregator_discovery_nopeer_requests_total",
      help: "How often a document about this server alone was asked for.",
    });
  }

  answered(status: number, { group, version, resource } = DISCOVERY): void {
    this.#rerouted.values(String(status), group, version, resource).inc();
  }

  nowhere({ group, version, resource }: GroupVersionResource): void {
    this.#failed.values("endpoint_resolution", group, version, resource).inc();
  }

  notKnown(why: "hostport_resolution" | "fetch_discovery"): void {
    this.#unknown.values(why).inc();
  }

  /** A document about all servers was made anew. */
  merged(): void {
    this.#merged.values().inc();
  }

  /** One was there already. */
  kept(): void {
    this.#kept.values().inc();
  }

  /** One about this server alone was asked for. */
  ofOne(): void {
    this.#ofOne.values().inc();
  }
}
