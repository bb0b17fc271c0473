/**
 * Keeps one pod on each node that fits.
 * Owns: pods and revisions of its set. Watches: DaemonSets, their pods and revisions, nodes.
 * Holds: what was written is waited for before the next plan; a node is given no second pod but for a surge.
 */
import { controllerrevisions, daemonsets, nodes, pods } from "@kubets/api/generated/refs";
import type { ControllerRevision, DaemonSet } from "@kubets/api/generated/types/apps-v1";
import type { Node, Pod } from "@kubets/api/generated/types/core-v1";
import {
  type Controller,
  type ControllerContext,
  claimObjects,
  keyOf,
  on,
  onOwned,
  onRelated,
  type Requeue,
} from "@kubets/client";
import { deepEqual, labelSelectorOf } from "@kubets/machinery";
import { isNamespaceTerminating } from "../error-text.ts";
import { onAdoptable, ownedAndOrphans } from "../owned-objects.ts";
import { ExpectedPods } from "../pods/expected-pods.ts";
import { createPod, deletePod, inDoublingBatches } from "../pods/pod-control.ts";
import { untilAvailable } from "../replicas/status.ts";
import { currentRevision, forgetOld } from "../revisions/history.ts";
import { writeStatus } from "../write-status.ts";
import { daemonPod, HASH, TEMPLATE_GENERATION } from "./new-pod.ts";
import { type Fit, fitOf } from "./node-fit.ts";
import { type DaemonPlan, type PlanInput, planDaemons, planUpdate, podsByNode } from "./plan.ts";
import { daemonStatus } from "./status.ts";

const BURST = 250;
/** How long to wait before a daemon that keeps ending is made again: longer each time. */
const FAILED_BACKOFF_MS = 1000;
const MAX_FAILED_BACKOFF_MS = 15 * 60_000;

const selectorOf = ({ spec }: DaemonSet) => labelSelectorOf(spec.selector);

export function daemonSets(): Controller {
  let expected: ExpectedPods;
  const backoffs = new Map<string, { until: number; waitMs: number }>();

  async function reconcile(key: string, base: ControllerContext): Promise<Requeue | void> {
    const context = { ...base, events: base.events.as("daemonset-controller") };
    const { cache, client, clock, events } = context;
    const set = cache.get(daemonsets, key);
    if (!set) return;
    const selector = selectorOf(set);
    if (selector.isEmpty()) {
      events.event(
        set,
        "Warning",
        "SelectingAll",
        "This daemon set is selecting all pods. A non-empty selector is required.",
      );
      return;
    }
    if (set.metadata.deletionTimestamp) return;
    const known = cache.owned(controllerrevisions, set);
    const annotations = set.metadata.annotations?.[TEMPLATE_GENERATION];
    const { revision, collisions } = await currentRevision(client, known, {
      owner: set,
      template: set.spec.template,
      collisions: set.status.collisionCount ?? 0,
      labels: set.spec.template.metadata?.labels ?? {},
      hashLabel: HASH,
      ...(annotations !== undefined && { annotations: { [TEMPLATE_GENERATION]: annotations } }),
    });
    const hash = revision.metadata.labels?.[HASH] ?? "";
    const own = await claimObjects({
      client,
      owner: set,
      ownerRef: daemonsets,
      objects: ownedAndOrphans(cache, pods, set),
      ref: pods,
      matches: ({ metadata }) => selector.matches(metadata.labels),
    });
    const input = inputOf(set, own, cache.list(nodes), hash, clock.now());
    let error: unknown;
    let retryMs: number | undefined;
    if (expected.satisfied(set.metadata.uid)) {
      const { ready, waitMs } = withBackoff(set, planDaemons(input), context);
      retryMs = waitMs;
      error = await carryOut(ready, set, hash, context);
      if (!error && expected.satisfied(set.metadata.uid))
        error = await carryOut({ ...planUpdate(input), failed: [] }, set, hash, context);
    }
    await writeStatus(client, daemonsets, set, daemonStatus(input, collisions));
    await forgetOld(client, known, set.spec.revisionHistoryLimit ?? 10, isLiveIn(own, hash));
    if (error) throw error;
    const due = [retryMs, untilAvailable(own, set.spec.minReadySeconds ?? 0, clock.now())].filter(
      (ms) => ms !== undefined,
    );
    return due.length > 0 ? { requeueAfterMs: Math.min(...due) } : undefined;
  }

  /** Pods that ended by themselves are ended for good, at most once in a while. */
  function withBackoff(
    set: DaemonSet,
    plan: DaemonPlan,
    { clock, events }: ControllerContext,
  ): { ready: DaemonPlan; waitMs: number | undefined } {
    const now = clock.monotonic();
    let waitMs: number | undefined;
    const postponed = new Set<Pod>();
    for (const pod of plan.failed) {
      const key = `${set.metadata.uid}/${pod.spec.nodeName ?? ""}`;
      const known = backoffs.get(key);
      if (known && known.until > now) {
        postponed.add(pod);
        waitMs = Math.min(waitMs ?? Number.POSITIVE_INFINITY, known.until - now);
        continue;
      }
      const next =
        known && now - known.until < 2 * MAX_FAILED_BACKOFF_MS
          ? Math.min(MAX_FAILED_BACKOFF_MS, known.waitMs * 2)
          : FAILED_BACKOFF_MS;
      backoffs.set(key, { until: now + next, waitMs: next });
      const [type, reason, word] =
        pod.status.phase === "Failed"
          ? (["Warning", "FailedDaemonPod", "failed"] as const)
          : (["Normal", "SucceededDaemonPod", "succeeded"] as const);
      events.event(
        set,
        type,
        reason,
        `Found ${word} daemon pod ${keyOf(pod)} on node ${pod.spec.nodeName ?? ""}, will try to ${pod.status.phase === "Failed" ? "kill" : "delete"} it`,
      );
    }
    return { ready: { ...plan, remove: plan.remove.filter((pod) => !postponed.has(pod)) }, waitMs };
  }

  async function carryOut(
    { create, remove }: DaemonPlan,
    set: DaemonSet,
    hash: string,
    context: ControllerContext,
  ): Promise<unknown> {
    const { uid } = set.metadata;
    const [making, ending] = [create.slice(0, BURST), remove.slice(0, BURST)];
    if (making.length === 0 && ending.length === 0) return undefined;
    expected.expectBoth(uid, making.length, ending);
    const made = await inDoublingBatches(making.length, (i) =>
      createPod(context, set, daemonPod(set, hash, making[i] ?? "")).catch((error: unknown) => {
        expected.notCreated(uid);
        if (!isNamespaceTerminating(error)) throw error;
      }),
    );
    for (let i = 0; i < made.skipped; i++) expected.notCreated(uid);
    const ended = await Promise.allSettled(
      ending.map(async (pod) => {
        const gone = await deletePod(context, set, pod).catch((error: unknown) => {
          expected.notDeleted(uid, pod);
          throw error;
        });
        if (!gone) expected.notDeleted(uid, pod);
      }),
    );
    return made.error ?? ended.find((result) => result.status === "rejected")?.reason;
  }

  return {
    name: "daemonset",
    workers: 2,
    watches: [
      on(daemonsets),
      onAdoptable(pods, daemonsets, selectorOf),
      onOwned(controllerrevisions, daemonsets),
      onRelated(nodes, (node, old, { cache }) =>
        cache
          .list(daemonsets)
          .filter((set) => !old || !deepEqual(fitOf(set, node), fitOf(set, old)))
          .map(keyOf),
      ),
    ],
    start(context) {
      expected = new ExpectedPods(context);
    },
    reconcile,
  };
}

function inputOf(set: DaemonSet, own: readonly Pod[], all: readonly Node[], hash: string, now: number): PlanInput {
  const fits = new Map<string, Fit>(all.map((node) => [node.metadata.name, fitOf(set, node)]));
  return {
    set,
    nodes: all,
    fits,
    byNode: podsByNode(own),
    isUpdated: ({ metadata }) => metadata.labels?.[HASH] === hash,
    now,
  };
}

const isLiveIn = (own: readonly Pod[], hash: string) => {
  const used = new Set([hash, ...own.map(({ metadata }) => metadata.labels?.[HASH] ?? "")]);
  return ({ metadata }: ControllerRevision) => used.has(metadata.labels?.[HASH] ?? "");
};
