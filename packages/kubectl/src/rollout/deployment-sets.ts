/** Which replica set of a deployment has its present template, and which revision each has. Pure. */
import { deepEqual } from "@kubets/machinery/deep-equal";
import { type JsonObject, mapAt, objectAt, textAt } from "../json.ts";

const REVISION = "deployment.kubernetes.io/revision";
const HASH = "pod-template-hash";

export const revisionOf = (object: JsonObject): number =>
  Number(mapAt(object, "metadata", "annotations")[REVISION] ?? 0);

/** A set's template as the deployment wrote it: without the hash. */
export function plainTemplate(set: JsonObject): JsonObject {
  const template = objectAt(set, "spec", "template");
  const { [HASH]: _, ...labels } = mapAt(template, "metadata", "labels");
  return { ...template, metadata: { ...objectAt(template, "metadata"), labels } };
}

/** The oldest set that has the deployment's template. */
export function newReplicaSet(deployment: JsonObject, sets: readonly JsonObject[]): JsonObject | undefined {
  const template = objectAt(deployment, "spec", "template");
  return sets
    .toSorted((a, b) =>
      textAt(a, "metadata", "creationTimestamp") < textAt(b, "metadata", "creationTimestamp") ? -1 : 1,
    )
    .find((set) => deepEqual(plainTemplate(set), template));
}
