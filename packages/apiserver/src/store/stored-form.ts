/**
 * Between the bytes of storage and cached objects. What is stored is what is served wherever the driver knows the revision beforehand: JSON in
 * the stored version with its resourceVersion. Read is also what others wrote: JSON with another or no resourceVersion, and Kubernetes
 * protobuf; those are brought into the served form once, here.
 */
import { encodeMetadata, encodeObject } from "@kubets/api/codec/known-texts";
import { decodeStoredProtobuf, isProtobuf } from "@kubets/api/codec/protobuf";
import type { KubeObject, PlainObject } from "@kubets/api/meta";
import type { ResourceDefinition } from "@kubets/api/resource";
import { parseAnswer } from "@kubets/client/absent-lists";
import { deepEqual } from "@kubets/machinery/deep-equal";
import type { Entry } from "@kubets/storage";
import { CachedObject, stamped } from "./cached-object.ts";
import { UnreadableError } from "./unreadable.ts";
import { type WithoutMetadata, withMetadata } from "./written.ts";

/** Encrypts what goes to storage and decrypts what comes; bound to the key, so that values cannot be swapped. */
export interface Transformer {
  /** The name of the key that seals now. */
  readonly id: string;
  seal(bytes: Uint8Array, storageKey: string): Uint8Array;
  /** The bytes, and the name of the key that had sealed them. */
  open(bytes: Uint8Array, storageKey: string): { readonly bytes: Uint8Array; readonly id: string };
}

/** The transformer of a resource, by "resource.group"; it may be another one later. */
type TransformerOf = (resource: string) => Transformer | undefined;

interface FormOwner {
  readonly definition: ResourceDefinition;
  keyOf(storageKey: string): string;
}

interface Written {
  readonly definition: ResourceDefinition;
  readonly served: Buffer;
  readonly object: KubeObject;
  readonly id?: string;
}

export class StoredForm {
  readonly #transformers: TransformerOf | undefined;
  /** Told of each value that is no object of its kind. */
  readonly #unreadable: ((definition: ResourceDefinition) => void) | undefined;
  /** By which key a cached object was sealed, where there are keys. */
  readonly #sealedBy = new WeakMap<CachedObject, string>();
  /** Objects that are being written, by their bytes, until the feed brings them back. */
  readonly #written = new WeakMap<Uint8Array, Written>();

  constructor(transformers?: TransformerOf, unreadable?: (definition: ResourceDefinition) => void) {
    this.#transformers = transformers;
    this.#unreadable = unreadable;
  }

  /**
   * The bytes of an object that is about to be written, for Write.value. Sets the object's resourceVersion; the object is
   * the cache's from then on. `served` gives what clients are sent (available once `value` was called with a revision).
   */
  toStore(
    definition: ResourceDefinition,
    storageKey: string,
    object: KubeObject,
    written?: WithoutMetadata,
  ): { value(revision: number | undefined): Uint8Array } {
    const transformer = this.#transformerOf(definition);
    return {
      value: (revision) => {
        const metadata = object.metadata as unknown as PlainObject;
        if (revision === undefined) delete metadata["resourceVersion"];
        else metadata["resourceVersion"] = String(revision);
        const served = written
          ? withMetadata(written, encodeMetadata(metadata))
          : Buffer.from(encodeObject(object as unknown as PlainObject));
        const stored = transformer ? transformer.seal(served, storageKey) : served;
        if (revision !== undefined)
          this.#written.set(stored, { definition, served, object, ...(transformer && { id: transformer.id }) });
        return stored;
      },
    };
  }

  /** Throws an UnreadableError; where today's form is made when it is asked for (see `ResourceDefinition.read`), so does that. */
  fromEntry(owner: FormOwner, entry: Entry): CachedObject {
    const written = this.#written.get(entry.value);
    // What was written by another schema is read by today's.
    if (written?.definition === owner.definition) {
      const { served: bytes, object, id } = written;
      return this.#sealed(new CachedObject(owner.keyOf(entry.key), entry.revision, bytes, object), id);
    }
    const opened = unsealed(this.#transformerOf(owner.definition), entry);
    return this.#sealed(this.#read(owner, entry, opened?.bytes ?? entry.value), opened?.id);
  }

  /** An entry that the feed brings: what was written here is let go, so that its parsed form lives no longer than somebody needs it. */
  arrived(owner: FormOwner, entry: Entry): CachedObject {
    const cached = this.fromEntry(owner, entry);
    this.#written.delete(entry.value);
    return cached;
  }

  /** Whether it is sealed by another key than one that is written now would be: then a write that changes nothing is a change. */
  isStale(definition: ResourceDefinition, cached: CachedObject): boolean {
    const transformer = this.#transformerOf(definition);
    return transformer !== undefined && this.#sealedBy.get(cached) !== transformer.id;
  }

  #transformerOf({ resource, group }: ResourceDefinition): Transformer | undefined {
    return this.#transformers?.(group ? `${resource}.${group}` : resource);
  }

  #read(owner: FormOwner, entry: Entry, plain: Uint8Array): CachedObject {
    const { definition } = owner;
    const { revision } = entry;
    const key = owner.keyOf(entry.key);
    const bytes = Buffer.from(plain.buffer, plain.byteOffset, plain.byteLength);
    const isOfProtobuf = isProtobuf(bytes);
    if (definition.read && !isOfProtobuf) {
      const today = () => this.#decoded(definition, entry, () => readToday(definition, revision, bytes));
      return new CachedObject(key, revision, today, undefined, bytes.length);
    }
    if (!isOfProtobuf && carriesRevision(bytes, revision)) return new CachedObject(key, revision, bytes);
    return this.#decoded(definition, entry, () => {
      const object = isOfProtobuf
        ? (decodeStoredProtobuf(bytes, definition.schema) as unknown as KubeObject)
        : parsed(bytes);
      return stamped(key, revision, object);
    });
  }

  #decoded<T>(definition: ResourceDefinition, entry: Entry, read: () => T): T {
    try {
      return read();
    } catch (error) {
      this.#unreadable?.(definition);
      throw new UnreadableError(entry, "damaged", error as Error);
    }
  }

  #sealed(cached: CachedObject, id: string | undefined): CachedObject {
    if (id !== undefined) this.#sealedBy.set(cached, id);
    return cached;
  }
}

function unsealed(transformer: Transformer | undefined, entry: Entry): ReturnType<Transformer["open"]> | undefined {
  try {
    return transformer?.open(entry.value, entry.key);
  } catch (error) {
    throw new UnreadableError(entry, "sealed", error as Error);
  }
}

/** What others wrote as JSON. */
function parsed(bytes: Buffer): KubeObject {
  const object = parseAnswer(bytes) as KubeObject | undefined;
  if (!object?.kind || !object.metadata?.name) throw new Error("it is no object with a kind and a name");
  return object;
}

/** Bytes of another day: as they stand when that is what would be written today. */
function readToday(definition: ResourceDefinition, revision: number, bytes: Buffer): Buffer {
  const stored = parsed(bytes);
  const today = (definition.read?.(stored) ?? stored) as KubeObject;
  return carriesRevision(bytes, revision) && deepEqual(stored, today) ? bytes : stamped("", revision, today).bytes;
}

/** resourceVersion stands near the front, behind name, namespace and uid. */
const REVISION_WITHIN = 1200;

function carriesRevision(bytes: Buffer, revision: number): boolean {
  return bytes.subarray(0, REVISION_WITHIN).includes(`"resourceVersion":"${revision}"`);
}
