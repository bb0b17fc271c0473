/**
 * What may change in a pod that exists: images, the deadline (sooner only), more tolerations, fewer gates; while it is gated also where it
 * may go. Anything else is refused with the difference.
 */
import { type FieldError, forbiddenField, invalidValue, required } from "@kubets/machinery";
import { clone } from "@kubets/machinery/clone";
import { deepEqual, semanticEqual } from "@kubets/machinery/deep-equal";
import { joined } from "@kubets/machinery/joined";
import type { Container, NodeSelectorTerm, Pod, PodSpec, Toleration } from "../generated/types/core-v1.ts";
import type { Draft } from "../meta.ts";
import type { WriteContext } from "../resource.ts";
import { rangeErrors } from "./field-checks.ts";
import { difference } from "./spec-difference.ts";
import { validateAnnotationUpdate } from "./validate-annotations.ts";
import { imageSpaces } from "./validate-containers.ts";
import { MAX_INT32 } from "./validate-spec.ts";
import { validatePod } from "./validate-template.ts";
import { validateTolerations } from "./validate-tolerations.ts";

const MUTABLE = [
  "`spec.containers[*].image`",
  "`spec.initContainers[*].image`",
  "`spec.activeDeadlineSeconds`",
  "`spec.tolerations` (only additions to existing tolerations)",
  "`spec.terminationGracePeriodSeconds` (allow it to be set to 1 if it was previously negative)",
].join(",");

export function validatePodUpdate(pod: Pod, old: Pod, write: WriteContext): FieldError[] {
  const errors = joined(validatePod(pod, write), validateAnnotationUpdate(pod, old, "metadata.annotations"));
  for (const list of ["containers", "initContainers"] as const) {
    const [now, before] = [pod.spec[list] ?? [], old.spec[list] ?? []];
    if (now.length !== before.length)
      return [...errors, forbiddenField(`spec.${list}`, "pod updates may not add or remove containers")];
    errors.push(...now.flatMap((container, i) => imageErrors(container, `spec.${list}[${i}]`)));
  }
  const deadline = deadlineErrors(pod.spec.activeDeadlineSeconds, old.spec.activeDeadlineSeconds);
  if (deadline.length && pod.spec.activeDeadlineSeconds !== undefined) return joined(errors, deadline);
  errors.push(...deadline, ...addedTolerations(pod.spec.tolerations ?? [], old.spec.tolerations ?? [], write));
  errors.push(...removedGates(pod.spec, old.spec));
  return joined(errors, immutableErrors(pod.spec, old.spec));
}

const imageErrors = (container: Container, at: string): FieldError[] =>
  joined(container.image ? [] : [required(`${at}.image`)], imageSpaces(container, at));

function deadlineErrors(now: number | undefined, before: number | undefined): FieldError[] {
  const field = "spec.activeDeadlineSeconds";
  if (now === undefined)
    return before === undefined
      ? []
      : [invalidValue(field, null, "must not update from a positive integer to nil value")];
  if (now < 0 || now > MAX_INT32) return rangeErrors(field, now, 0, MAX_INT32);
  return before !== undefined && before < now
    ? [invalidValue(field, now, "must be less than or equal to previous value")]
    : [];
}

function addedTolerations(
  now: readonly Toleration[],
  before: readonly Toleration[],
  write: WriteContext,
): FieldError[] {
  const kept = before.every((old) =>
    now.some(({ tolerationSeconds: _now, ...rest }) => {
      const { tolerationSeconds: _before, ...oldRest } = old;
      return deepEqual(rest, oldRest);
    }),
  );
  if (!kept)
    return [forbiddenField("spec.tolerations", "existing toleration can not be modified except its tolerationSeconds")];
  return validateTolerations(now, "spec.tolerations", write);
}

function removedGates(spec: PodSpec, old: PodSpec): FieldError[] {
  const before = new Set(old.schedulingGates?.map(({ name }) => name));
  return (spec.schedulingGates ?? []).flatMap(({ name }, i) =>
    before.has(name)
      ? []
      : [
          forbiddenField(
            `spec.schedulingGates[${i}].name`,
            `only deletion is allowed, but found new scheduling gate '${name}'`,
          ),
        ],
  );
}

function immutableErrors(spec: PodSpec, old: PodSpec): FieldError[] {
  if (semanticEqual(spec, old)) return [];
  const munged = clone(spec) as Draft<PodSpec>;
  restoreMutable(munged, old);
  const errors = old.schedulingGates?.length ? gatedErrors(munged, old) : [];
  if (semanticEqual(munged, old)) return errors;
  const detail = `pod updates may not change fields other than ${MUTABLE}\n${difference(old, munged, "spec")}`;
  return [...errors, forbiddenField("spec", detail)];
}

function restoreMutable(spec: Draft<PodSpec>, old: PodSpec): void {
  const before = clone(old) as Draft<PodSpec>;
  for (const list of ["containers", "initContainers"] as const)
    for (const [i, container] of (spec[list] ?? []).entries()) copy(container, before[list]?.[i] ?? {}, "image");
  for (const name of ["activeDeadlineSeconds", "schedulingGates", "tolerations"] as const) copy(spec, before, name);
  if ((old.terminationGracePeriodSeconds ?? 0) < 0 && spec.terminationGracePeriodSeconds === 1)
    copy(spec, before, "terminationGracePeriodSeconds");
}

function copy<T extends object, K extends keyof T>(target: T, source: Partial<T>, name: K): void {
  if (source[name] === undefined) delete target[name];
  else target[name] = source[name] as T[K];
}

/** A gated pod may still be told where to go, but only more narrowly. */
function gatedErrors(spec: Draft<PodSpec>, old: PodSpec): FieldError[] {
  const errors: FieldError[] = [];
  if (!semanticEqual(spec.nodeSelector, old.nodeSelector)) {
    const kept = Object.entries(old.nodeSelector ?? {}).every(([key, value]) => spec.nodeSelector?.[key] === value);
    const detail = "only additions to spec.nodeSelector are allowed (no mutations or deletions)";
    if (!kept) errors.push(invalidValue("spec.nodeSelector", spec.nodeSelector, detail));
    copy(spec, clone(old) as Draft<PodSpec>, "nodeSelector");
  }
  const REQUIRED = "requiredDuringSchedulingIgnoredDuringExecution";
  const now = spec.affinity?.nodeAffinity;
  const before = old.affinity?.nodeAffinity;
  if (semanticEqual(now, before)) return errors;
  const [terms, oldTerms] = [now?.[REQUIRED]?.nodeSelectorTerms ?? [], before?.[REQUIRED]?.nodeSelectorTerms];
  if (oldTerms?.length) errors.push(...narrowedErrors(terms, oldTerms));
  const affinity = { ...spec.affinity, ...(before ? { nodeAffinity: clone(before) } : {}) };
  if (!before) delete (affinity as { nodeAffinity?: unknown }).nodeAffinity;
  if (old.affinity) spec.affinity = affinity as Draft<PodSpec>["affinity"];
  else if (Object.keys(affinity).length === 0) delete spec.affinity;
  return errors;
}

function narrowedErrors(terms: readonly NodeSelectorTerm[], old: readonly NodeSelectorTerm[]): FieldError[] {
  const field = "spec.affinity.nodeAffinity.requiredDuringSchedulingIgnoredDuringExecution.nodeSelectorTerms";
  if (terms.length !== old.length)
    return [invalidValue(field, terms, "no additions/deletions to non-empty NodeSelectorTerms list are allowed")];
  return old.flatMap((term, i) => {
    const narrowed = (["matchExpressions", "matchFields"] as const).every((name) =>
      (term[name] ?? []).every((it, j) => semanticEqual(it, terms[i]?.[name]?.[j])),
    );
    return narrowed
      ? []
      : [invalidValue(`${field}[${i}]`, terms[i], "only additions are allowed (no mutations or deletions)")];
  });
}
