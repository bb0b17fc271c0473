/** The revisions of a workload: those of a deployment are its replica sets, those of others controller revisions. */
import { labelSelectorOf } from "@kubets/machinery/label-selector";
import { UsageError } from "../errors.ts";
import { type JsonObject, listAt, mapAt, numberAt, objectAt, textAt } from "../json.ts";
import { pathOf } from "../resources/mapper.ts";
import type { Info } from "../resources/select.ts";
import type { Api } from "../session.ts";
import { plainTemplate, revisionOf } from "./deployment-sets.ts";

interface Revision {
  readonly revision: number;
  readonly cause: string;
  readonly template: JsonObject;
  /** What brings the workload back to it, as a strategic patch; of deployments only the template is put back. */
  readonly patch?: JsonObject;
  readonly object: JsonObject;
}

const CAUSE = "kubernetes.io/change-cause";

/** Oldest first. */
export async function revisionsOf(api: Api, info: Info): Promise<Revision[]> {
  const { object, resource, namespace } = info;
  const isDeployment = resource.kind === "Deployment";
  if (!isDeployment && resource.kind !== "DaemonSet" && resource.kind !== "StatefulSet")
    throw new UsageError(
      `no history viewer has been implemented for ${JSON.stringify(`${resource.kind}.${resource.group}`)}`,
    );
  const below = (await api.mapper()).resource(isDeployment ? "replicasets.apps" : "controllerrevisions.apps");
  const labelSelector = labelSelectorOf(objectAt(object, "spec", "selector")).toString();
  const list = await api.rest.get(pathOf(below, namespace), { query: { labelSelector }, of: { resource: below } });
  const uid = textAt(object, "metadata", "uid");
  const own = listAt(list, "items").filter((each) =>
    listAt(each, "metadata", "ownerReferences").some((owner) => owner.uid === uid),
  );
  const read = isDeployment ? ofReplicaSet : (each: JsonObject) => ofControllerRevision(each);
  return own.map(read).sort((a, b) => a.revision - b.revision);
}

const causeOf = (object: JsonObject): string => mapAt(object, "metadata", "annotations")[CAUSE] || "<none>";

const ofReplicaSet = (set: JsonObject): Revision => ({
  revision: revisionOf(set),
  cause: causeOf(set),
  template: plainTemplate(set),
  object: set,
});

const ofControllerRevision = (each: JsonObject): Revision => ({
  revision: numberAt(each, "revision"),
  cause: causeOf(each),
  template: objectAt(each, "data", "spec", "template"),
  patch: objectAt(each, "data"),
  object: each,
});
