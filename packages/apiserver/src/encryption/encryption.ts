/**
 * Encryption at rest: what is written is sealed by the first provider of its resource, what is read is opened by whichever of them sealed it, as the
 * prefix of the value says. The configuration may be replaced while the server runs.
 */
import type { Clock, Logger } from "@kubets/machinery";
import type { Transformer } from "../store/stored-form.ts";
import { aesCbc, aesGcm } from "./aes.ts";
import type { Cipher } from "./cipher.ts";
import { type EncryptionConfiguration, kindsOf, type Provider } from "./configuration.ts";
import { Kms } from "./kms.ts";
import type { EncryptionMetrics } from "./metrics.ts";
import { secretbox } from "./secretbox.ts";

/** What one key, or none, makes of values. */
interface Sealer {
  /** What its values begin with. */
  readonly prefix: string;
  /** Tells its key from others, also of the same plugin. */
  readonly id: () => string;
  seal(plain: Uint8Array, about: string): Uint8Array;
  open(body: Uint8Array, about: string): { plain: Uint8Array; id: string };
}

const ANY = "k8s:enc:";
/** How metrics call values that are not sealed, and those that nobody here sealed. */
const PLAIN = "identity";
const UNKNOWN = "unknown";
const KMS = "k8s:enc:kms:v2:";
const CIPHERS = { aesgcm: aesGcm, aescbc: aesCbc, secretbox } as const;

interface Parts {
  readonly clock: Clock;
  readonly log: Logger;
  readonly metrics?: EncryptionMetrics;
}

interface CoveredResources {
  readonly covers: (resource: string) => boolean;
  readonly sealers: readonly Sealer[];
}

/** One configuration at work. */
export class Encryption {
  readonly #rules: readonly CoveredResources[];
  readonly #kms: ReadonlyMap<string, Kms>;
  readonly #metrics: EncryptionMetrics | undefined;

  private constructor(
    rules: readonly CoveredResources[],
    kms: ReadonlyMap<string, Kms>,
    metrics: EncryptionMetrics | undefined,
  ) {
    this.#rules = rules;
    this.#kms = kms;
    this.#metrics = metrics;
  }

  /** Rejects when a plugin cannot be used. */
  static async open({ resources }: EncryptionConfiguration, parts: Parts): Promise<Encryption> {
    const kms = new Map<string, Kms>();
    const rules = resources.map(({ resources: names, providers }) => ({
      covers: coverage(names),
      sealers: providers.flatMap((provider) => sealersOf(provider, kms, parts)),
    }));
    const encryption = new Encryption(rules, kms, parts.metrics);
    try {
      await Promise.all([...kms.values()].map((one) => one.start()));
      return encryption;
    } catch (error) {
      encryption.close();
      throw error;
    }
  }

  /** Undefined for resources that are stored as they are. By "resource.group". */
  transformer(resource: string): Transformer | undefined {
    const sealers = this.#rules.find(({ covers }) => covers(resource))?.sealers;
    return sealers && transformerOf(sealers, this.#metrics);
  }

  /** Undefined when the value can be opened at once; else resolves when it can. */
  prepare(value: Uint8Array): Promise<void> | undefined {
    if (this.#kms.size === 0 || !beginsWith(value, KMS)) return undefined;
    const end = value.indexOf(0x3a, KMS.length);
    const name = end < 0 ? "" : Buffer.from(value.subarray(KMS.length, end)).toString();
    return this.#kms.get(name)?.prepare(value.subarray(end + 1));
  }

  /** The plugins that keep keys. */
  get plugins(): readonly Pick<Kms, "name" | "wrong">[] {
    return [...this.#kms.values()];
  }

  /** What is wrong with them. */
  get problems(): readonly string[] {
    return this.plugins.flatMap(({ wrong }) => wrong ?? []);
  }

  close(): void {
    for (const one of this.#kms.values()) one.close();
  }
}

/** "secrets", "deployments.apps", "*.apps" for a group, "*." for the core group, "*.*" for all. */
function coverage(names: readonly string[]): (resource: string) => boolean {
  const exact = new Set(names);
  const groups = new Set(names.filter((name) => name.startsWith("*.")).map((name) => name.slice(2)));
  return (resource) => {
    const dot = resource.indexOf(".");
    return exact.has(resource) || groups.has("*") || groups.has(dot < 0 ? "" : resource.slice(dot + 1));
  };
}

function sealersOf(provider: Provider, kms: Map<string, Kms>, parts: Parts): Sealer[] {
  const [kind] = kindsOf(provider);
  if (kind === "identity") return [identity];
  if (kind === "kms") {
    const { name, endpoint, timeout } = provider.kms as NonNullable<Provider["kms"]>;
    const plugin = new Kms({ name, endpoint, timeoutMs: timeout, ...parts });
    kms.set(name, plugin);
    return [kmsSealer(plugin)];
  }
  const { keys } = provider[kind as keyof typeof CIPHERS] as { keys: readonly { name: string; secret: string }[] };
  return keys.map(({ name, secret }) =>
    keySealer(`${ANY}${kind}:v1:${name}:`, CIPHERS[kind as keyof typeof CIPHERS](Buffer.from(secret, "base64"))),
  );
}

function keySealer(prefix: string, cipher: Cipher): Sealer {
  const head = Buffer.from(prefix);
  return {
    prefix,
    id: () => prefix,
    seal: (plain, about) => Buffer.concat([head, cipher.seal(plain, about)]),
    open: (body, about) => ({ plain: cipher.open(body, about), id: prefix }),
  };
}

function kmsSealer(plugin: Kms): Sealer {
  const prefix = `${KMS}${plugin.name}:`;
  const head = Buffer.from(prefix);
  return {
    prefix,
    id: () => prefix + plugin.keyId,
    seal: (plain, about) => Buffer.concat([head, plugin.seal(plain, about)]),
    open(body, about) {
      const { plain, keyId } = plugin.open(body, about);
      return { plain, id: prefix + keyId };
    },
  };
}

const identity: Sealer = {
  prefix: "",
  id: () => "",
  seal: (plain) => plain,
  open: (body) => ({ plain: body, id: "" }),
};

function transformerOf(sealers: readonly Sealer[], metrics: EncryptionMetrics | undefined): Transformer {
  const [first] = sealers as [Sealer];
  return {
    get id() {
      return first.id();
    },
    seal(plain, about) {
      const began = performance.now();
      let isDone = false;
      try {
        const sealed = first.seal(plain, about);
        isDone = true;
        return sealed;
      } finally {
        metrics?.transformed("to_storage", first.prefix || PLAIN, isDone, began);
      }
    },
    open(stored, about) {
      const isSealed = beginsWith(stored, ANY);
      const fitting = sealers.filter(({ prefix }) => (prefix === "" ? !isSealed : beginsWith(stored, prefix)));
      const began = performance.now();
      let cause: unknown;
      for (const { prefix, open } of fitting) {
        try {
          const { plain, id } = open(stored.subarray(prefix.length), about);
          metrics?.transformed("from_storage", prefix || PLAIN, true, began);
          return { bytes: plain, id };
        } catch (error) {
          cause = error;
        }
      }
      metrics?.transformed("from_storage", fitting[0]?.prefix ?? UNKNOWN, false, began);
      const why = fitting.length ? "no key of the provider that sealed it opens it" : "no matching prefix found";
      throw new Error(why, { cause });
    },
  };
}

function beginsWith(bytes: Uint8Array, text: string): boolean {
  if (bytes.length < text.length) return false;
  for (let i = 0; i < text.length; i++) if (bytes[i] !== text.charCodeAt(i)) return false;
  return true;
}
