/** Which configuration files are in force, and how often they were taken up again while the server ran, and when last, for each kind of file. */
import type { MetricsRegistry } from "@kubets/machinery/metrics";
import { hashOf, SERVER } from "./hash.ts";

type ConfigurationKind = "authentication" | "authorization" | "encryption";

/** What is told of one file. */
export interface FileMetrics {
  /** Its text decides from now on. */
  inForce(text: string): void;
  /** Told once for each time that it was looked at again: undefined when it was taken up, else what is wrong with it. */
  reloaded(error?: unknown): void;
}

export class ReloadMetrics {
  readonly #families;

  constructor(registry: MetricsRegistry) {
    const of = (prefix: string) => ({
      total: registry.counter({
        name: `${prefix}_automatic_reloads_total`,
        help: "How often a changed configuration file was looked at.",
        labels: ["apiserver_id_hash", "status"],
      }),
      last: registry.gauge({
        name: `${prefix}_automatic_reload_last_timestamp_seconds`,
        help: "When a changed configuration file was last looked at.",
        labels: ["apiserver_id_hash", "status"],
      }),
      config: registry.gauge({
        name: `${prefix}_last_config_info`,
        help: "The configuration file that is in force, by its hash.",
        labels: ["apiserver_id_hash", "hash"],
      }),
    });
    this.#families = {
      authentication: of("apiserver_authentication_config_controller"),
      authorization: of("apiserver_authorization_config_controller"),
      encryption: of("apiserver_encryption_config_controller"),
    };
  }

  of(kind: ConfigurationKind, now: () => number): FileMetrics {
    const { total, last, config } = this.#families[kind];
    return {
      inForce: (text) => {
        config.clear();
        config.values(SERVER, hashOf(text)).set(1);
      },
      reloaded: (error) => {
        const status = error === undefined ? "success" : "failure";
        total.values(SERVER, status).inc();
        last.values(SERVER, status).set(now() / 1000);
      },
    };
  }
}
