/**
 * The seam between the road of writes and what a kind is given from ranges of the cluster. `create` and `update` fill the draft before strategy and
 * validation, and throw a StatusError when nothing fits; whatever becomes of the write, exactly one of the reservation's ends is called. On dry
 * runs nothing is taken.
 */
import type { Draft, KubeObject } from "@kubets/api/meta";

export interface Allocator {
  create(object: Draft<KubeObject>, dryRun: boolean): Promise<Reservation>;
  update(object: Draft<KubeObject>, old: KubeObject, dryRun: boolean): Promise<Reservation>;
  /** The object is gone: what it held is free again. */
  deleted(object: KubeObject): Promise<void>;
}

export interface Reservation {
  /** The write is durable: gives back what the object no longer has. */
  keep(): Promise<void>;
  /** The write failed, or was a dry run: gives back what was taken for it. */
  undo(): Promise<void>;
}
