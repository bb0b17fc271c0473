/**
 * The ReplicaSet of the template as it is now: found, brought up to date, or made.
 * Holds: its name follows from the template, so that two copies of the controller make one and not two; a name that another ReplicaSet
 * has taken counts as a collision, is remembered in the status, and changes the hash.
 */
import { deployments, replicasets } from "@kubets/api/generated/refs";
import type { Deployment, DeploymentCondition, ReplicaSet } from "@kubets/api/generated/types/apps-v1";
import { type ControllerContext, controllerReference, isControlledBy } from "@kubets/client";
import { deepEqual, isReason } from "@kubets/machinery";
import { valueHash } from "@kubets/machinery/hash";
import { conditionOf, withCondition } from "../conditions.ts";
import { errorText, isNamespaceTerminating } from "../error-text.ts";
import { sameTemplate, TEMPLATE_HASH } from "../template-equality.ts";
import { annotationsOfNew, maxRevision, REVISION, revisionOf } from "./annotations.ts";
import { findNew, newSize, othersThan } from "./replica-counts.ts";
import { condition, hasDeadline } from "./status.ts";

export interface Sets {
  /** The Deployment as it is in the server now. */
  readonly deployment: Deployment;
  readonly current: ReplicaSet | undefined;
  readonly old: readonly ReplicaSet[];
}

export async function currentSets(
  deployment: Deployment,
  sets: readonly ReplicaSet[],
  context: ControllerContext,
  make: boolean,
): Promise<Sets> {
  const found = findNew(deployment, sets);
  const old = othersThan(found, sets);
  const revision = maxRevision(old) + 1;
  if (found) return refresh(deployment, found, old, revision, context);
  if (!make) return { deployment, current: undefined, old };
  const { made, existed } = await makeSet(deployment, old, revision, context);
  const progress =
    !existed && hasDeadline(deployment)
      ? condition(
          "Progressing",
          "True",
          "NewReplicaSetCreated",
          `Created new replica set "${made.metadata.name}"`,
          context.clock.now(),
        )
      : undefined;
  return { deployment: await tellRevision(deployment, made, progress, context.client), current: made, old };
}

async function refresh(
  deployment: Deployment,
  found: ReplicaSet,
  old: readonly ReplicaSet[],
  revision: number,
  { client, clock }: ControllerContext,
): Promise<Sets> {
  const annotations = annotationsOfNew(deployment, found.metadata.annotations, revision, false);
  const { minReadySeconds } = deployment.spec;
  let current = found;
  if (
    !deepEqual(annotations, found.metadata.annotations ?? {}) ||
    (found.spec.minReadySeconds ?? 0) !== (minReadySeconds ?? 0)
  ) {
    const metadata = { ...found.metadata, annotations };
    current = await client.update(replicasets, { ...found, metadata, spec: { ...found.spec, minReadySeconds } });
  }
  const progress =
    hasDeadline(deployment) && !conditionOf(deployment.status.conditions, "Progressing")
      ? condition(
          "Progressing",
          "True",
          "FoundNewReplicaSet",
          `Found new replica set "${found.metadata.name}"`,
          clock.now(),
        )
      : undefined;
  return { deployment: await tellRevision(deployment, current, progress, client), current, old };
}

async function makeSet(
  deployment: Deployment,
  old: readonly ReplicaSet[],
  revision: number,
  context: ControllerContext,
) {
  const { client, events } = context;
  const set = newSet(deployment, old, revision);
  try {
    const made = await client.create(replicasets, set);
    const size = set.spec.replicas;
    if (size > 0)
      events.event(
        deployment,
        "Normal",
        "ScalingReplicaSet",
        `Scaled up replica set ${made.metadata.name} from 0 to ${size}`,
      );
    return { made, existed: false };
  } catch (error) {
    if (isReason(error, "AlreadyExists"))
      return { made: await existing(deployment, set.metadata.name, error, client), existed: true };
    if (!isNamespaceTerminating(error)) await tellFailure(deployment, set.metadata.name, error, context);
    throw error;
  }
}

function newSet(deployment: Deployment, old: readonly ReplicaSet[], revision: number) {
  const { spec, metadata, status } = deployment;
  const hash = valueHash(spec.template, status.collisionCount);
  const labels = { ...spec.template.metadata?.labels, [TEMPLATE_HASH]: hash };
  return {
    metadata: {
      name: `${metadata.name}-${hash}`,
      namespace: metadata.namespace,
      labels,
      annotations: annotationsOfNew(deployment, undefined, revision, true),
      ownerReferences: [controllerReference(deployment)],
    },
    spec: {
      replicas: newSize(deployment, old, 0),
      minReadySeconds: spec.minReadySeconds,
      selector: { ...spec.selector, matchLabels: { ...spec.selector.matchLabels, [TEMPLATE_HASH]: hash } },
      template: { ...spec.template, metadata: { ...spec.template.metadata, labels } },
    },
  };
}

/** One of ours that the cache did not know yet; else the name is taken, and the next try takes another. */
async function existing(
  deployment: Deployment,
  name: string,
  error: unknown,
  client: ControllerContext["client"],
): Promise<ReplicaSet> {
  const found = await client.get(replicasets, { namespace: deployment.metadata.namespace, name });
  if (
    isControlledBy(found, deployment) &&
    found.spec.template &&
    sameTemplate(found.spec.template, deployment.spec.template)
  )
    return found;
  const status = { ...deployment.status, collisionCount: (deployment.status.collisionCount ?? 0) + 1 };
  await client.update(deployments, { ...deployment, status }, { subresource: "status" });
  throw error;
}

async function tellFailure(
  deployment: Deployment,
  name: string,
  error: unknown,
  { client, events, clock }: ControllerContext,
) {
  const message = `Failed to create new replica set "${name}": ${errorText(error)}`;
  events.event(deployment, "Warning", "FailedCreate", message);
  if (!hasDeadline(deployment)) return;
  const conditions = withCondition(
    deployment.status.conditions,
    condition("Progressing", "False", "FailedCreate", message, clock.now()),
  );
  if (conditions !== deployment.status.conditions)
    await client.update(
      deployments,
      { ...deployment, status: { ...deployment.status, conditions } },
      { subresource: "status" },
    );
}

/** The Deployment carries the revision of its ReplicaSet. An update of the status may change annotations, but not the spec. */
async function tellRevision(
  deployment: Deployment,
  current: ReplicaSet,
  progress: DeploymentCondition | undefined,
  client: ControllerContext["client"],
): Promise<Deployment> {
  const revision = String(revisionOf(current));
  const same = deployment.metadata.annotations?.[REVISION] === revision;
  if (same && !progress) return deployment;
  const metadata = {
    ...deployment.metadata,
    annotations: { ...deployment.metadata.annotations, [REVISION]: revision },
  };
  const status = progress
    ? { ...deployment.status, conditions: withCondition(deployment.status.conditions, progress) }
    : deployment.status;
  return client.update(deployments, { ...deployment, metadata, status }, { subresource: "status" });
}
