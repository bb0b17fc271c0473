/**
 * The encryption that is in force: that of a file, taken up again when the file changes (if it is asked for). A file that is wrong changes nothing,
 * and is told of.
 */
import type { Clock, Logger } from "@kubets/machinery";
import { followFile } from "../followed-file.ts";
import type { FileMetrics } from "../metrics/reload-metrics.ts";
import type { HealthCheck } from "../nonresource/health.ts";
import type { Transformer } from "../store/stored-form.ts";
import { loadEncryptionConfiguration } from "./configuration.ts";
import { Encryption } from "./encryption.ts";
import type { EncryptionMetrics } from "./metrics.ts";

interface Parts {
  readonly clock: Clock;
  readonly log: Logger;
  readonly metrics?: EncryptionMetrics;
  readonly told?: FileMetrics;
}

export class LiveEncryption {
  readonly #path: string;
  readonly #parts: Parts;
  #current: Encryption;
  #unfollow: (() => void) | undefined;
  #closed = false;

  private constructor(path: string, current: Encryption, parts: Parts) {
    this.#path = path;
    this.#current = current;
    this.#parts = parts;
  }

  /** Rejects when the file is wrong, or a plugin cannot be used. */
  static async open(path: string, { reload, ...parts }: Parts & { readonly reload: boolean }): Promise<LiveEncryption> {
    const configuration = loadEncryptionConfiguration(path);
    const live = new LiveEncryption(path, await Encryption.open(configuration, parts), parts);
    parts.told?.inForce(configuration.text);
    if (reload) live.#unfollow = followFile(path, parts.clock, () => void live.reload());
    return live;
  }

  transformer(resource: string): Transformer | undefined {
    return this.#current.transformer(resource);
  }

  prepare(value: Uint8Array): Promise<void> | undefined {
    return this.#current.prepare(value);
  }

  get problems(): readonly string[] {
    return this.#current.problems;
  }

  /** A server whose plugin is away is not ready, but a restart would not help it. Where plugins may come and go one check stands for all. */
  get healthChecks(): readonly HealthCheck[] {
    const all = this.#unfollow
      ? [{ name: "kms-providers", check: () => this.problems.join("; ") || undefined }]
      : this.#current.plugins.map((plugin, i) => ({ name: `kms-provider-${i}`, check: () => plugin.wrong }));
    return all.map((check) => ({ ...check, on: ["healthz", "readyz"] }));
  }

  /** Takes the file up again. */
  async reload(): Promise<void> {
    const { log, told } = this.#parts;
    try {
      const configuration = loadEncryptionConfiguration(this.#path);
      const next = await Encryption.open(configuration, this.#parts);
      if (this.#closed) return next.close();
      const old = this.#current;
      this.#current = next;
      old.close();
      told?.reloaded();
      told?.inForce(configuration.text);
      log.info("the encryption configuration was taken up again", { file: this.#path });
    } catch (error) {
      told?.reloaded(error);
      log.error("the encryption configuration is wrong; the one before stays in force", { file: this.#path, error });
    }
  }

  close(): void {
    this.#closed = true;
    this.#unfollow?.();
    this.#current.close();
  }
}
