/** What the selector and the template of a workload owe each other, and what only pods that are always restarted can have. */
import {
  type FieldError,
  forbiddenField,
  invalidValue,
  type LabelSelector,
  labelSelectorOf,
  notSupported,
  required,
  validateLabelSelector,
} from "@kubets/machinery";
import type { PodTemplateSpec } from "../generated/types/core-v1.ts";
import type { LabelSelector as SelectorObject } from "../generated/types/meta-v1.ts";
import { validatePodTemplateSpec } from "../pod/validate-template.ts";
import type { WriteContext } from "../resource.ts";

interface Workload {
  readonly selector?: SelectorObject | null;
  readonly template: PodTemplateSpec;
}

/** A selector that must be there and select something; `kind` is how the message names the workload. */
export function selectorErrors(selector: SelectorObject | null | undefined, kind: string): FieldError[] {
  if (!selector) return [required("spec.selector")];
  return [...validateLabelSelector(selector, "spec.selector"), ...emptySelectorErrors(selector, kind)];
}

export function emptySelectorErrors(selector: SelectorObject, kind: string): FieldError[] {
  const { matchLabels = {}, matchExpressions = [] } = selector;
  if (Object.keys(matchLabels).length + matchExpressions.length > 0) return [];
  return [invalidValue("spec.selector", selector, `empty selector is invalid for ${kind}`)];
}

/** The selector as one that can be asked; undefined where it is none. */
export function parsedSelector(selector: SelectorObject | null | undefined): LabelSelector | undefined {
  try {
    return labelSelectorOf(selector);
  } catch {
    return undefined;
  }
}

export function templateErrors(
  { selector, template }: Workload,
  invalidDetail: string,
  write: WriteContext,
): FieldError[] {
  const parsed = parsedSelector(selector);
  if (!parsed) return [invalidValue("spec.selector", selector, invalidDetail)];
  return [
    ...(parsed.isEmpty() ? [] : labelErrors(parsed, template)),
    ...validatePodTemplateSpec(template, "spec.template", write),
  ];
}

export function labelErrors(selector: LabelSelector, template: PodTemplateSpec): FieldError[] {
  const labels = template.metadata?.labels;
  if (selector.matches(labels)) return [];
  const detail = "`selector` does not match template `labels`";
  return [invalidValue("spec.template.metadata.labels", labels ?? null, detail)];
}

/** Pods that are kept running end by nothing of their own. */
export function alwaysRestartErrors({ spec }: PodTemplateSpec, kind: string): FieldError[] {
  const field = "spec.template.spec";
  const errors: FieldError[] = [];
  if (spec?.restartPolicy !== "Always")
    errors.push(notSupported(`${field}.restartPolicy`, spec?.restartPolicy ?? "", ["Always"]));
  if (spec?.activeDeadlineSeconds != null)
    errors.push(forbiddenField(`${field}.activeDeadlineSeconds`, `activeDeadlineSeconds in ${kind} is not Supported`));
  return errors;
}
