/** Whether two pod templates ask for the same, whatever hash their labels carry. */
import type { PodTemplateSpec } from "@kubets/api/generated/types/core-v1";
import { semanticEqual } from "@kubets/machinery";

export const TEMPLATE_HASH = "pod-template-hash";

export const sameTemplate = (a: PodTemplateSpec, b: PodTemplateSpec): boolean =>
  semanticEqual(withoutHash(a), withoutHash(b));

export function withoutHash(template: PodTemplateSpec): PodTemplateSpec {
  const labels = template.metadata?.labels;
  if (labels?.[TEMPLATE_HASH] === undefined) return template;
  const { [TEMPLATE_HASH]: _, ...others } = labels;
  return { ...template, metadata: { ...template.metadata, labels: others } };
}
