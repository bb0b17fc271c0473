/** What the server tells of sealing and opening values, and of the plugins that keep keys, by the original's names. Keys are told by hashes of their ids. */
import type { Counter, Family, Gauge, Histogram, MetricsRegistry } from "@kubets/machinery/metrics";
import { hashOf, SERVER } from "../metrics/hash.ts";

/** 5 us, doubled twenty-four times; 0.1 ms, doubled fourteen times. */
const TRANSFORM_SECONDS = Array.from({ length: 25 }, (_, i) => 5e-6 * 2 ** i);
const KMS_SECONDS = Array.from({ length: 15 }, (_, i) => 1e-4 * 2 ** i);

export type Direction = "to_storage" | "from_storage";
export type KmsMethod = "Status" | "Encrypt" | "Decrypt";

export class EncryptionMetrics {
  readonly #operations: Family<Counter>;
  readonly #seconds: Family<Histogram>;
  readonly #kmsSeconds: Family<Histogram>;
  readonly #keyUses: Family<Counter>;
  readonly #keyUsed: Family<Gauge>;
  readonly #keyStatus: Family<Gauge>;
  readonly #wrongKeys: Family<Counter>;
  readonly #seeds: Family<Gauge>;

  constructor(registry: MetricsRegistry) {
    this.#operations = registry.counter({
      name: "apiserver_storage_transformation_operations_total",
      help: "Values that were sealed and opened.",
      labels: ["status", "transformation_type", "transformer_prefix"],
    });
    this.#seconds = registry.histogram({
      name: "apiserver_storage_transformation_duration_seconds",
      help: "How long sealing and opening took, in seconds.",
      labels: ["transformation_type", "transformer_prefix"],
      buckets: TRANSFORM_SECONDS,
    });
    this.#kmsSeconds = registry.histogram({
      name: "apiserver_envelope_encryption_kms_operations_latency_seconds",
      help: "How long plugins that keep keys took, in seconds.",
      labels: ["grpc_status_code", "method_name", "provider_name"],
      buckets: KMS_SECONDS,
    });
    this.#keyUses = registry.counter({
      name: "apiserver_envelope_encryption_key_id_hash_total",
      help: "How often a key of a plugin was used.",
      labels: ["apiserver_id_hash", "key_id_hash", "provider_name", "transformation_type"],
    });
    this.#keyUsed = registry.gauge({
      name: "apiserver_envelope_encryption_key_id_hash_last_timestamp_seconds",
      help: "When a key of a plugin was last used.",
      labels: ["apiserver_id_hash", "key_id_hash", "provider_name", "transformation_type"],
    });
    this.#keyStatus = registry.gauge({
      name: "apiserver_envelope_encryption_key_id_hash_status_last_timestamp_seconds",
      help: "When a plugin last named a key as its present one.",
      labels: ["apiserver_id_hash", "key_id_hash", "provider_name"],
    });
    this.#wrongKeys = registry.counter({
      name: "apiserver_envelope_encryption_invalid_key_id_from_status_total",
      help: "How often a plugin named no key that can be used.",
      labels: ["error", "provider_name"],
    });
    this.#seeds = registry.gauge({
      name: "apiserver_envelope_encryption_dek_source_cache_size",
      help: "Seeds that are known, by the plugin that sealed them.",
      labels: ["provider_name"],
    });
  }

  transformed(direction: Direction, prefix: string, isDone: boolean, beganMs: number): void {
    this.#operations.values(isDone ? "OK" : "Unknown", direction, prefix).value++;
    if (isDone) this.#seconds.values(direction, prefix).observe((performance.now() - beganMs) / 1000);
  }

  asked(provider: string, method: KmsMethod, code: string, beganMs: number): void {
    this.#kmsSeconds.values(code, method, provider).observe((performance.now() - beganMs) / 1000);
  }

  keyUsed(provider: string, keyId: string, direction: Direction, nowMs: number): void {
    const hash = hashed(keyId);
    this.#keyUses.values(SERVER, hash, provider, direction).value++;
    this.#keyUsed.values(SERVER, hash, provider, direction).value = nowMs / 1000;
  }

  keyNamed(provider: string, keyId: string, nowMs: number): void {
    if (keyId) this.#keyStatus.values(SERVER, hashed(keyId), provider).set(nowMs / 1000);
    else this.#wrongKeys.values("empty", provider).inc();
  }

  seedsKnown(provider: string, count: number): void {
    this.#seeds.values(provider).set(count);
  }
}

const HASHES_KEPT = 64;
const hashes = new Map<string, string>();

/** Keys are few, and used for every value. */
function hashed(text: string): string {
  let hash = hashes.get(text);
  if (hash) return hash;
  hash = hashOf(text);
  if (hashes.size >= HASHES_KEPT) hashes.clear();
  hashes.set(text, hash);
  return hash;
}
