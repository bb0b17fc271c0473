/**
 * When each node was last heard of, by its status or its lease.
 * Holds: times are of this process's own monotonic clock: clocks of nodes may be wrong, and a machine that slept has heard of nobody and
 * blames nobody for it.
 */
import type { Lease } from "@kubets/api/generated/types/coordination-v1";
import type { Node } from "@kubets/api/generated/types/core-v1";
import { readyOf } from "./plan.ts";

interface Heard {
  readonly uid: string;
  at: number;
  heartbeat: string | undefined;
  transition: string | undefined;
  renewed: string | undefined;
}

export class Heartbeats {
  readonly #heard = new Map<string, Heard>();

  /** Looks at a node and its lease; tells how long it has been silent. */
  silentFor(node: Node, lease: Lease | undefined, now: number): number {
    const ready = readyOf(node);
    const heartbeat = ready?.lastHeartbeatTime ?? undefined;
    const transition = ready?.lastTransitionTime ?? undefined;
    const renewed = lease?.spec?.renewTime ?? undefined;
    const { name, uid } = node.metadata;
    const known = this.#heard.get(name);
    if (!known || known.uid !== uid) {
      this.#heard.set(name, { uid, at: now, heartbeat, transition, renewed });
      return 0;
    }
    // What we wrote ourselves (Unknown) moves the transition and not the heartbeat.
    if (known.heartbeat !== heartbeat || known.renewed !== renewed) known.at = now;
    Object.assign(known, { heartbeat, transition, renewed });
    return now - known.at;
  }

  /** As if all had been heard of now: after a time in which nobody could be. */
  resetAll(now: number): void {
    for (const heard of this.#heard.values()) heard.at = now;
  }

  keepOnly(names: ReadonlySet<string>): void {
    for (const name of this.#heard.keys()) if (!names.has(name)) this.#heard.delete(name);
  }
}
