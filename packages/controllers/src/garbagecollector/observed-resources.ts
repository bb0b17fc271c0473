/**
 * Follows every kind that can be listed, watched and deleted, into the graph; kinds that come later too, and those that go away are given up.
 * Holds: what is built in shares the informers of the process; custom kinds have informers of their own, which end with the kind.
 */
import * as refs from "@kubets/api/generated/refs";
import type { KubeObject } from "@kubets/api/meta";
import { groupVersion, type ResourceRef } from "@kubets/api/resource-ref";
import {
  type ControllerContext,
  type Informer,
  type InformerHandler,
  SharedInformers,
  type Subscription,
} from "@kubets/client";
import { every, type Timer } from "@kubets/machinery";
import { type Discovered, type DiscoveredResource, discoverResources, kindKey } from "../discovered-resources.ts";
import { type Graph, nodeOf } from "./graph.ts";

const REFRESH_MS = 30_000;
/** Events say who they are about by other means, and are many. */
const IGNORED = new Set(["events.", "events.events.k8s.io"]);
const BUILT_IN = new Map(Object.values(refs).map((ref) => [`${ref.resource}.${ref.group}`, ref as ResourceRef]));

interface Followed {
  readonly ref: ResourceRef;
  readonly subscription: Promise<Subscription | undefined>;
  readonly stop: AbortController;
  readonly uids: Set<string>;
}

export class ObservedResources {
  readonly #context: ControllerContext;
  readonly #graph: Graph;
  readonly #followed = new Map<string, Followed>();
  readonly #refresh: Timer;
  #byKind: Discovered["byKind"] = new Map();

  constructor(context: ControllerContext, graph: Graph) {
    this.#context = context;
    this.#graph = graph;
    this.#refresh = every(context.clock, REFRESH_MS, () => void this.#discover());
    void this.#discover();
  }

  stop(): void {
    this.#refresh.cancel();
    for (const id of this.#followed.keys()) this.#unfollow(id);
  }

  refOf(apiVersion: string, kind: string): ResourceRef | undefined {
    return this.#byKind.get(kindKey(apiVersion, kind));
  }

  async #discover(): Promise<void> {
    try {
      const { resources, byKind, failures } = await discoverResources(this.#context.client);
      this.#byKind = byKind;
      const served = new Map(
        resources.filter(isFollowed).map((each) => [`${each.ref.resource}.${each.ref.group}`, each.ref]),
      );
      await this.#follow(served);
      // A group that did not answer may still be there.
      if (failures.size === 0) for (const id of this.#followed.keys()) if (!served.has(id)) this.#unfollow(id);
    } catch (error) {
      this.#context.log.warn("discovery failed; trying again", { error, afterMs: REFRESH_MS });
    }
  }

  /** All that are new are subscribed together, so that owners are in the graph before their dependents are judged. */
  async #follow(served: ReadonlyMap<string, ResourceRef>): Promise<void> {
    const added = [...served].filter(([id]) => !this.#followed.has(id));
    const opened = added.map(([id, ref]) => {
      const stop = new AbortController();
      const informer = this.#informer(id, ref, stop);
      const uids = new Set<string>();
      const subscription = informer.synced.then(() => undefined as Subscription | undefined);
      return { id, ref, stop, informer, uids, synced: subscription };
    });
    const all = Promise.all(opened.map(({ synced }) => synced));
    for (const { id, ref, stop, informer, uids } of opened) {
      const subscription = all.then(() =>
        stop.signal.aborted ? undefined : informer.subscribe(this.#handler(ref, uids)),
      );
      this.#followed.set(id, { ref, stop, uids, subscription });
    }
  }

  #informer(id: string, ref: ResourceRef, stop: AbortController): Informer<KubeObject> {
    const builtIn = BUILT_IN.get(id);
    if (builtIn && groupVersion(builtIn) === groupVersion(ref)) return this.#context.cache.informer(builtIn);
    const { client, clock, random, log } = this.#context;
    return new SharedInformers({ client, clock, random, log, signal: stop.signal }).informer(ref);
  }

  #handler(ref: ResourceRef, uids: Set<string>): InformerHandler<KubeObject> {
    const put = (object: KubeObject) => {
      uids.add(object.metadata.uid);
      this.#concern(this.#graph.put(nodeOf(ref, object)));
    };
    return {
      added: put,
      changed: put,
      deleted: ({ metadata: { uid } }) => {
        uids.delete(uid);
        this.#concern(this.#graph.remove(uid));
      },
    };
  }

  #concern(uids: readonly string[]): void {
    for (const uid of uids) this.#context.enqueue(uid);
  }

  /** The kind is no longer served: its objects are no more. */
  #unfollow(id: string): void {
    const followed = this.#followed.get(id);
    if (!followed) return;
    this.#followed.delete(id);
    followed.stop.abort();
    void followed.subscription.then((subscription) => subscription?.stop());
    for (const uid of followed.uids) this.#graph.remove(uid);
  }
}

const isFollowed = ({ ref, verbs }: DiscoveredResource): boolean =>
  ["delete", "list", "watch"].every((verb) => verbs.includes(verb)) && !IGNORED.has(`${ref.resource}.${ref.group}`);
