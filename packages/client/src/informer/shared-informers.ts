/**
 * The informers of a process: one for each collection, started when first asked for, stopped together by the signal.
 * Holds: two that ask for the same collection (and selection) share one watch and one view.
 */
import type { KubeObject } from "@kubets/api/meta";
import { groupVersion, type ResourceRef } from "@kubets/api/resource-ref";
import { shardSelectorText } from "@kubets/machinery/shard-selector";
import type { Cache } from "../controller.ts";
import type { Informer, InformerHandler, InformerOptions, Subscription } from "../informer.ts";
import { Reflector, type ReflectorOptions } from "./reflector.ts";
import type { IndexFunction } from "./store.ts";
import { View } from "./view.ts";

const BY_NAMESPACE = "namespace";
const BY_CONTROLLER = "controller";

export class SharedInformers implements Cache {
  readonly #options: ReflectorOptions;
  readonly #informers = new Map<string, SharedInformer<KubeObject>>();

  constructor(options: ReflectorOptions) {
    this.#options = options;
  }

  informer<T extends KubeObject>(ref: ResourceRef<T>, selection: InformerOptions = {}): Informer<T> {
    return this.#informer(ref, selection);
  }

  get<T extends KubeObject>(ref: ResourceRef<T>, key: string): T | undefined {
    return this.#informer(ref).get(key);
  }

  list<T extends KubeObject>(ref: ResourceRef<T>, namespace?: string): T[] {
    return this.#informer(ref).list(namespace);
  }

  owned<T extends KubeObject>(ref: ResourceRef<T>, owner: KubeObject): readonly T[] {
    const informer = this.#informer(ref);
    informer.addIndex(BY_CONTROLLER, controllerUid);
    return informer.indexed(BY_CONTROLLER, owner.metadata.uid);
  }

  #informer<T extends KubeObject>(ref: ResourceRef<T>, selection: InformerOptions = {}): SharedInformer<T> {
    const { namespace = "", labelSelector = "", fieldSelector = "", shard } = selection;
    const shardText = shard ? shardSelectorText(shard) : "";
    const id = [groupVersion(ref), ref.resource, namespace, labelSelector, fieldSelector, shardText].join("|");
    const known = this.#informers.get(id);
    if (known) return known as unknown as SharedInformer<T>;
    const made = new SharedInformer(ref, selection, this.#options);
    this.#informers.set(id, made as unknown as SharedInformer<KubeObject>);
    return made;
  }
}

/** An informer of one collection, which follows it from its making until the signal. */
export class SharedInformer<T extends KubeObject> implements Informer<T> {
  readonly synced: Promise<void>;
  readonly #view: View<T>;
  #hasSynced = false;

  constructor(ref: ResourceRef<T>, selection: InformerOptions, options: ReflectorOptions) {
    const { promise, resolve } = Promise.withResolvers<void>();
    this.synced = promise;
    this.#view = new View(options.log.with({ resource: ref.resource }));
    const onSynced = () => {
      this.#hasSynced = true;
      resolve();
    };
    void new Reflector(ref, this.#view, selection, options, onSynced).run();
  }

  get hasSynced(): boolean {
    return this.#hasSynced;
  }

  get(key: string): T | undefined {
    return this.#view.store.get(key);
  }

  list(namespace?: string): T[] {
    if (!namespace) return this.#view.store.values();
    this.addIndex(BY_NAMESPACE, namespaceOf);
    return this.#view.store.indexed(BY_NAMESPACE, namespace);
  }

  indexed(index: string, value: string): readonly T[] {
    return this.#view.store.indexed(index, value);
  }

  addIndex(name: string, values: IndexFunction<T>): void {
    this.#view.store.addIndex(name, values);
  }

  subscribe(handler: InformerHandler<T>): Subscription {
    return this.#view.subscribe(handler);
  }
}

const NONE: readonly string[] = [];

const namespaceOf = ({ metadata }: KubeObject): readonly string[] => (metadata.namespace ? [metadata.namespace] : NONE);

const controllerUid = ({ metadata }: KubeObject): readonly string[] => {
  const uid = metadata.ownerReferences?.find((reference) => reference.controller)?.uid;
  return uid ? [uid] : NONE;
};
