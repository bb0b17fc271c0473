/**
 * Keeps pods that have a name and a place: made, updated and ended one after the other.
 * Owns: pods, claims and revisions of its set. Watches: StatefulSets, their pods, claims, revisions.
 * Holds: a pod's name is its identity, so a copy that races makes none twice; one is ended only by its uid.
 */
import { controllerrevisions, persistentvolumeclaims, pods, statefulsets } from "@kubets/api/generated/refs";
import type { ControllerRevision, StatefulSet } from "@kubets/api/generated/types/apps-v1";
import type { Pod } from "@kubets/api/generated/types/core-v1";
import { isTerminating } from "@kubets/api/pod/state";
import {
  type Controller,
  type ControllerContext,
  claimObjects,
  on,
  onOwned,
  type Requeue,
  reads,
} from "@kubets/client";
import { isReason, labelSelectorOf } from "@kubets/machinery";
import { errorText, isNamespaceTerminating } from "../error-text.ts";
import { keyIn } from "../keys.ts";
import { onAdoptable, ownedAndOrphans } from "../owned-objects.ts";
import { untilAvailable } from "../replicas/status.ts";
import { currentRevision, forgetOld } from "../revisions/history.ts";
import { writeStatus } from "../write-status.ts";
import { ensureClaims, keepOwners } from "./claims.ts";
import { identityMatches, newPod, ordinalOf, POD_INDEX, POD_NAME, podName, revisionOf } from "./identity.ts";
import { arrange, planSteps, type Step } from "./plan.ts";
import { setStatus } from "./status.ts";

const HASH = "controller.kubernetes.io/hash";
const selectorOf = ({ spec }: StatefulSet) => labelSelectorOf(spec.selector);

export function statefulSets(): Controller {
  /** What was written and not seen yet: a pod's name, and its uid when it is to go, or none when it is to come. */
  const written = new Map<string, Map<string, { uid: string; gone: boolean }>>();

  async function reconcile(key: string, base: ControllerContext): Promise<Requeue | void> {
    const context = { ...base, events: base.events.as("statefulset-controller") };
    const { cache, client, clock } = context;
    const set = cache.get(statefulsets, key);
    if (!set) {
      written.delete(key);
      return undefined;
    }
    const selector = selectorOf(set);
    const own = await claimObjects({
      client,
      owner: set,
      ownerRef: statefulsets,
      objects: ownedAndOrphans(cache, pods, set),
      ref: pods,
      matches: (pod) => selector.matches(pod.metadata.labels) && ordinalOf(pod, set) !== undefined,
    });
    const known = ownedAndOrphans(cache, controllerrevisions, set).filter(
      ({ metadata }) =>
        selector.matches(metadata.labels) && metadata.ownerReferences?.some(({ uid }) => uid === set.metadata.uid),
    );
    const labels = set.spec.template.metadata?.labels ?? {};
    const update = await currentRevision(client, known, {
      owner: set,
      template: set.spec.template,
      collisions: set.status.collisionCount ?? 0,
      labels,
      hashLabel: HASH,
    });
    const current =
      [...known, update.revision].find(({ metadata }) => metadata.name === set.status.currentRevision) ??
      update.revision;
    const revisions = { currentRevision: current.metadata.name, updateRevision: update.revision.metadata.name };
    const now = clock.now();
    const input = { set, pods: own, ...revisions, now };

    let error: unknown;
    if (!set.metadata.deletionTimestamp && isSeen(key, context)) {
      try {
        await keepIdentities(input.set, own, context);
        for (const step of planSteps(input))
          await carryOut(key, step, set, { current, update: update.revision }, context);
      } catch (caught) {
        error = caught;
      }
    }
    await writeStatus(client, statefulsets, set, setStatus({ ...input, collisions: update.collisions }));
    await forgetOld(client, known, set.spec.revisionHistoryLimit ?? 10, isLiveIn(own, revisions));
    if (error) throw error;
    const wait = untilAvailable(own, set.spec.minReadySeconds ?? 0, now);
    return wait === undefined ? undefined : { requeueAfterMs: wait };
  }

  /** Whether the cache shows what was written. */
  function isSeen(key: string, { cache }: ControllerContext): boolean {
    const waiting = written.get(key);
    const namespace = key.slice(0, key.indexOf("/"));
    for (const [name, { uid, gone }] of waiting ?? []) {
      const pod = cache.get(pods, `${namespace}/${name}`);
      const seen = gone ? pod?.metadata.uid !== uid || isTerminating(pod) : pod?.metadata.uid === uid;
      if (seen) waiting?.delete(name);
    }
    return !waiting?.size;
  }

  function wrote(key: string, { metadata: { name, uid } }: Pod, gone: boolean): void {
    const waiting = written.get(key) ?? new Map();
    written.set(key, waiting.set(name, { uid, gone }));
  }

  async function carryOut(
    key: string,
    step: Step,
    set: StatefulSet,
    revisions: { current: ControllerRevision; update: ControllerRevision },
    context: ControllerContext,
  ): Promise<void> {
    const { events, client, log } = context;
    if (step.kind === "create") {
      await ensureClaims(set, step.ordinal, context);
      const name = podName(set, step.ordinal);
      try {
        const made = await client.create(pods, newPod(set, revisions[step.revision], step.ordinal));
        wrote(key, made, false);
        events.event(
          set,
          "Normal",
          "SuccessfulCreate",
          `Create Pod ${name} in StatefulSet ${set.metadata.name} successful`,
        );
      } catch (error) {
        if (isNamespaceTerminating(error)) return;
        // Somebody else's pod has the name: it is waited for, and told by nobody.
        if (isReason(error, "AlreadyExists")) throw error;
        events.event(
          set,
          "Warning",
          "FailedCreate",
          `Create Pod ${name} in StatefulSet ${set.metadata.name} failed error: ${errorText(error)}`,
        );
        throw error;
      }
      return;
    }
    const { pod } = step;
    if (step.kind === "replace")
      events.event(
        set,
        "Warning",
        pod.status.phase === "Failed" ? "RecreatingFailedPod" : "RecreatingTerminatedPod",
        `StatefulSet ${set.metadata.namespace}/${set.metadata.name} is recreating ${pod.status.phase === "Failed" ? "failed" : "terminated"} Pod ${pod.metadata.name}`,
      );
    log.debug("a pod is ended", { pod: pod.metadata.name, why: step.kind });
    try {
      await client.delete(pods, keyIn(pod), { preconditions: { uid: pod.metadata.uid } });
      wrote(key, pod, true);
      events.event(
        set,
        "Normal",
        "SuccessfulDelete",
        `Delete Pod ${pod.metadata.name} in StatefulSet ${set.metadata.name} successful`,
      );
    } catch (error) {
      if (isReason(error, "NotFound") || isReason(error, "Conflict")) return;
      events.event(
        set,
        "Warning",
        "FailedDelete",
        `Delete Pod ${pod.metadata.name} in StatefulSet ${set.metadata.name} failed error: ${errorText(error)}`,
      );
      throw error;
    }
  }

  return {
    name: "statefulset",
    watches: [
      on(statefulsets),
      onAdoptable(pods, statefulsets, selectorOf),
      onOwned(controllerrevisions, statefulsets),
      reads(persistentvolumeclaims),
    ],
    reconcile,
  };
}

/** Pods that were adopted or relabelled get back the marks of their number; claims the owners that the policy says. */
async function keepIdentities(set: StatefulSet, own: readonly Pod[], context: ControllerContext): Promise<void> {
  const { replicas, condemned } = arrange(set, own);
  for (const pod of [...replicas, ...condemned]) {
    const ordinal = pod && ordinalOf(pod, set);
    if (!pod || ordinal === undefined) continue;
    await keepOwners(set, ordinal, pod, context);
    if (identityMatches(pod, set) || isTerminating(pod)) continue;
    const labels = { [POD_NAME]: pod.metadata.name, [POD_INDEX]: String(ordinal) };
    await context.client.patch(pods, keyIn(pod), {
      type: "strategic",
      body: { metadata: { uid: pod.metadata.uid, labels } },
    });
  }
}

const isLiveIn = (
  own: readonly Pod[],
  { currentRevision: current, updateRevision: update }: { currentRevision: string; updateRevision: string },
) => {
  const used = new Set([current, update, ...own.map(revisionOf)]);
  return ({ metadata }: ControllerRevision) => used.has(metadata.name);
};
