/** How far a rollout is, in the words of kubectl. Pure. */
import { UsageError } from "../errors.ts";
import { type JsonObject, listAt, nameOf, numberAt, textAt } from "../json.ts";

interface RolloutState {
  readonly message: string;
  readonly done: boolean;
}

export function rolloutState(object: JsonObject, revision = 0): RolloutState {
  switch (textAt(object, "kind")) {
    case "Deployment":
      return deploymentState(object, revision);
    case "DaemonSet":
      return daemonSetState(object);
    case "StatefulSet":
      return statefulSetState(object);
    default:
      throw new UsageError(`no status viewer has been implemented for ${textAt(object, "kind")}`);
  }
}

const waiting = (message: string): RolloutState => ({ message, done: false });
const isObserved = (object: JsonObject): boolean =>
  numberAt(object, "metadata", "generation") <= numberAt(object, "status", "observedGeneration");

function deploymentState(object: JsonObject, revision: number): RolloutState {
  const name = nameOf(object);
  if (revision > 0) {
    const found = Number(textAt(object, "metadata", "annotations", "deployment.kubernetes.io/revision") || 0);
    if (found !== revision)
      throw new UsageError(`desired revision (${revision}) is different from the running revision (${found})`);
  }
  if (!isObserved(object)) return waiting("Waiting for deployment spec update to be observed...");
  const progressing = listAt(object, "status", "conditions").find((each) => each.type === "Progressing");
  if (progressing?.reason === "ProgressDeadlineExceeded")
    throw new UsageError(`deployment ${JSON.stringify(name)} exceeded its progress deadline`);
  const wanted = numberAt(object, "spec", "replicas");
  const [total, updated, available] = ["replicas", "updatedReplicas", "availableReplicas"].map((field) =>
    numberAt(object, "status", field),
  ) as [number, number, number];
  const rollout = `Waiting for deployment ${JSON.stringify(name)} rollout to finish:`;
  if (updated < wanted) return waiting(`${rollout} ${updated} out of ${wanted} new replicas have been updated...`);
  if (total > updated) return waiting(`${rollout} ${total - updated} old replicas are pending termination...`);
  if (available < updated) return waiting(`${rollout} ${available} of ${updated} updated replicas are available...`);
  return { message: `deployment ${JSON.stringify(name)} successfully rolled out`, done: true };
}

function daemonSetState(object: JsonObject): RolloutState {
  const name = JSON.stringify(nameOf(object));
  if (textAt(object, "spec", "updateStrategy", "type") !== "RollingUpdate")
    throw new UsageError(`rollout status is only available for RollingUpdate strategy type`);
  if (!isObserved(object)) return waiting("Waiting for daemon set spec update to be observed...");
  const [wanted, updated, available] = ["desiredNumberScheduled", "updatedNumberScheduled", "numberAvailable"].map(
    (field) => numberAt(object, "status", field),
  ) as [number, number, number];
  const rollout = `Waiting for daemon set ${name} rollout to finish:`;
  if (updated < wanted) return waiting(`${rollout} ${updated} out of ${wanted} new pods have been updated...`);
  if (available < wanted) return waiting(`${rollout} ${available} of ${wanted} updated pods are available...`);
  return { message: `daemon set ${name} successfully rolled out`, done: true };
}

function statefulSetState(object: JsonObject): RolloutState {
  if (textAt(object, "spec", "updateStrategy", "type") !== "RollingUpdate")
    throw new UsageError(`rollout status is only available for RollingUpdate strategy type`);
  if (!isObserved(object)) return waiting("Waiting for statefulset spec update to be observed...");
  const wanted = numberAt(object, "spec", "replicas");
  const [total, ready, updated] = ["replicas", "readyReplicas", "updatedReplicas"].map((field) =>
    numberAt(object, "status", field),
  ) as [number, number, number];
  if (ready < wanted) return waiting(`Waiting for ${wanted - ready} pods to be ready...`);
  const partition = numberAt(object, "spec", "updateStrategy", "rollingUpdate", "partition");
  if (partition > 0) {
    if (updated < wanted - partition)
      return waiting(
        `Waiting for partitioned roll out to finish: ${updated} out of ${wanted - partition} new pods have been updated...`,
      );
    return { message: `partitioned roll out complete: ${updated} new pods have been updated...`, done: true };
  }
  const revision = (field: string) => textAt(object, "status", field);
  if (revision("updateRevision") !== revision("currentRevision"))
    return waiting(
      `waiting for statefulset rolling update to complete ${updated} pods at revision ${revision("updateRevision")}...`,
    );
  return {
    message: `statefulset rolling update complete ${total} pods at revision ${revision("currentRevision")}...`,
    done: true,
  };
}
