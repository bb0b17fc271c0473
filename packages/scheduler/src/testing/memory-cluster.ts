/**
 * A cluster in memory for the scheduler's own tests: objects that tests put in, informers that tell of them at once, and a client that
 * does what a scheduler asks for (bind, patch the status, delete). It validates nothing.
 */
import { nodes, pods, resourceclaims } from "@kubets/api/generated/refs";
import type { Pod } from "@kubets/api/generated/types/core-v1";
import type { ResourceClaim } from "@kubets/api/generated/types/resource-v1";
import type { Draft, KubeObject } from "@kubets/api/meta";
import type { ResourceRef } from "@kubets/api/resource-ref";
import type { Client, ObjectKey, Patch } from "@kubets/client/client";
import type { Cache } from "@kubets/client/controller";
import type { EventRecorder } from "@kubets/client/event-recorder";
import { type Informer, type InformerHandler, keyOf } from "@kubets/client/informer";
import { conflict, notFound } from "@kubets/machinery/status-error";

type Handler = InformerHandler<KubeObject>;

interface Collection {
  /** As the server has them, and as the informers have told. */
  readonly objects: Map<string, KubeObject>;
  readonly view: Map<string, KubeObject>;
  readonly handlers: Set<Handler>;
}

export class MemoryCluster {
  readonly events: string[] = [];
  /** Bindings, deletions and patches in the order in which they came, as "bind default/a n1". */
  readonly requests: string[] = [];
  /** Refuses a request by throwing; it gets what `requests` would get. */
  fault: (request: string) => Error | undefined = () => undefined;
  /** While true, informers tell nothing until `deliver`. */
  lagging = false;
  readonly #pending: (() => void)[] = [];
  readonly #collections = new Map<string, Collection>();
  #revision = 1;
  #made = 0;

  /** Lets informers tell the next so many changes. */
  deliver(count = Infinity): void {
    for (let i = 0; i < count && this.#pending.length; i++) this.#pending.shift()?.();
  }

  /** All objects of a kind, as the server has them. */
  truth<T extends KubeObject>(ref: ResourceRef<T>): T[] {
    return [...this.#collection(ref.kind).objects.values()] as T[];
  }

  /** Adds the objects, or puts them in the place of those with their names. */
  put(...objects: readonly KubeObject[]): void {
    for (const object of objects) {
      const collection = this.#collection(object.kind);
      const key = keyOf(object);
      const now = { ...object, metadata: { ...object.metadata, resourceVersion: String(++this.#revision) } };
      collection.objects.set(key, now);
      this.#tell(() => {
        const old = collection.view.get(key);
        collection.view.set(key, now);
        for (const handler of collection.handlers)
          if (old) handler.changed?.(now, old);
          else handler.added?.(now);
      });
    }
  }

  remove(kind: string, key: string): void {
    const collection = this.#collection(kind);
    const gone = collection.objects.get(key);
    if (!collection.objects.delete(key) || !gone) return;
    this.#tell(() => {
      collection.view.delete(key);
      for (const handler of collection.handlers) handler.deleted?.(gone);
    });
  }

  #tell(change: () => void): void {
    this.#pending.push(change);
    if (!this.lagging) this.deliver();
  }

  pod(name: string, namespace = "default"): Pod {
    return this.#collection("Pod").objects.get(`${namespace}/${name}`) as Pod;
  }

  /** All pods with their nodes, as "a -> n1", in order of their names. */
  placements(): string[] {
    return this.cache
      .list(pods)
      .map(({ metadata, spec }) => `${metadata.name} -> ${spec.nodeName ?? "?"}`)
      .sort();
  }

  readonly cache: Cache = {
    informer: <T extends KubeObject>(ref: ResourceRef<T>) => this.#informer(ref) as Informer<T>,
    get: <T extends KubeObject>(ref: ResourceRef<T>, key: string) =>
      this.#collection(ref.kind).view.get(key) as T | undefined,
    list: <T extends KubeObject>(ref: ResourceRef<T>, namespace?: string) => this.#list(ref, namespace) as T[],
    owned: () => [],
  } as Cache;

  readonly recorder: EventRecorder = {
    event: (about, type, reason, message) => {
      const name = "metadata" in about ? about.metadata.name : about.name;
      this.events.push(`${name}: ${type} ${reason}: ${message}`);
    },
    as: () => this.recorder,
  };

  readonly client = {
    act: async (_: ResourceRef, key: ObjectKey, __: string, body: { target: { name: string } }) =>
      this.#bind(key, body.target.name),
    patch: async (ref: ResourceRef, key: ObjectKey, patch: Patch) =>
      ref.kind === "ResourceClaim"
        ? this.#unreserve(key, (patch.body as Draft<ResourceClaim>).status?.reservedFor?.[0]?.uid)
        : this.#patch(ref, key, patch.body as Draft<Pod>),
    get: async (ref: ResourceRef, { namespace, name }: ObjectKey) => this.#existing(ref, namespace, name),
    create: async (ref: ResourceRef, object: KubeObject) => {
      const { namespace, name, generateName } = object.metadata as {
        namespace?: string;
        name?: string;
        generateName?: string;
      };
      const made = name ?? `${generateName}${++this.#made}`;
      this.#request(`create ${ref.kind} ${made}`);
      this.put({ ...object, metadata: { ...object.metadata, name: made, uid: `${made}-uid` } } as KubeObject);
      return this.#existing(ref, namespace, made);
    },
    update: async (ref: ResourceRef, object: KubeObject) => {
      this.#request(`update ${object.kind} ${keyOf(object)}`);
      const { namespace, name, resourceVersion } = object.metadata as Pod["metadata"];
      const { metadata } = this.#existing(ref, namespace, name);
      if (resourceVersion !== metadata.resourceVersion) throw conflict(ref, name, "the object has been modified");
      this.put(object);
      return this.#existing(ref, namespace, name);
    },
    delete: async (ref: ResourceRef, { namespace, name }: ObjectKey) => {
      this.#request(`delete ${namespace}/${name}`);
      this.remove(ref.kind, `${namespace}/${name}`);
    },
  } as unknown as Client;

  #existing(ref: ResourceRef, namespace: string | undefined, name: string): KubeObject {
    const object = this.#collection(ref.kind).objects.get(namespace ? `${namespace}/${name}` : name);
    if (!object) throw notFound(ref, name);
    return object;
  }

  #bind({ namespace, name }: ObjectKey, node: string): void {
    this.#request(`bind ${namespace}/${name} ${node}`);
    const pod = this.pod(name, namespace);
    if (!pod) throw notFound(pods, name);
    if (pod.spec.nodeName) throw conflict(pods, name, `pod ${name} is already assigned to node "${pod.spec.nodeName}"`);
    if (!this.#collection("Node").objects.has(node)) throw notFound(nodes, node);
    this.put({ ...pod, spec: { ...pod.spec, nodeName: node } } as Pod);
  }

  /** The only patch of a claim that a scheduler asks for: a pod goes out of its users. */
  #unreserve({ namespace, name }: ObjectKey, uid: string | undefined): void {
    this.#request(`unreserve ${namespace}/${name}`);
    const claim = this.#existing(resourceclaims, namespace, name) as ResourceClaim;
    const reservedFor = (claim.status.reservedFor ?? []).filter((user) => user.uid !== uid);
    this.put({ ...claim, status: { ...claim.status, reservedFor } } as ResourceClaim);
  }

  #patch(ref: ResourceRef, { namespace, name }: ObjectKey, body: Draft<Pod>): void {
    this.#request(`patch ${namespace}/${name}`);
    const old = this.#collection(ref.kind).objects.get(`${namespace}/${name}`) as Pod | undefined;
    if (!old) throw notFound(pods, name);
    const { conditions = [], ...status } = body.status ?? {};
    const named = new Set(conditions.map(({ type }) => type));
    const kept = (old.status?.conditions ?? []).filter(({ type }) => !named.has(type));
    const now = {
      ...old,
      metadata: {
        ...old.metadata,
        ...(body.metadata.annotations
          ? { annotations: { ...old.metadata.annotations, ...body.metadata.annotations } }
          : {}),
      },
      status: { ...old.status, ...status, conditions: [...kept, ...conditions] },
    } as Draft<Pod>;
    if (status.nominatedNodeName === null) delete now.status.nominatedNodeName;
    this.put(now as Pod);
  }

  #request(text: string): void {
    this.requests.push(text);
    const error = this.fault(text);
    if (error) throw error;
  }

  #informer(ref: ResourceRef): Informer<KubeObject> {
    const { view: objects, handlers } = this.#collection(ref.kind);
    return {
      synced: Promise.resolve(),
      hasSynced: true,
      get: (key) => objects.get(key),
      list: (namespace) => this.#list(ref, namespace),
      indexed: () => [],
      addIndex: () => {},
      subscribe: (handler) => {
        handlers.add(handler);
        for (const object of objects.values()) handler.added?.(object);
        return { stop: () => void handlers.delete(handler) };
      },
    };
  }

  #list(ref: ResourceRef, namespace?: string): KubeObject[] {
    const all = [...this.#collection(ref.kind).view.values()];
    return namespace ? all.filter(({ metadata }) => (metadata as { namespace?: string }).namespace === namespace) : all;
  }

  #collection(kind: string): Collection {
    let collection = this.#collections.get(kind);
    if (!collection) {
      collection = { objects: new Map(), view: new Map(), handlers: new Set() };
      this.#collections.set(kind, collection);
    }
    return collection;
  }
}
