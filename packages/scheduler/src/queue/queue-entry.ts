/** A pod in the queue, with its history there. */
import type { Pod } from "@kubets/api/generated/types/core-v1";
import type { QueuedPod } from "../framework/plugin.ts";
import type { PodInfo } from "../framework/pod-info.ts";

export class QueueEntry implements QueuedPod {
  info: PodInfo;
  readonly uid: string;
  readonly firstSeen: number;
  queued: number;
  attempts = 0;
  /** When its last try began. */
  tried = 0;
  /** Tries that did not end in a place; they make the backoff longer. */
  failures = 0;
  refusedBy: ReadonlySet<string> = new Set();
  backoffUntil = 0;
  /** How many changes the queue had heard of when its last try began. */
  heard = 0;
  /** The pod itself changed while it was tried. */
  changed = false;
  gated = false;

  constructor(info: PodInfo, now: number) {
    this.info = info;
    this.uid = info.pod.metadata.uid;
    this.firstSeen = now;
    this.queued = now;
  }

  get pod(): Pod {
    return this.info.pod;
  }
}
