/**
 * Mirrors of static pods in the API: a pod of the same name that shows the status, and that nobody can act on.
 * Holds: a mirror stands for one static pod by the hash it carries; one that was deleted or does not fit is made anew; a mirror without its
 * static pod is deleted.
 */
import { pods } from "@kubets/api/generated/refs";
import type { Node, Pod } from "@kubets/api/generated/types/core-v1";
import type { Client } from "@kubets/client/client";
import { type Clock, isReason, type Logger } from "@kubets/machinery";
import { CONFIG_HASH, isStatic } from "./static-pods.ts";

interface MirrorPodsOptions {
  readonly client: Pick<Client, "create" | "delete">;
  readonly clock: Clock;
  readonly signal: AbortSignal;
  readonly nodeName: string;
  readonly log: Logger;
  /** As long as the API has none, there are no mirrors. */
  node(): Node | undefined;
  /** The mirror of a static pod is there, or has changed: its status can be written. */
  seen(podUid: string): void;
}

const MIRROR = "kubernetes.io/config.mirror";
const RETRY_MS = 5000;

const nameOf = ({ metadata }: Pod): string => `${metadata.namespace}/${metadata.name}`;

export class MirrorPods {
  readonly #options: MirrorPodsOptions;
  /** Static pods by name; one that changed takes the name over at once. */
  readonly #static = new Map<string, Pod>();
  readonly #mirrors = new Map<string, Pod>();

  constructor(options: MirrorPodsOptions) {
    this.#options = options;
  }

  pods(): Pod[] {
    return [...this.#static.values()];
  }

  set(pod: Pod): void {
    this.#static.set(nameOf(pod), pod);
    void this.#ensure(pod);
  }

  /** The node is there, so that its pods can have mirrors. */
  ensure(): void {
    for (const pod of this.pods()) void this.#ensure(pod);
  }

  remove(pod: Pod): void {
    const name = nameOf(pod);
    if (this.#static.get(name)?.metadata.uid === pod.metadata.uid) this.#static.delete(name);
  }

  mirrorOf(pod: Pod): Pod | undefined {
    const mirror = this.#mirrors.get(nameOf(pod));
    return mirror?.metadata.annotations?.[MIRROR] === pod.metadata.annotations?.[CONFIG_HASH] ? mirror : undefined;
  }

  /** Whether the pod of the API is a mirror, which has no worker of its own. */
  saw(pod: Pod): boolean {
    const hash = pod.metadata.annotations?.[MIRROR];
    if (hash === undefined) return false;
    this.#mirrors.set(nameOf(pod), pod);
    const source = this.#static.get(nameOf(pod));
    if (!source || source.metadata.annotations?.[CONFIG_HASH] !== hash || pod.metadata.deletionTimestamp)
      void this.#drop(pod);
    else this.#options.seen(source.metadata.uid);
    return true;
  }

  lost(pod: Pod): boolean {
    if (pod.metadata.annotations?.[MIRROR] === undefined) return false;
    this.#mirrors.delete(nameOf(pod));
    const source = this.#static.get(nameOf(pod));
    if (source) void this.#ensure(source);
    return true;
  }

  /** The static pod has gone from the node. */
  ended(pod: Pod): void {
    const mirror = isStatic(pod) ? this.#mirrors.get(nameOf(pod)) : undefined;
    if (mirror && !this.#static.has(nameOf(pod))) void this.#drop(mirror);
  }

  async #ensure(pod: Pod): Promise<void> {
    const mirror = this.#mirrors.get(nameOf(pod));
    if (mirror && this.mirrorOf(pod)) return;
    if (mirror) return await this.#drop(mirror);
    const node = this.#options.node();
    if (!node) return;
    const { uid: _, resourceVersion: __, creationTimestamp: ___, ...metadata } = pod.metadata;
    const hash = pod.metadata.annotations?.[CONFIG_HASH] ?? "";
    const owner = {
      apiVersion: "v1",
      kind: "Node",
      name: node.metadata.name,
      uid: node.metadata.uid,
      controller: true,
    };
    try {
      await this.#options.client.create(pods, {
        metadata: {
          ...metadata,
          annotations: { ...metadata.annotations, [MIRROR]: hash },
          ownerReferences: [owner],
        },
        spec: pod.spec,
      });
    } catch (error) {
      const { clock, signal, log } = this.#options;
      if (isReason(error, "AlreadyExists") || signal.aborted) return;
      log.warn("the mirror of a static pod could not be made; it is tried again", { pod: nameOf(pod), error });
      clock.after(RETRY_MS, () => !signal.aborted && this.#static.get(nameOf(pod)) === pod && void this.#ensure(pod));
    }
  }

  async #drop({ metadata }: Pod): Promise<void> {
    const { namespace, name, uid } = metadata;
    try {
      await this.#options.client.delete(pods, { namespace, name }, { gracePeriodSeconds: 0, preconditions: { uid } });
    } catch (error) {
      if (!isReason(error, "NotFound") && !isReason(error, "Conflict"))
        this.#options.log.warn("the mirror of a static pod could not be deleted", {
          pod: `${namespace}/${name}`,
          error,
        });
    }
  }
}
