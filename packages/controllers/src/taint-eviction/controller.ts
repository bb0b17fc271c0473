/**
 * Ends pods on nodes that bear a NoExecute taint which they do not tolerate, or no longer.
 * Watches: pods, nodes. Holds: a pod's time runs on the monotonic clock from when the taint was first seen, so a machine that slept
 * evicts nobody for it; a taint that goes in time stops it.
 */
import { nodes, pods } from "@kubets/api/generated/refs";
import type { Pod } from "@kubets/api/generated/types/core-v1";
import { type Controller, type ControllerContext, keyOf, on, onRelated, type Requeue } from "@kubets/client";
import { deepEqual } from "@kubets/machinery";
import { unlessGone } from "../error-text.ts";
import { keyIn } from "../keys.ts";
import { podsOnNode } from "../pods/by-node.ts";
import { disruptionTarget, markDisrupted } from "../pods/disruption-target.ts";
import { mayStay, noExecuteTaints } from "./plan.ts";

export function taintEviction(): Controller {
  /** Pods whose time runs: since when. */
  const waiting = new Map<string, { uid: string; since: number }>();

  async function reconcile(key: string, context: ControllerContext): Promise<Requeue | void> {
    const { cache, clock, events } = context;
    const pod = cache.get(pods, key);
    const node = pod?.spec.nodeName ? cache.get(nodes, pod.spec.nodeName) : undefined;
    const stay = pod && node && !pod.metadata.deletionTimestamp ? mayStay(pod, noExecuteTaints(node)) : undefined;
    const before = waiting.get(key);
    if (!pod || stay === undefined) {
      waiting.delete(key);
      if (before && pod && !pod.metadata.deletionTimestamp)
        events
          .as("taint-eviction-controller")
          .event(pod, "Normal", "TaintManagerEviction", `Cancelling deletion of Pod ${key}`);
      return undefined;
    }
    const since = before?.uid === pod.metadata.uid ? before.since : clock.monotonic();
    const left = since + stay - clock.monotonic();
    if (left > 0) {
      waiting.set(key, { uid: pod.metadata.uid, since });
      return { requeueAfterMs: left };
    }
    await evict(pod, context);
    waiting.delete(key);
    return undefined;
  }

  return {
    name: "taint-eviction",
    workers: 8,
    watches: [
      on(pods),
      onRelated(nodes, (node, old, { cache }) =>
        old && deepEqual(noExecuteTaints(node), noExecuteTaints(old))
          ? []
          : podsOnNode(cache, node.metadata.name).map(keyOf),
      ),
    ],
    reconcile,
  };
}

async function evict(pod: Pod, { client, clock, events }: ControllerContext): Promise<void> {
  events
    .as("taint-eviction-controller")
    .event(pod, "Normal", "TaintManagerEviction", `Marking for deletion Pod ${keyOf(pod)}`);
  const condition = disruptionTarget(
    "DeletionByTaintManager",
    "Taint manager: deleting due to NoExecute taint",
    clock.now(),
  );
  if (!(await unlessGone(markDisrupted(client, pod, condition)))) return;
  await unlessGone(client.delete(pods, keyIn(pod), { preconditions: { uid: pod.metadata.uid } }));
}
