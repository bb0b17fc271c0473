/** A deployment: how many pods of which age there are, and the replica sets behind them. */
import { formatLabelSelector, labelSelectorOf } from "@kubets/machinery/label-selector";
import { type JsonObject, listAt, nameOf, numberAt, objectAt, textAt } from "../json.ts";
import { newReplicaSet } from "../rollout/deployment-sets.ts";
import { type Describer, itemsAt } from "./describer.ts";
import { eventLines } from "./events.ts";
import { type Lines, longTime } from "./lines.ts";
import { annotations, head, labels } from "./metadata.ts";
import { templateLines } from "./pod-template.ts";

export const deployment: Describer = async ({ object, lines, events, now, api, info }) => {
  head(lines, object);
  lines.field(0, "CreationTimestamp", longTime(textAt(object, "metadata", "creationTimestamp")));
  labels(lines, object);
  annotations(lines, object);
  lines.field(0, "Selector", formatLabelSelector(objectAt(object, "spec", "selector")));
  const status = (field: string) => numberAt(object, "status", field);
  lines.field(
    0,
    "Replicas",
    `${numberAt(object, "spec", "replicas")} desired | ${status("updatedReplicas")} updated | ${status("replicas")} total | ${status("availableReplicas")} available | ${status("unavailableReplicas")} unavailable`,
  );
  lines.field(0, "StrategyType", textAt(object, "spec", "strategy", "type"));
  lines.field(0, "MinReadySeconds", numberAt(object, "spec", "minReadySeconds"));
  const rolling = objectAt(object, "spec", "strategy", "rollingUpdate");
  if (Object.keys(rolling).length > 0)
    lines.field(
      0,
      "RollingUpdateStrategy",
      `${textAt(rolling, "maxUnavailable")} max unavailable, ${textAt(rolling, "maxSurge")} max surge`,
    );
  templateLines(lines, objectAt(object, "spec", "template"));
  conditions(lines, object);
  const selector = labelSelectorOf(objectAt(object, "spec", "selector")).toString();
  const uid = textAt(object, "metadata", "uid");
  const sets = (
    await itemsAt(api, `/apis/apps/v1/namespaces/${info.namespace}/replicasets`, { labelSelector: selector })
  ).filter((set) => listAt(set, "metadata", "ownerReferences").some((owner) => owner.uid === uid));
  if (sets.length > 0) {
    const fresh = newReplicaSet(object, sets);
    lines.field(0, "OldReplicaSets", setsText(sets.filter((set) => set !== fresh)));
    lines.field(0, "NewReplicaSet", setsText(fresh ? [fresh] : []));
  }
  eventLines(lines, events, now);
};

const setsText = (sets: readonly JsonObject[]): string =>
  sets
    .map(
      (set) =>
        `${nameOf(set)} (${numberAt(set, "status", "replicas")}/${numberAt(set, "spec", "replicas")} replicas created)`,
    )
    .join(", ") || "<none>";

export function conditions(lines: Lines, object: JsonObject): void {
  const list = listAt(object, "status", "conditions");
  if (list.length === 0) return;
  lines.line(0, "Conditions:\n  Type\tStatus\tReason\n  ----\t------\t------");
  for (const each of list)
    lines.line(1, `${textAt(each, "type")} \t${textAt(each, "status")}\t${textAt(each, "reason")}`);
}
