/** Which webhooks and policies of files are in force, and how often they were taken up, and when last, for each plugin that follows a folder. */
import type { MetricsRegistry } from "@kubets/machinery/metrics";
import { hashOf, SERVER } from "./hash.ts";
import type { FileMetrics } from "./reload-metrics.ts";

const PREFIX = "apiserver_manifest_admission_config_controller";

export class ManifestMetrics {
  readonly #total;
  readonly #last;
  readonly #config;

  constructor(registry: MetricsRegistry) {
    const labels = ["status", "plugin", "apiserver_id_hash"];
    this.#total = registry.counter({
      name: `${PREFIX}_automatic_reloads_total`,
      help: "How often a folder of manifests was looked at after a change.",
      labels,
    });
    this.#last = registry.gauge({
      name: `${PREFIX}_automatic_reload_last_timestamp_seconds`,
      help: "When a folder of manifests was last looked at after a change.",
      labels,
    });
    this.#config = registry.gauge({
      name: `${PREFIX}_last_config_info`,
      help: "The manifests that are in force, by the hash of their files.",
      labels: ["plugin", "apiserver_id_hash", "hash"],
    });
  }

  of(plugin: string, now: () => number): FileMetrics {
    let before: string | undefined;
    return {
      inForce: (text) => {
        const hash = text && hashOf(text);
        if (before !== undefined) this.#config.remove(plugin, SERVER, before);
        this.#config.values(plugin, SERVER, hash).set(1);
        before = hash;
      },
      reloaded: (error) => {
        const status = error === undefined ? "success" : "failure";
        this.#total.values(status, plugin, SERVER).inc();
        this.#last.values(status, plugin, SERVER).set(now() / 1000);
      },
    };
  }
}
