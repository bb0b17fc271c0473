/**
 * Removes pods that nobody else will: every twenty seconds it looks at all of them.
 * Watches: pods, nodes. Holds: a node counts as gone only after it was missing for forty seconds and the server says so.
 */
import { nodes, pods } from "@kubets/api/generated/refs";
import type { Pod } from "@kubets/api/generated/types/core-v1";
import { type Controller, type ControllerContext, type Requeue, reads } from "@kubets/client";
import { isReason } from "@kubets/machinery";
import { allOf, unlessGone } from "../error-text.ts";
import { keyIn } from "../keys.ts";
import { disruptionTarget, markDisrupted } from "../pods/disruption-target.ts";
import { planCleanup } from "./plan.ts";

const PERIOD_MS = 20_000;
const QUARANTINE_MS = 40_000;
const ALL = "all";

interface PodGcOptions {
  /** --terminated-pod-gc-threshold; 0 keeps all. */
  readonly terminatedPodGcThreshold: number;
}

export function podGarbageCollector({ terminatedPodGcThreshold }: PodGcOptions): Controller {
  /** Nodes that pods name and that are missing, since when. */
  const missing = new Map<string, number>();

  async function reconcile(_: string, context: ControllerContext): Promise<Requeue> {
    const { cache } = context;
    const known = new Map(cache.list(nodes).map((node) => [node.metadata.name, node]));
    const { terminated, outOfService, unscheduled, orphaned } = planCleanup(
      cache.list(pods),
      known,
      terminatedPodGcThreshold,
    );
    const gone = await goneNodes(orphaned, context);
    await allOf([
      ...terminated.map((pod) => end(pod, context)),
      ...outOfService.map((pod) => end(pod, context, "DeletionByPodGC", "PodGC: node no longer exists")),
      ...unscheduled.map((pod) => end(pod, context)),
      ...orphaned
        .filter(({ spec }) => gone.has(spec.nodeName ?? ""))
        .map((pod) => end(pod, context, "DeletionByPodGC", "PodGC: node no longer exists")),
    ]);
    return { requeueAfterMs: PERIOD_MS };
  }

  async function goneNodes(orphaned: readonly Pod[], { client, clock }: ControllerContext): Promise<Set<string>> {
    const names = new Set(orphaned.map(({ spec }) => spec.nodeName ?? ""));
    for (const name of missing.keys()) if (!names.has(name)) missing.delete(name);
    const gone = new Set<string>();
    for (const name of names) {
      const since = missing.get(name) ?? clock.monotonic();
      missing.set(name, since);
      if (clock.monotonic() - since < QUARANTINE_MS) continue;
      const found = await client.get(nodes, { name }).catch((error: unknown) => {
        if (isReason(error, "NotFound")) return undefined;
        throw error;
      });
      if (!found) gone.add(name);
    }
    return gone;
  }

  return {
    name: "pod-garbage-collector",
    workers: 1,
    watches: [reads(pods), reads(nodes)],
    start: ({ enqueue }) => enqueue(ALL, PERIOD_MS),
    reconcile,
  };
}

/** As failed, if it has not ended; then at once. */
async function end(pod: Pod, { client, clock }: ControllerContext, reason?: string, message?: string): Promise<void> {
  const { phase } = pod.status;
  if (phase !== "Succeeded" && phase !== "Failed") {
    const conditions = reason && message ? disruptionTarget(reason, message, clock.now()) : undefined;
    if (conditions) await unlessGone(markDisrupted(client, pod, conditions, { phase: "Failed" }));
    else
      await unlessGone(
        client.patch(
          pods,
          keyIn(pod),
          { type: "merge", body: { metadata: { uid: pod.metadata.uid }, status: { phase: "Failed" } } },
          { subresource: "status" },
        ),
      );
  }
  await unlessGone(
    client.delete(pods, keyIn(pod), { gracePeriodSeconds: 0, preconditions: { uid: pod.metadata.uid } }),
  );
}
