/**
 * The pods of this node as programs on it are shown them: all at once, and each change for those that watch.
 * Holds: nothing is kept or compared while nobody watches; a change is encoded once for all; who does not read what it watches is let go.
 */
import { canonical } from "@kubets/api/codec/canonical";
import { encodeMessage } from "@kubets/api/codec/protobuf";
import type { Pod } from "@kubets/api/generated/types/core-v1";
import type { PlainObject } from "@kubets/api/meta";
import { structOf } from "@kubets/api/schema";
import { deepEqual } from "@kubets/machinery";
import { EventType } from "@kubets/wire/generated/kubelet/v1alpha1";
import { GrpcError } from "@kubets/wire/grpc";

export interface PodChange {
  readonly type: EventType;
  /** The message of the pod; of one that is gone its names. */
  readonly pod?: Uint8Array;
}

interface PodFeedOptions {
  /** All pods, those on their way out too. */
  pods(): readonly Pod[];
  /** Somebody who watches was let go. */
  dropped(): void;
}

/** How many changes wait for who watches. */
const WAITING = 100;

export class PodFeed {
  readonly #options: PodFeedOptions;
  readonly #watchers = new Set<ReadableStreamDefaultController<PodChange>>();
  /** What watchers know. */
  readonly #shown = new Map<string, Pod>();

  constructor(options: PodFeedOptions) {
    this.#options = options;
  }

  /** What the runtime alone knows of is no pod: it has no containers to be told of. */
  pods(): Pod[] {
    const all = this.#options.pods().filter(({ spec }) => spec.containers.length > 0);
    return all.sort((a, b) => (a.metadata.uid < b.metadata.uid ? -1 : 1));
  }

  /** It may look otherwise than before. */
  saw(pod: Pod): void {
    const { uid } = pod.metadata;
    if (this.#watchers.size === 0 || pod.spec.containers.length === 0) return;
    const before = this.#shown.get(uid);
    if (before && deepEqual(before, pod)) return;
    this.#shown.set(uid, pod);
    this.#tell({ type: before ? EventType.MODIFIED : EventType.ADDED, pod: messageOf(pod) });
  }

  lost({ metadata: { name, namespace, uid } }: Pod): void {
    if (!this.#shown.delete(uid)) return;
    this.#tell({ type: EventType.DELETED, pod: messageOf({ metadata: { name, namespace, uid } }) });
  }

  /** All pods, then a mark, then each change until the signal. */
  async *watch(signal: AbortSignal): AsyncIterable<PodChange> {
    let own: ReadableStreamDefaultController<PodChange> | undefined;
    const changes = new ReadableStream<PodChange>(
      { start: (controller) => void (own = controller) },
      { highWaterMark: WAITING },
    );
    if (!own) return;
    const watcher = own;
    const present = this.pods();
    if (this.#watchers.size === 0) for (const pod of present) this.#shown.set(pod.metadata.uid, pod);
    this.#watchers.add(watcher);
    const end = () => this.#end(watcher);
    signal.addEventListener("abort", end);
    try {
      for (const pod of present) yield { type: EventType.ADDED, pod: messageOf(pod) };
      yield { type: EventType.INITIAL_SYNC_COMPLETE };
      yield* changes.values({ preventCancel: true });
      if (!signal.aborted) throw new GrpcError("RESOURCE_EXHAUSTED", "watch client channel closed");
    } finally {
      signal.removeEventListener("abort", end);
      end();
    }
  }

  #tell(change: PodChange): void {
    for (const watcher of this.#watchers) {
      if ((watcher.desiredSize ?? 0) > 0) watcher.enqueue(change);
      else {
        this.#options.dropped();
        this.#end(watcher);
      }
    }
  }

  #end(watcher: ReadableStreamDefaultController<PodChange>): void {
    if (!this.#watchers.delete(watcher)) return;
    watcher.close();
    if (this.#watchers.size === 0) this.#shown.clear();
  }
}

export function messageOf(pod: object): Buffer {
  const struct = structOf("api.core.v1.Pod");
  return encodeMessage(struct, canonical(struct, pod as PlainObject));
}
