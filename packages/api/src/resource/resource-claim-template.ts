/** ResourceClaimTemplates: claims that are made with each pod that asks for one. */
import { type FieldError, invalidValue, labelKey, validateLabels } from "@kubets/machinery";
import { define } from "../define.ts";
import { IMMUTABLE, sameValue } from "../field-checks.ts";
import { resourceclaimtemplates } from "../generated/refs.ts";
import type { ResourceClaimTemplate, ResourceClaimTemplateSpec } from "../generated/types/resource-v1.ts";
import { internalForm } from "../pod/internal-form.ts";
import type { WriteContext } from "../resource.ts";
import { age, column, nameColumn } from "../table.ts";
import { claimSpecErrors, defaultClaimSpec } from "./claim-spec.ts";

export const resourceClaimTemplateResource = define(resourceclaimtemplates, {
  defaults: ({ spec }) => defaultClaimSpec(spec.spec),
  validate,
  validateUpdate: (template, { spec: old }) =>
    sameValue(template.spec, old) ? [] : [invalidValue("spec", shown(template.spec), IMMUTABLE)],
  table: {
    columns: [nameColumn, column("Age")],
    cells: ({ metadata }, now) => [metadata.name, age(metadata.creationTimestamp, now)],
  },
});

function validate({ spec }: ResourceClaimTemplate, context: WriteContext): FieldError[] {
  const { labels, annotations = {} } = spec.metadata ?? {};
  return [
    ...validateLabels(labels, "spec.metadata.labels"),
    ...Object.keys(annotations).flatMap((key) =>
      labelKey(key.toLowerCase()).map((text) => invalidValue("spec.metadata.annotations", key, text)),
    ),
    ...claimSpecErrors(spec.spec, context, "spec.spec"),
  ];
}

/** As the original's errors show it: the metadata's fields stand beside the spec. */
const shown = ({ metadata, spec }: ResourceClaimTemplateSpec) => ({
  ...metadata,
  Spec: internalForm("api.resource.v1.ResourceClaimSpec", spec),
});
