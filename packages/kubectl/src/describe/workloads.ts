/** Replica sets, replication controllers, daemon sets, stateful sets, jobs, cron jobs. */
import { humanDuration } from "@kubets/machinery/duration";
import { formatLabelSelector, selectorFromSet } from "@kubets/machinery/label-selector";
import { parseTime } from "@kubets/machinery/time";
import { type JsonObject, listAt, mapAt, nameOf, numberAt, objectAt, textAt } from "../json.ts";
import { podSelectorOf } from "../resources/pods.ts";
import { conditions } from "./deployment.ts";
import { type Describer, type Describing, itemsAt } from "./describer.ts";
import { eventLines } from "./events.ts";
import { longTime, orNone } from "./lines.ts";
import { annotations, controllerText, head, labels, mapLines } from "./metadata.ts";
import { templateLines } from "./pod-template.ts";

async function podCounts({ api, info, object }: Describing): Promise<string> {
  const uid = textAt(object, "metadata", "uid");
  const pods = (
    await itemsAt(api, `/api/v1/namespaces/${info.namespace}/pods`, { labelSelector: podSelectorOf(info) })
  ).filter((pod) =>
    listAt(pod, "metadata", "ownerReferences").some((owner) => owner.uid === uid && owner.controller === true),
  );
  const count = (phase: string) => pods.filter((pod) => textAt(pod, "status", "phase") === phase).length;
  return `${count("Running")} Running / ${count("Pending")} Waiting / ${count("Succeeded")} Succeeded / ${count("Failed")} Failed`;
}

export const replicaSet: Describer = async (describing) => {
  const { object, lines, events, now } = describing;
  head(lines, object);
  const selector = objectAt(object, "spec", "selector");
  const isMap = textAt(object, "kind") === "ReplicationController";
  lines.field(
    0,
    "Selector",
    isMap ? selectorFromSet(selector as Record<string, string>).toString() : formatLabelSelector(selector),
  );
  labels(lines, object);
  annotations(lines, object);
  const controller = controllerText(object);
  if (controller) lines.field(0, "Controlled By", controller);
  lines.field(
    0,
    "Replicas",
    `${numberAt(object, "status", "replicas")} current / ${numberAt(object, "spec", "replicas")} desired`,
  );
  lines.field(0, "Pods Status", await podCounts(describing));
  templateLines(lines, objectAt(object, "spec", "template"));
  conditions(lines, object);
  eventLines(lines, events, now);
};

export const daemonSet: Describer = async (describing) => {
  const { object, lines, events, now } = describing;
  head(lines, object);
  lines.field(0, "Selector", formatLabelSelector(objectAt(object, "spec", "selector")));
  mapLines(lines, 0, "Node-Selector", mapAt(object, "spec", "template", "spec", "nodeSelector"));
  labels(lines, object);
  annotations(lines, object);
  const status = (field: string) => numberAt(object, "status", field);
  lines.line(0, `Desired Number of Nodes Scheduled: ${status("desiredNumberScheduled")}`);
  lines.line(0, `Current Number of Nodes Scheduled: ${status("currentNumberScheduled")}`);
  lines.line(0, `Number of Nodes Scheduled with Up-to-date Pods: ${status("updatedNumberScheduled")}`);
  lines.line(0, `Number of Nodes Scheduled with Available Pods: ${status("numberAvailable")}`);
  lines.line(0, `Number of Nodes Misscheduled: ${status("numberMisscheduled")}`);
  lines.field(0, "Pods Status", await podCounts(describing));
  templateLines(lines, objectAt(object, "spec", "template"));
  eventLines(lines, events, now);
};

export const statefulSet: Describer = async (describing) => {
  const { object, lines, events, now } = describing;
  head(lines, object);
  lines.field(0, "CreationTimestamp", longTime(textAt(object, "metadata", "creationTimestamp")));
  lines.field(0, "Selector", formatLabelSelector(objectAt(object, "spec", "selector")));
  labels(lines, object);
  annotations(lines, object);
  lines.field(
    0,
    "Replicas",
    `${numberAt(object, "spec", "replicas")} desired | ${numberAt(object, "status", "replicas")} total`,
  );
  lines.field(0, "Update Strategy", textAt(object, "spec", "updateStrategy", "type"));
  const rolling = objectAt(object, "spec", "updateStrategy", "rollingUpdate");
  if (Object.keys(rolling).length > 0) {
    lines.field(1, "Partition", numberAt(rolling, "partition"));
    if (rolling.maxUnavailable !== undefined) lines.field(1, "MaxUnavailable", textAt(rolling, "maxUnavailable"));
  }
  lines.field(0, "Pods Status", await podCounts(describing));
  templateLines(lines, objectAt(object, "spec", "template"));
  claims(describing);
  eventLines(lines, events, now);
};

const OLD_CLASS = "volume.beta.kubernetes.io/storage-class";
const LONGEST_INDEXES = 50;

/** Up to the last whole range that there is room for. */
const shortened = (indexes: string): string =>
  `${indexes.slice(0, indexes.lastIndexOf(",", LONGEST_INDEXES - 3) + 1)}...`;

function claims({ object, lines }: Describing): void {
  const list = listAt(object, "spec", "volumeClaimTemplates");
  lines.line(0, list.length > 0 ? "Volume Claims:" : "Volume Claims:\t<none>");
  for (const claim of list) {
    lines.field(1, "Name", nameOf(claim));
    const notes = mapAt(claim, "metadata", "annotations");
    lines.field(1, "StorageClass", notes[OLD_CLASS] ?? textAt(claim, "spec", "storageClassName"));
    mapLines(lines, 1, "Labels", mapAt(claim, "metadata", "labels"));
    mapLines(lines, 1, "Annotations", notes);
    lines.field(1, "Capacity", textAt(claim, "spec", "resources", "requests", "storage") || "<default>");
    lines.field(1, "Access Modes", `[${(listAt(claim, "spec", "accessModes") as unknown[]).join(" ")}]`);
  }
}

export const job: Describer = ({ object, lines, events, now }) => {
  head(lines, object);
  const selector = objectAt(object, "spec", "selector");
  if (Object.keys(selector).length > 0) lines.field(0, "Selector", formatLabelSelector(selector));
  labels(lines, object);
  annotations(lines, object);
  const controller = controllerText(object);
  if (controller) lines.field(0, "Controlled By", controller);
  const spec = objectAt(object, "spec");
  if (spec.parallelism !== undefined) lines.field(0, "Parallelism", spec.parallelism);
  lines.field(0, "Completions", textAt(spec, "completions") || "<unset>");
  if (spec.completionMode) lines.field(0, "Completion Mode", spec.completionMode);
  if (spec.suspend !== undefined) lines.field(0, "Suspend", spec.suspend);
  if (spec.backoffLimit !== undefined) lines.field(0, "Backoff Limit", spec.backoffLimit);
  if (spec.ttlSecondsAfterFinished !== undefined)
    lines.field(0, "TTL Seconds After Finished", spec.ttlSecondsAfterFinished);
  const started = textAt(object, "status", "startTime");
  const completed = textAt(object, "status", "completionTime");
  if (started) lines.field(0, "Start Time", longTime(started));
  if (completed) lines.field(0, "Completed At", longTime(completed));
  if (started && completed) lines.field(0, "Duration", humanDuration(parseTime(completed) - parseTime(started)));
  if (spec.activeDeadlineSeconds !== undefined)
    lines.field(0, "Active Deadline Seconds", `${textAt(spec, "activeDeadlineSeconds")}s`);
  const count = (field: string) => numberAt(object, "status", field);
  const ready = textAt(object, "status", "ready");
  lines.field(
    0,
    "Pods Statuses",
    `${count("active")} Active${ready ? ` (${ready} Ready)` : ""} / ${count("succeeded")} Succeeded / ${count("failed")} Failed`,
  );
  if (spec.completionMode === "Indexed") {
    const done = textAt(object, "status", "completedIndexes");
    lines.field(0, "Completed Indexes", done.length > LONGEST_INDEXES ? shortened(done) : orNone(done));
  }
  templateLines(lines, objectAt(spec, "template"));
  eventLines(lines, events, now);
};

export const cronJob: Describer = ({ object, lines, events, now }) => {
  const spec = objectAt(object, "spec");
  head(lines, object);
  labels(lines, object);
  annotations(lines, object);
  lines.field(0, "Schedule", textAt(spec, "schedule"));
  lines.field(0, "Concurrency Policy", textAt(spec, "concurrencyPolicy"));
  lines.field(0, "Suspend", textAt(spec, "suspend") === "true" ? "True" : "False");
  lines.field(0, "Successful Job History Limit", textAt(spec, "successfulJobsHistoryLimit") || "<unset>");
  lines.field(0, "Failed Job History Limit", textAt(spec, "failedJobsHistoryLimit") || "<unset>");
  const deadline = textAt(spec, "startingDeadlineSeconds");
  lines.field(0, "Starting Deadline Seconds", deadline ? `${deadline}s` : "<unset>");
  const template: JsonObject = objectAt(spec, "jobTemplate", "spec");
  const selector = objectAt(template, "selector");
  lines.field(0, "Selector", Object.keys(selector).length > 0 ? formatLabelSelector(selector) : "<unset>");
  lines.field(0, "Parallelism", textAt(template, "parallelism") || "<unset>");
  lines.field(0, "Completions", textAt(template, "completions") || "<unset>");
  const limit = textAt(template, "activeDeadlineSeconds");
  if (limit) lines.field(0, "Active Deadline Seconds", `${limit}s`);
  templateLines(lines, objectAt(template, "template"));
  const last = textAt(object, "status", "lastScheduleTime");
  lines.field(0, "Last Schedule Time", last ? longTime(last) : "<unset>");
  lines.field(
    0,
    "Active Jobs",
    orNone(
      listAt(object, "status", "active")
        .map((each) => textAt(each, "name"))
        .join(", "),
    ),
  );
  eventLines(lines, events, now);
};
