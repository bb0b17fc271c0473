/** Labels and annotations for all objects: on them, on the pods that they make, and in what selects those. */
import { isObject } from "@kubets/machinery/json-value";
import { at, type JsonObject } from "../json.ts";
import type { LabelRule } from "./file.ts";
import { below, templateOf } from "./pod-specs.ts";

type Pairs = Readonly<Record<string, string>>;

export function addLabels(object: JsonObject, { pairs, includeSelectors, includeTemplates }: LabelRule): void {
  Object.assign(below(object, "metadata", "labels"), pairs);
  const template = templateOf(object);
  if (template && (includeSelectors || includeTemplates)) Object.assign(below(template, "metadata", "labels"), pairs);
  if (includeSelectors) addToSelectors(object, pairs);
}

/** Selectors of services and controllers; those of workloads that have one at all. */
function addToSelectors(object: JsonObject, pairs: Pairs): void {
  const kind = object["kind"];
  if (kind === "Service" || kind === "ReplicationController") {
    if (isObject(at(object, "spec", "selector"))) Object.assign(below(object, "spec", "selector"), pairs);
  } else if (kind === "Deployment" || kind === "ReplicaSet" || kind === "DaemonSet" || kind === "StatefulSet")
    Object.assign(below(object, "spec", "selector", "matchLabels"), pairs);
  else if (isObject(at(object, "spec", "selector", "matchLabels")))
    Object.assign(below(object, "spec", "selector", "matchLabels"), pairs);
  if (kind === "NetworkPolicy" && isObject(at(object, "spec", "podSelector", "matchLabels")))
    Object.assign(below(object, "spec", "podSelector", "matchLabels"), pairs);
}

export function addAnnotations(object: JsonObject, pairs: Pairs): void {
  Object.assign(below(object, "metadata", "annotations"), pairs);
  const template = templateOf(object);
  if (template) Object.assign(below(template, "metadata", "annotations"), pairs);
}
