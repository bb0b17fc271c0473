/** Pods and templates of pods, whole: metadata with meaning for the pod, then the spec, then what holds only for one of them. */
import { type FieldError, forbiddenField, invalidValue } from "@kubets/machinery";
import { joined } from "@kubets/machinery/joined";
import { validateLabels } from "@kubets/machinery/label-selector";
import { labelKey } from "@kubets/machinery/names";
import type { Pod, PodTemplateSpec } from "../generated/types/core-v1.ts";
import type { WriteContext } from "../resource.ts";
import { placedContainers } from "./containers.ts";
import { KnownPods } from "./known-pods.ts";
import { validatePodAnnotations } from "./validate-annotations.ts";
import { imageSpaces } from "./validate-containers.ts";
import { appArmorMismatches, seccompMismatches } from "./validate-profiles.ts";
import { tokenVolumeErrors, validatePodSpec } from "./validate-spec.ts";

const valid = new KnownPods();

/** A pod on each of its ways: what holds at creation and after each update. */
export const validatePod = (pod: Pod, write: WriteContext): FieldError[] =>
  valid.look(pod, () => podErrors(pod, write), write);

function podErrors(pod: Pod, write: WriteContext): FieldError[] {
  const { spec } = pod;
  const annotations = pod.metadata.annotations ?? {};
  return joined(
    validatePodAnnotations(annotations, spec, "metadata.annotations", write),
    validatePodSpec(spec, "spec", write, pod.metadata.name),
    tokenVolumeErrors(spec, "spec"),
    placedContainers(spec, "spec")
      .filter(({ type }) => type !== "ephemeral")
      .flatMap(({ container, field }) => imageSpaces(container, field)),
  );
}

export function validatePodCreate(pod: Pod, write: WriteContext): FieldError[] {
  const { spec } = pod;
  const errors = validatePod(pod, write);
  if (spec.ephemeralContainers?.length)
    errors.push(forbiddenField("spec.ephemeralContainers", "cannot be set on create"));
  if (spec.nodeName && spec.schedulingGates?.length) {
    const detail = "cannot be set until all schedulingGates have been cleared";
    errors.push(forbiddenField("spec.nodeName", detail));
  }
  const annotations = pod.metadata.annotations ?? {};
  return joined(errors, seccompMismatches(annotations, spec, "spec"), appArmorMismatches(annotations, spec, "spec"));
}

/** The template of a workload's pods; `field` is where it stands, such as "spec.template". */
export function validatePodTemplateSpec(template: PodTemplateSpec, field: string, write: WriteContext): FieldError[] {
  const { labels, annotations = {} } = template.metadata ?? {};
  const errors = validateLabels(labels, `${field}.labels`);
  errors.push(...annotationErrors(annotations, `${field}.annotations`));
  errors.push(...validatePodAnnotations(annotations, template.spec, `${field}.annotations`, write));
  errors.push(...validatePodSpec(template.spec, `${field}.spec`, write));
  errors.push(...seccompMismatches(annotations, template.spec, `${field}.spec`));
  errors.push(...appArmorMismatches(annotations, template.spec, `${field}.spec`));
  if (template.spec.ephemeralContainers?.length) {
    const detail = "ephemeral containers not allowed in pod template";
    errors.push(forbiddenField(`${field}.spec.ephemeralContainers`, detail));
  }
  return errors;
}

const annotationErrors = (annotations: Readonly<Record<string, string>>, field: string): FieldError[] =>
  Object.keys(annotations).flatMap((key) => labelKey(key.toLowerCase()).map((text) => invalidValue(field, key, text)));
