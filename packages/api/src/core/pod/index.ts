/** Pods: containers that live and die together, on one node. */
import { define, keepPart } from "../../define.ts";
import { pods } from "../../generated/refs.ts";
import type { Pod } from "../../generated/types/core-v1.ts";
import { defaultPod } from "../../pod/defaults.ts";
import { KnownPods } from "../../pod/known-pods.ts";
import { preparePod } from "../../pod/prepare.ts";
import { isFinished } from "../../pod/state.ts";
import { validatePodCreate } from "../../pod/validate-template.ts";
import { validatePodUpdate } from "../../pod/validate-update.ts";
import { hostnameWarnings, podWarnings } from "../../pod/warnings.ts";
import { allVerbs, type WriteContext } from "../../resource.ts";
import { podSubresources } from "./subresources.ts";
import { podTable } from "./table.ts";

/** Warnings are looked for in what validation has just seen. */
const harmless = new KnownPods();

export const podResource = define(pods, {
  shortNames: ["po"],
  categories: ["all"],
  verbs: allVerbs,
  countsGeneration: true,
  defaults: defaultPod,
  prepareForCreate: preparePod,
  prepareForUpdate: (pod, old) => keepPart(pod, old, "status"),
  validate: validatePodCreate,
  validateUpdate: (pod: Pod, old: Pod, context: WriteContext) => validatePodUpdate(pod, old, context),
  warnings: (pod, old) => (old ? [] : [...hostnameWarnings(pod), ...harmless.lookAgain(pod, () => podWarnings(pod))]),
  graceSeconds,
  selectableFields: {
    "spec.nodeName": ({ spec }) => spec.nodeName ?? "",
    "spec.restartPolicy": ({ spec }) => spec.restartPolicy ?? "",
    "spec.schedulerName": ({ spec }) => spec.schedulerName ?? "",
    "spec.serviceAccountName": ({ spec }) => spec.serviceAccountName ?? "",
    "spec.hostNetwork": ({ spec }) => String(spec.hostNetwork ?? false),
    "status.phase": ({ status }) => status.phase ?? "",
    "status.podIP": ({ status }) => status.podIP ?? "",
    "status.podIPs": ({ status }) => status.podIP ?? "",
    "status.nominatedNodeName": ({ status }) => status.nominatedNodeName ?? "",
  },
  subresources: podSubresources,
  table: podTable,
});

/** A pod that runs nowhere, or no longer, goes at once. */
function graceSeconds(pod: Pod, asked: number | undefined): number | undefined {
  if (!pod.spec.nodeName || isFinished(pod)) return undefined;
  const seconds = asked ?? pod.spec.terminationGracePeriodSeconds ?? 0;
  return seconds < 0 ? 1 : seconds || undefined;
}
