/** `kubectl rollout undo` of old clients: an annotation that names the revision to go back to. */
import { deployments } from "@kubets/api/generated/refs";
import type { Deployment, ReplicaSet } from "@kubets/api/generated/types/apps-v1";
import type { ControllerContext } from "@kubets/client";
import { sameTemplate, withoutHash } from "../template-equality.ts";
import { ROLLBACK_TO, revisionOf } from "./annotations.ts";

export const asksForRollback = ({ metadata }: Deployment): boolean =>
  /^-?\d+$/.test(metadata.annotations?.[ROLLBACK_TO] ?? "");

/** Puts the template of that revision in place of the present one; 0 names the one before the last. */
export async function rollBack(
  deployment: Deployment,
  sets: readonly ReplicaSet[],
  { client, events }: ControllerContext,
): Promise<void> {
  const asked = Number(deployment.metadata.annotations?.[ROLLBACK_TO]);
  const revision = asked === 0 ? lastBut(sets) : asked;
  const set = revision === undefined ? undefined : sets.find((each) => revisionOf(each) === revision);
  const { [ROLLBACK_TO]: _, ...annotations } = deployment.metadata.annotations ?? {};
  const cleared = { ...deployment, metadata: { ...deployment.metadata, annotations } };
  if (!set?.spec.template) {
    const text = asked === 0 ? "Unable to find last revision." : "Unable to find the revision to rollback to.";
    events.event(deployment, "Warning", "DeploymentRollbackRevisionNotFound", text);
    await client.update(deployments, cleared);
  } else if (sameTemplate(set.spec.template, deployment.spec.template)) {
    const text = `The rollback revision contains the same template as current deployment "${deployment.metadata.name}"`;
    events.event(deployment, "Warning", "DeploymentRollbackTemplateUnchanged", text);
    await client.update(deployments, cleared);
  } else {
    const template = withoutHash(set.spec.template);
    await client.update(deployments, { ...cleared, spec: { ...deployment.spec, template } });
    events.event(
      deployment,
      "Normal",
      "DeploymentRollback",
      `Rolled back deployment "${deployment.metadata.name}" to revision ${revision}`,
    );
  }
}

const lastBut = (sets: readonly ReplicaSet[]): number | undefined =>
  sets.map(revisionOf).toSorted((a, b) => b - a)[1] || undefined;
