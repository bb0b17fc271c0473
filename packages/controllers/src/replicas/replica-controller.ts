/**
 * Keeps as many pods as a ReplicaSet or a ReplicationController asks for.
 * Owns: pods whose controller it is. Watches: the owners, their pods.
 * Holds: never counts on a write it has not seen come back; the status is written last, with what the pods were before the plan.
 */
import { pods } from "@kubets/api/generated/refs";
import type { Pod } from "@kubets/api/generated/types/core-v1";
import { isActive, isFinished, isTerminating } from "@kubets/api/pod/state";
import {
  type Controller,
  type ControllerContext,
  claimObjects,
  controllerOf,
  isControlledBy,
  on,
  type Requeue,
} from "@kubets/client";
import { errorText, isNamespaceTerminating } from "../error-text.ts";
import { onAdoptable, ownedAndOrphans } from "../owned-objects.ts";
import { ExpectedPods } from "../pods/expected-pods.ts";
import { createPod, deletePod, inDoublingBatches } from "../pods/pod-control.ts";
import { podFromTemplate } from "../pods/pod-from-template.ts";
import { writeStatus } from "../write-status.ts";
import { planReplicas, type ReplicaPlan } from "./plan.ts";
import type { ReplicaKind, ReplicaOwner } from "./replica-owner.ts";
import { type ReplicaFailure, replicaStatus, untilAvailable } from "./status.ts";

export function replicaController<O extends ReplicaOwner>(kind: ReplicaKind<O>): Controller {
  let expected: ExpectedPods;
  const uids = new Map<string, string>();

  async function reconcile(key: string, base: ControllerContext): Promise<Requeue | void> {
    const context = { ...base, events: base.events.as(kind.component) };
    const { cache, client, clock } = context;
    const owner = cache.get(kind.ref, key);
    if (!owner) return forget(key);
    const { uid, deletionTimestamp } = owner.metadata;
    uids.set(key, uid);

    const selector = kind.selectorOf(owner);
    const mayAct = expected.satisfied(uid);
    const all = ownedAndOrphans(cache, pods, owner);
    const matches = (pod: Pod) => selector.matches(pod.metadata.labels);
    const active = await claimObjects({
      client,
      owner,
      ownerRef: kind.ref,
      objects: all.filter(isActive),
      ref: pods,
      matches,
    } as Parameters<typeof claimObjects<O, Pod>>[0]);
    const terminating = all.filter(
      (pod) => isTerminating(pod) && !isFinished(pod) && isControlledBy(pod, owner) && matches(pod),
    ).length;

    let failed: { failure: ReplicaFailure; error: unknown } | undefined;
    if (mayAct && deletionTimestamp === undefined) {
      const plan = planReplicas(owner.spec.replicas ?? 1, active, () => related(context, owner), clock.now());
      failed = await carryOut(plan, owner, context);
    }
    const now = clock.now();
    const status = replicaStatus({
      owner,
      active,
      ...(kind.countsTerminating && { terminating }),
      ...(failed && { failure: failed.failure }),
      now,
    });
    await writeStatus(client, kind.ref, owner, status as O["status"]);
    if (failed) throw failed.error;
    const wait = untilAvailable(active, owner.spec.minReadySeconds ?? 0, now);
    return wait === undefined ? undefined : { requeueAfterMs: wait };
  }

  function forget(key: string): void {
    const uid = uids.get(key);
    if (uid) expected.forget(uid);
    uids.delete(key);
  }

  async function carryOut({ create, remove }: ReplicaPlan, owner: O, context: ControllerContext) {
    const { uid } = owner.metadata;
    if (create > 0) {
      expected.expectCreations(uid, create);
      const { skipped, error } = await inDoublingBatches(create, () =>
        createPod(
          context,
          owner,
          podFromTemplate(owner.spec.template as NonNullable<typeof owner.spec.template>, owner),
        ).catch((refused: unknown) => {
          expected.notCreated(uid);
          if (!isNamespaceTerminating(refused)) throw refused;
        }),
      );
      for (let i = 0; i < skipped; i++) expected.notCreated(uid);
      if (error) return { error, failure: { reason: "FailedCreate" as const, message: errorText(error) } };
    } else if (remove.length > 0) {
      expected.expectDeletions(uid, remove);
      const results = await Promise.allSettled(remove.map((pod) => remover(pod, owner, context)));
      const refused = results.find((result) => result.status === "rejected");
      if (refused)
        return {
          error: refused.reason as unknown,
          failure: { reason: "FailedDelete" as const, message: errorText(refused.reason) },
        };
    }
    return undefined;
  }

  async function remover(pod: Pod, owner: O, context: ControllerContext): Promise<void> {
    try {
      if (!(await deletePod(context, owner, pod))) expected.notDeleted(owner.metadata.uid, pod);
    } catch (error) {
      expected.notDeleted(owner.metadata.uid, pod);
      throw error;
    }
  }

  /** The pods of all owners of this kind that have the same controller: of a Deployment's old and new ReplicaSets. */
  function related({ cache }: ControllerContext, owner: O): Pod[] {
    const above = controllerOf(owner);
    const siblings = above
      ? cache.list(kind.ref, owner.metadata.namespace).filter((each) => controllerOf(each)?.uid === above.uid)
      : [owner];
    return siblings.flatMap((each) => [...cache.owned(pods, each)]);
  }

  return {
    name: kind.name,
    watches: [on(kind.ref), onAdoptable(pods, kind.ref, kind.selectorOf)],
    start(context) {
      expected = new ExpectedPods(context);
    },
    reconcile,
  };
}
