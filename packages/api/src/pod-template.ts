/** What the kinds that make pods from a template share: cells of their tables, and warnings about the template. */
import { containerNames, imageNames } from "./core/workload-cells.ts";
import { sameValue } from "./field-checks.ts";
import type { PodTemplateSpec } from "./generated/types/core-v1.ts";
import { podWarnings } from "./pod/warnings.ts";
import { wide } from "./table.ts";

export const containerColumns = [wide("Containers"), wide("Images")];

export const containerCells = (template: PodTemplateSpec | undefined): [names: string, images: string] => [
  containerNames(template?.spec),
  imageNames(template?.spec),
];

/** Said when a template is new or has changed. */
export function templateWarnings(
  template: PodTemplateSpec,
  old: PodTemplateSpec | undefined,
  field = "spec.template",
): string[] {
  return old && sameValue(template, old) ? [] : podWarnings(template, field);
}
