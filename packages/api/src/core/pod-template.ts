/** Pod templates: what pods are to be made of, kept by itself. */
import { define } from "../define.ts";
import { podtemplates } from "../generated/refs.ts";
import { defaultPodTemplate } from "../pod/defaults.ts";
import { validatePodTemplateSpec } from "../pod/validate-template.ts";
import { podWarnings } from "../pod/warnings.ts";
import { column, nameColumn } from "../table.ts";
import { containerNames, imageNames, labelText } from "./workload-cells.ts";

export const podTemplateResource = define(podtemplates, {
  countsGeneration: true,
  defaults: ({ template }) => defaultPodTemplate(template),
  validate: ({ template }, context) => validatePodTemplateSpec(template, "template", context),
  validateUpdate: ({ template }, _old, context) => validatePodTemplateSpec(template, "template", context),
  warnings: ({ template }) => podWarnings(template, "template"),
  table: {
    columns: [nameColumn, column("Containers"), column("Images"), column("Pod Labels")],
    cells: ({ metadata, template }) => [
      metadata.name,
      containerNames(template.spec),
      imageNames(template.spec),
      labelText(template.metadata.labels),
    ],
  },
});
