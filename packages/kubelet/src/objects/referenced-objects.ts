/**
 * The ConfigMaps and Secrets that pods of this node name, each watched on its own as long as a pod names it: a node may read no others.
 * Holds: after `ready` resolved, what is not found was not there; a change is told with the pods that it concerns.
 */
import { configmaps, secrets } from "@kubets/api/generated/refs";
import type { ConfigMap, Pod, Secret } from "@kubets/api/generated/types/core-v1";
import type { Client } from "@kubets/client/client";
import { SharedInformer } from "@kubets/client/informer/shared-informers";
import { type Clock, type Logger, type Random, sleep } from "@kubets/machinery";
import { podReferences, type Reference } from "./references.ts";

interface ReferencedObjectsOptions {
  readonly client: Pick<Client, "list" | "watch">;
  readonly clock: Clock;
  readonly random: Random;
  readonly log: Logger;
  readonly signal: AbortSignal;
  changed(podUid: string): void;
}

interface Watched {
  readonly informer: SharedInformer<ConfigMap> | SharedInformer<Secret>;
  readonly stop: AbortController;
  readonly pods: Set<string>;
}

const LONGEST_WAIT_MS = 20_000;

export class ReferencedObjects {
  readonly #options: ReferencedObjectsOptions;
  readonly #watched = new Map<string, Watched>();
  readonly #byPod = new Map<string, Set<string>>();

  constructor(options: ReferencedObjectsOptions) {
    this.#options = options;
  }

  /** Follows what the pod names now, and no more what it does not. */
  track(pod: Pod): void {
    const { uid, namespace } = pod.metadata;
    const keys = new Set<string>();
    for (const reference of podReferences(pod)) {
      const key = keyOf(reference.kind, namespace, reference.name);
      keys.add(key);
      this.#watch(key, reference, namespace).pods.add(uid);
    }
    for (const key of this.#byPod.get(uid) ?? []) if (!keys.has(key)) this.#drop(key, uid);
    if (keys.size > 0) this.#byPod.set(uid, keys);
    else this.#byPod.delete(uid);
  }

  untrack(uid: string): void {
    for (const key of this.#byPod.get(uid) ?? []) this.#drop(key, uid);
    this.#byPod.delete(uid);
  }

  /** Resolves when all that the pod names has been looked for. */
  async ready(uid: string): Promise<void> {
    const open = [...(this.#byPod.get(uid) ?? [])].flatMap((key) => {
      const informer = this.#watched.get(key)?.informer;
      return informer && !informer.hasSynced ? [informer.synced] : [];
    });
    if (open.length === 0) return;
    const stop = new AbortController();
    const tooLate = sleep(this.#options.clock, LONGEST_WAIT_MS, stop.signal).then(
      () => Promise.reject(new Error("failed to sync configmap cache: timed out waiting for the condition")),
      () => {},
    );
    try {
      await Promise.race([Promise.all(open), tooLate]);
    } finally {
      stop.abort();
    }
  }

  configMap(namespace: string, name: string): ConfigMap | undefined {
    return this.#watched.get(keyOf("ConfigMap", namespace, name))?.informer.get(`${namespace}/${name}`) as
      | ConfigMap
      | undefined;
  }

  secret(namespace: string, name: string): Secret | undefined {
    return this.#watched.get(keyOf("Secret", namespace, name))?.informer.get(`${namespace}/${name}`) as
      | Secret
      | undefined;
  }

  #watch(key: string, { kind, name }: Reference, namespace: string): Watched {
    const known = this.#watched.get(key);
    if (known) return known;
    const stop = new AbortController();
    const { client, clock, random, log, signal } = this.#options;
    const options = { client, clock, random, log, signal: AbortSignal.any([signal, stop.signal]) };
    const selection = { namespace, fieldSelector: `metadata.name=${name}` };
    const watched: Watched = {
      informer:
        kind === "ConfigMap"
          ? new SharedInformer(configmaps, selection, options)
          : new SharedInformer(secrets, selection, options),
      stop,
      pods: new Set(),
    };
    const tell = () => {
      if (watched.informer.hasSynced) for (const uid of watched.pods) this.#options.changed(uid);
    };
    watched.informer.subscribe({ added: tell, changed: tell, deleted: tell });
    this.#watched.set(key, watched);
    return watched;
  }

  #drop(key: string, uid: string): void {
    const watched = this.#watched.get(key);
    watched?.pods.delete(uid);
    if (watched?.pods.size !== 0) return;
    watched.stop.abort();
    this.#watched.delete(key);
  }
}

const keyOf = (kind: string, namespace: string, name: string): string => `${kind}/${namespace}/${name}`;
