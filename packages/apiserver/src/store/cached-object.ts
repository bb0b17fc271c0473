/**
 * One revision of one object, as the whole server shares it: the bytes that clients are sent, made once, and the parsed form, made when
 * somebody asks and let go when nobody holds it.
 */
import { encodeJson } from "@kubets/api/codec/json";
import type { KubeObject } from "@kubets/api/meta";
import { parseAnswer } from "@kubets/client/absent-lists";

export class CachedObject {
  /** Under the resource: "namespace/name", or "name" where there are no namespaces. */
  readonly key: string;
  readonly revision: number;
  /** How many bytes it has, or had as it was stored. */
  readonly size: number;
  #bytes: Buffer | (() => Buffer);
  #parsed: WeakRef<KubeObject> | undefined;
  #encodings: Map<string, Buffer> | undefined;
  /** Values of selectable fields that somebody has asked for. */
  #fields: Map<string, string> | undefined;
  #labels: Readonly<Record<string, string>> | undefined;

  /** The bytes, or, with their size, how to make them when they are first asked for. */
  constructor(key: string, revision: number, bytes: Buffer | (() => Buffer), parsed?: KubeObject, size = bytes.length) {
    this.key = key;
    this.revision = revision;
    this.size = size;
    this.#bytes = bytes;
    if (parsed) {
      this.#parsed = new WeakRef(parsed);
      this.#labels = parsed.metadata.labels ?? NO_LABELS;
    }
  }

  /** JSON in the stored version, resourceVersion included, without a line feed. */
  get bytes(): Buffer {
    if (typeof this.#bytes === "function") this.#bytes = this.#bytes();
    return this.#bytes;
  }

  get namespace(): string {
    const slash = this.key.indexOf("/");
    return slash < 0 ? "" : this.key.slice(0, slash);
  }

  get name(): string {
    return this.key.slice(this.key.indexOf("/") + 1);
  }

  /** The object, shared and never to be changed. */
  get object(): KubeObject {
    const held = this.#parsed?.deref();
    if (held) return held;
    const parsed = parseAnswer(this.bytes) as KubeObject;
    this.#parsed = new WeakRef(parsed);
    return parsed;
  }

  get labels(): Readonly<Record<string, string>> {
    return (this.#labels ??= this.object.metadata.labels ?? NO_LABELS);
  }

  field(name: string, read: (object: KubeObject) => string): string {
    this.#fields ??= new Map();
    let value = this.#fields.get(name);
    if (value === undefined) this.#fields.set(name, (value = read(this.object)));
    return value;
  }

  /** The bytes in another form, made once. */
  encoded(form: string, encode: (object: KubeObject) => Buffer): Buffer {
    this.#encodings ??= new Map();
    let bytes = this.#encodings.get(form);
    if (!bytes) this.#encodings.set(form, (bytes = encode(this.object)));
    return bytes;
  }
}

const NO_LABELS: Readonly<Record<string, string>> = Object.freeze({});

/** A parsed object as it is served at a revision; the object itself stays as it is. */
export function stamped(key: string, revision: number, object: KubeObject): CachedObject {
  const served = { ...object, metadata: { ...object.metadata, resourceVersion: String(revision) } };
  return new CachedObject(key, revision, Buffer.from(encodeJson(served)), served);
}
