/** How often configuration files were taken up again while the server ran, and when last, for each kind of file. */
import { createHash } from "node:crypto";
import type { MetricsRegistry } from "@kubets/machinery/metrics";

export type ConfigurationKind = "authentication" | "authorization" | "encryption";

/** Told once for each time that a file was looked at: undefined when it was taken up, else what is wrong with it. */
export type ReloadTold = (error?: unknown) => void;

export class ReloadMetrics {
  readonly #families;
  readonly #server: string;

  /** `server` tells servers apart; shown is only its hash. */
  constructor(registry: MetricsRegistry, server = "") {
    this.#server = `sha256:${createHash("sha256").update(server).digest("hex")}`;
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
    });
    this.#families = {
      authentication: of("apiserver_authentication_config_controller"),
      authorization: of("apiserver_authorization_config_controller"),
      encryption: of("apiserver_encryption_config_controller"),
    };
  }

  of(kind: ConfigurationKind, now: () => number): ReloadTold {
    const { total, last } = this.#families[kind];
    return (error) => {
      const status = error === undefined ? "success" : "failure";
      total.values(this.#server, status).inc();
      last.values(this.#server, status).set(now() / 1000);
    };
  }
}
