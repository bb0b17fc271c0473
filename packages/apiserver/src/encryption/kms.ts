/**
 * Keys that a plugin outside keeps (KMS v2, gRPC over a unix socket). The plugin seals one seed, and the seed seals values here, so writes do not wait
 * for it; seeds of values that others wrote are asked for once, before the values are read. A new seed is made when the plugin's key changes.
 */
import { createHash, randomBytes } from "node:crypto";
import { type Clock, type Logger, type Timer } from "@kubets/machinery";
import { LruCache } from "@kubets/machinery/lru";
import { type GrpcClient, grpcClient, isGrpcError } from "@kubets/wire/grpc";
import { decode, encode } from "@kubets/wire/proto";
import { aesGcm } from "./aes.ts";
import type { Cipher } from "./cipher.ts";
import { type EncryptedObject, type EncryptResponse, encryptedObject, KeyManagementService } from "./kms-messages.ts";
import type { Direction, EncryptionMetrics, KmsMethod } from "./metrics.ts";
import { seedCipher } from "./seed-cipher.ts";

interface KmsOptions {
  readonly name: string;
  readonly endpoint: string;
  readonly timeoutMs: number;
  readonly clock: Clock;
  readonly log: Logger;
  readonly metrics?: EncryptionMetrics;
}

const SEED_BYTES = 32;
const SEED = 1;
const HEALTHY_MS = 60_000;
const UNHEALTHY_MS = 10_000;
const SEEDS_KEPT = 1000;

export class Kms {
  readonly name: string;
  readonly #options: KmsOptions;
  readonly #client: GrpcClient;
  /** By the hash of what sealed them. */
  readonly #ciphers = new LruCache<string, Cipher>(SEEDS_KEPT);
  readonly #asked = new Map<string, Promise<void>>();
  #current: { readonly cipher: Cipher; readonly sealedSeed: EncryptResponse } | undefined;
  #wrong: string | undefined;
  #timer: Timer | undefined;
  #closed = false;

  constructor(options: KmsOptions) {
    this.name = options.name;
    this.#options = options;
    this.#client = grpcClient({ target: options.endpoint });
  }

  /** Rejects when the plugin cannot be used. */
  async start(): Promise<void> {
    await this.#look();
    this.#lookAgain();
  }

  /** Why the plugin is not well, when it was last looked at. */
  get wrong(): string | undefined {
    return this.#wrong;
  }

  /** What tells keys apart: values of another are to be written anew. */
  get keyId(): string {
    return this.#current?.sealedSeed.keyId ?? "";
  }

  seal(plain: Uint8Array, about: string): Buffer {
    if (!this.#current) throw new Error(`the key management plugin ${this.name} has not given a key`);
    const { cipher, sealedSeed } = this.#current;
    this.#used(sealedSeed.keyId, "to_storage");
    return encode(encryptedObject, {
      encryptedData: cipher.seal(plain, about),
      keyId: sealedSeed.keyId,
      encryptedDekSource: sealedSeed.ciphertext,
      annotations: sealedSeed.annotations,
      encryptedDekSourceType: SEED,
    });
  }

  /** Its seed must be known: see `prepare`. */
  open(stored: Uint8Array, about: string): { plain: Buffer; keyId: string } {
    const object = decode(encryptedObject, stored);
    const cipher = this.#ciphers.get(hashOf(object));
    if (!cipher) throw new Error(`the key management plugin ${this.name} was not asked for the key of ${about}`);
    this.#used(object.keyId, "from_storage");
    return { plain: cipher.open(object.encryptedData, about), keyId: object.keyId };
  }

  /** Undefined when the value can be opened; else resolves when it can. */
  prepare(stored: Uint8Array): Promise<void> | undefined {
    const object = decode(encryptedObject, stored);
    const hash = hashOf(object);
    if (this.#ciphers.has(hash)) return undefined;
    let asked = this.#asked.get(hash);
    if (!asked) this.#asked.set(hash, (asked = this.#unseal(object, hash).finally(() => this.#asked.delete(hash))));
    return asked;
  }

  close(): void {
    this.#closed = true;
    this.#timer?.cancel();
    this.#client.close();
  }

  async #unseal({ encryptedDekSource: ciphertext, keyId, annotations, ...rest }: EncryptedObject, hash: string) {
    const request = { ciphertext, keyId, annotations, uid: randomBytes(16).toString("hex") };
    const { plaintext } = await this.#timed(
      "Decrypt",
      this.#client.unary(KeyManagementService.decrypt, request, this.#call),
    );
    this.#keep(hash, cipherOf(plaintext, rest.encryptedDekSourceType));
  }

  /** Asks the plugin how it is, and for a sealed seed when its key is another one. */
  async #look(): Promise<void> {
    const { version, healthz, keyId } = await this.#timed(
      "Status",
      this.#client.unary(KeyManagementService.status, {}, this.#call),
    );
    this.#options.metrics?.keyNamed(this.name, keyId, this.#options.clock.now());
    if (version !== "v2" && version !== "v2beta1")
      throw new Error(`the key management plugin ${this.name} speaks version ${JSON.stringify(version)}, not "v2"`);
    if (healthz !== "ok") throw new Error(`the key management plugin ${this.name} says of itself: ${healthz}`);
    if (!keyId) throw new Error(`the key management plugin ${this.name} names no key`);
    if (this.#current?.sealedSeed.keyId === keyId) return;
    const seed = randomBytes(SEED_BYTES);
    const request = { plaintext: seed, uid: randomBytes(16).toString("hex") };
    const sealedSeed = await this.#timed(
      "Encrypt",
      this.#client.unary(KeyManagementService.encrypt, request, this.#call),
    );
    const cipher = seedCipher(seed);
    const stored = { encryptedDekSource: sealedSeed.ciphertext, encryptedDekSourceType: SEED };
    this.#keep(hashOf({ ...sealedSeed, ...stored }), cipher);
    this.#current = { cipher, sealedSeed };
  }

  /** A plugin cannot be watched: it is asked each minute, and more often while it is not well. */
  #lookAgain(): void {
    if (this.#closed) return;
    this.#timer = this.#options.clock.after(this.#wrong ? UNHEALTHY_MS : HEALTHY_MS, () => {
      this.#look()
        .then(() => (this.#wrong = undefined))
        .catch((error: unknown) => {
          this.#wrong = (error as Error).message;
          if (!this.#closed) this.#options.log.warn("a key management plugin is not well", { name: this.name, error });
        })
        .finally(() => this.#lookAgain());
    });
  }

  #used(keyId: string, direction: Direction): void {
    const { metrics, clock } = this.#options;
    metrics?.keyUsed(this.name, keyId, direction, clock.now());
  }

  #keep(hash: string, cipher: Cipher): void {
    this.#ciphers.set(hash, cipher);
    this.#options.metrics?.seedsKnown(this.name, this.#ciphers.size);
  }

  /** Measures how long the plugin takes to answer. */
  async #timed<T>(method: KmsMethod, answer: Promise<T>): Promise<T> {
    const began = performance.now();
    const told = (code: string) => this.#options.metrics?.asked(this.name, method, code, began);
    try {
      const answered = await answer;
      told("OK");
      return answered;
    } catch (error) {
      told(isGrpcError(error) ? error.code : "UNKNOWN");
      throw error;
    }
  }

  get #call() {
    return { timeoutMs: this.#options.timeoutMs };
  }
}

function cipherOf(key: Uint8Array, type: number): Cipher {
  return type === SEED ? seedCipher(key) : aesGcm(key);
}

/** Of everything that decides which key opens the value. */
function hashOf(object: Omit<EncryptedObject, "encryptedData">): string {
  const hash = createHash("sha256");
  const parts = [Buffer.from([object.encryptedDekSourceType]), object.encryptedDekSource, Buffer.from(object.keyId)];
  for (const [name, value] of Object.entries(object.annotations).sort(([a], [b]) => (a < b ? -1 : 1)))
    parts.push(Buffer.from(name), value);
  for (const part of parts) hash.update(`${part.length}:`).update(part);
  return hash.digest("base64");
}
