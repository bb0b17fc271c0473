/** RuntimeClasses: which of a node's runtimes runs a pod, what that costs, and on which nodes it is to be had. */
import { dns1123Label, duplicate, type FieldError, validateLabels } from "@kubets/machinery";
import { define } from "../define.ts";
import { checkImmutable, checkRequired, sameValue } from "../field-checks.ts";
import { runtimeclasses } from "../generated/refs.ts";
import type { RuntimeClass, Scheduling } from "../generated/types/node-v1.ts";
import { internalForm } from "../pod/internal-form.ts";
import { containerResourceName, validateResources } from "../pod/validate-resources.ts";
import { validateTolerations } from "../pod/validate-tolerations.ts";
import type { WriteContext } from "../resource.ts";
import { age, column, nameColumn } from "../table.ts";

export const runtimeClassResource = define(runtimeclasses, {
  createOnUpdate: true,
  unconditionalUpdate: false,
  validate,
  validateUpdate: (runtimeClass, old, context) => [
    ...checkImmutable("handler", runtimeClass.handler, old.handler),
    ...extraErrors(runtimeClass, context),
  ],
  table: {
    columns: [nameColumn, column("Handler"), column("Age")],
    cells: ({ metadata, handler }, now) => [metadata.name, handler, age(metadata.creationTimestamp, now)],
  },
});

function validate(runtimeClass: RuntimeClass, context: WriteContext): FieldError[] {
  return [...checkRequired("handler", runtimeClass.handler, dns1123Label), ...extraErrors(runtimeClass, context)];
}

const NO_CLAIMS: ReadonlySet<string> = new Set();

function extraErrors({ overhead, scheduling }: RuntimeClass, context: WriteContext): FieldError[] {
  const limits = overhead?.podFixed;
  return [
    ...(limits ? validateResources({ limits }, "overhead", containerResourceName, NO_CLAIMS) : []),
    ...(scheduling ? schedulingErrors(scheduling, "scheduling", context) : []),
  ];
}

function schedulingErrors(
  { nodeSelector, tolerations = [] }: Scheduling,
  field: string,
  context: WriteContext,
): FieldError[] {
  const errors = [
    ...validateLabels(nodeSelector, `${field}.nodeSelector`),
    ...validateTolerations(tolerations, `${field}.tolerations`, context),
  ];
  for (const [i, toleration] of tolerations.entries())
    if (tolerations.findIndex((other) => sameValue(other, toleration)) < i)
      errors.push(duplicate(`${field}.tolerations[${i}]`, internalForm("Toleration", toleration)));
  return errors;
}
