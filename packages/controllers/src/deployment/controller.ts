/**
 * Rolls pods from one template to the next, by sizing a ReplicaSet for each.
 * Owns: ReplicaSets whose controller it is. Watches: Deployments, their ReplicaSets, and pods, whose going lets a recreation continue.
 * Holds: every step is decided anew from what is there; a crash between two writes leaves a state from which the next step follows.
 */
import { deployments, pods, replicasets } from "@kubets/api/generated/refs";
import type { Deployment, ReplicaSet } from "@kubets/api/generated/types/apps-v1";
import { isFinished } from "@kubets/api/pod/state";
import {
  type Controller,
  type ControllerContext,
  claimObjects,
  controllerOf,
  on,
  onRelated,
  type Requeue,
  refersTo,
} from "@kubets/client";
import { labelSelectorOf } from "@kubets/machinery";
import { allOf, unlessGone } from "../error-text.ts";
import { keyIn } from "../keys.ts";
import { onAdoptable, ownedAndOrphans } from "../owned-objects.ts";
import { writeStatus } from "../write-status.ts";
import { sizes, sizesDiffer } from "./annotations.ts";
import { currentSets, type Sets } from "./new-replica-set.ts";
import { pastHistory, rollingStep, type Sizing, scaled, shrinkAll, wasScaled } from "./plan.ts";
import { findNew, isRolling, othersThan, wantedOf } from "./replica-counts.ts";
import { asksForRollback, rollBack } from "./rollback.ts";
import { deploymentStatus, isComplete, pauseConditions, rolloutStatus, untilLate } from "./status.ts";

const selectorOf = ({ spec }: Deployment) => labelSelectorOf(spec.selector);

export const deploymentController = (): Controller => ({
  name: "deployment",
  watches: [
    on(deployments),
    onAdoptable(replicasets, deployments, selectorOf),
    onRelated(pods, (pod, old, context) => ofRecreated(pod, old, context)),
  ],
  reconcile,
});

/** A pod that has ended or gone may be the last that a recreation waits for. */
function ofRecreated(
  pod: { metadata: { namespace: string } } & Parameters<typeof controllerOf>[0],
  old: unknown,
  { cache }: ControllerContext,
): readonly string[] {
  if (old) return [];
  const set = controllerOf(pod);
  if (!set || !refersTo(set, replicasets)) return [];
  const owner = cache.get(replicasets, `${pod.metadata.namespace}/${set.name}`);
  const reference = owner && controllerOf(owner);
  const deployment = reference && cache.get(deployments, `${pod.metadata.namespace}/${reference.name}`);
  return deployment && !isRolling(deployment) ? [`${pod.metadata.namespace}/${deployment.metadata.name}`] : [];
}

async function reconcile(key: string, base: ControllerContext): Promise<Requeue | void> {
  const { cache, client, clock } = base;
  const deployment = cache.get(deployments, key);
  if (!deployment) return;
  const context = { ...base, events: base.events.as("deployment-controller") };
  const selector = selectorOf(deployment);
  if (selector.isEmpty()) {
    context.events.event(
      deployment,
      "Warning",
      "SelectingAll",
      "This deployment is selecting all pods. A non-empty selector is required.",
    );
    if ((deployment.status.observedGeneration ?? 0) < (deployment.metadata.generation ?? 0))
      await writeStatus(client, deployments, deployment, {
        ...deployment.status,
        observedGeneration: deployment.metadata.generation,
      });
    return;
  }
  const sets = await claimObjects({
    client,
    owner: deployment,
    ownerRef: deployments,
    objects: ownedAndOrphans(cache, replicasets, deployment),
    ref: replicasets,
    matches: ({ metadata }) => selector.matches(metadata.labels),
  });
  if (deployment.metadata.deletionTimestamp) return settle({ deployment, ...split(deployment, sets) }, context);

  const conditions = pauseConditions(deployment, clock.now());
  const noted = conditions
    ? ((await writeStatus(client, deployments, deployment, { ...deployment.status, conditions })) ?? deployment)
    : deployment;
  if (noted.spec.paused) return scale(noted, sets, context);
  if (asksForRollback(noted)) return rollBack(noted, sets, context);
  if (wasScaled(noted, sets)) return scale(noted, sets, context);
  return isRolling(noted) ? roll(noted, sets, context) : recreate(noted, sets, context);
}

function split(
  deployment: Deployment,
  sets: readonly ReplicaSet[],
): { current: ReplicaSet | undefined; old: ReplicaSet[] } {
  const current = findNew(deployment, sets);
  return { current, old: othersThan(current, sets) };
}

async function roll(
  deployment: Deployment,
  sets: readonly ReplicaSet[],
  context: ControllerContext,
): Promise<Requeue | void> {
  const known = await currentSets(deployment, sets, context, true);
  if (!known.current) return;
  const step = rollingStep(known.deployment, known.current, known.old);
  const sized = await carryOut(step, known, context);
  if (step.length === 0) await forgetPast(sized, context);
  return settleRollout(sized, context);
}

async function recreate(
  deployment: Deployment,
  sets: readonly ReplicaSet[],
  context: ControllerContext,
): Promise<Requeue | void> {
  const known = await currentSets(deployment, sets, context, false);
  const step = shrinkAll(known.old);
  if (step.length > 0) return settleRollout(await carryOut(step, known, context), context);
  if (known.old.some((set) => stillRuns(set, context))) return settleRollout(known, context);
  const made = known.current ? known : await currentSets(known.deployment, sets, context, true);
  const up =
    made.current && wantedOf(made.current) !== wantedOf(deployment)
      ? [{ set: made.current, replicas: wantedOf(deployment) }]
      : [];
  const sized = await carryOut(up, made, context);
  if (up.length === 0) await forgetPast(sized, context);
  return settleRollout(sized, context);
}

const stillRuns = (set: ReplicaSet, { cache }: ControllerContext): boolean =>
  cache.owned(pods, set).some((pod) => !isFinished(pod));

/** Paused, or scaled in the middle of something: sizes change, templates do not. */
async function scale(deployment: Deployment, sets: readonly ReplicaSet[], context: ControllerContext): Promise<void> {
  const known = await currentSets(deployment, sets, context, false);
  const sized = await carryOut(scaled(known.deployment, known.current, known.old), known, context);
  if (deployment.spec.paused && !asksForRollback(deployment)) await forgetOld(sized, context);
  return settle(sized, context);
}

/** Sizes the ReplicaSets; what comes back is how they are afterwards. */
async function carryOut(sizings: readonly Sizing[], known: Sets, context: ControllerContext): Promise<Sets> {
  let { current, old } = known;
  for (const sizing of sizings) {
    const updated = await resize(known.deployment, sizing, context);
    if (sizing.set === current) current = updated;
    else old = old.map((set) => (set === sizing.set ? updated : set));
  }
  return { ...known, current, old };
}

async function resize(
  deployment: Deployment,
  { set, replicas }: Sizing,
  { client, events }: ControllerContext,
): Promise<ReplicaSet> {
  const before = wantedOf(set);
  if (before === replicas && !sizesDiffer(deployment, set)) return set;
  const metadata = { ...set.metadata, annotations: { ...set.metadata.annotations, ...sizes(deployment) } };
  const updated = await client.update(replicasets, { ...set, metadata, spec: { ...set.spec, replicas } });
  if (before !== replicas) {
    const direction = before < replicas ? "up" : "down";
    events.event(
      deployment,
      "Normal",
      "ScalingReplicaSet",
      `Scaled ${direction} replica set ${set.metadata.name} from ${before} to ${replicas}`,
    );
  }
  return updated;
}

async function forgetPast(known: Sets, context: ControllerContext): Promise<void> {
  if (isComplete(known.deployment, known.deployment.status)) await forgetOld(known, context);
}

async function forgetOld({ deployment, old }: Sets, { client }: ControllerContext): Promise<void> {
  await allOf(pastHistory(deployment, old).map((set) => unlessGone(client.delete(replicasets, keyIn(set)))));
}

const allSets = ({ current, old }: Sets): ReplicaSet[] => [...old, ...(current ? [current] : [])];

async function settle(known: Sets, { client, clock }: ControllerContext): Promise<void> {
  const { deployment, current } = known;
  await writeStatus(
    client,
    deployments,
    deployment,
    deploymentStatus(deployment, current, allSets(known), clock.now()),
  );
}

async function settleRollout(known: Sets, { client, clock }: ControllerContext): Promise<Requeue | void> {
  const { deployment, current } = known;
  const now = clock.now();
  const status = rolloutStatus(deployment, current, allSets(known), now);
  if (await writeStatus(client, deployments, deployment, status)) return undefined;
  const wait = untilLate(deployment, status, now);
  return wait === undefined ? undefined : { requeueAfterMs: wait };
}
