/** IngressClasses: which controller serves an ingress, and with which parameters. */
import { dns1123Label, type FieldError, forbiddenField, required, tooLong } from "@kubets/machinery";
import { define } from "../define.ts";
import { checkForm, checkImmutable, checkOneOf } from "../field-checks.ts";
import { ingressclasses } from "../generated/refs.ts";
import type { IngressClass, IngressClassParametersReference } from "../generated/types/networking-v1.ts";
import { prefixedPathErrors } from "../prefixed-path.ts";
import { age, column, nameColumn } from "../table.ts";
import { referenceErrors } from "./object-reference.ts";

const DEFAULT_ANNOTATION = "ingressclass.kubernetes.io/is-default-class";
const MAX_CONTROLLER = 250;

export const ingressClassResource = define(ingressclasses, {
  countsGeneration: true,
  defaults: ({ spec }) => {
    if (spec.parameters) spec.parameters.scope ||= "Cluster";
  },
  validate,
  validateUpdate: (ingressClass, old) => [
    ...checkImmutable("spec.controller", ingressClass.spec.controller, old.spec.controller),
    ...validate(ingressClass),
  ],
  table: {
    columns: [nameColumn, column("Controller"), column("Parameters"), column("Age")],
    cells: ({ metadata, spec }, now) => [
      metadata.annotations?.[DEFAULT_ANNOTATION] === "true" ? `${metadata.name} (default)` : metadata.name,
      spec.controller ?? "",
      shownParameters(spec.parameters),
      age(metadata.creationTimestamp, now),
    ],
  },
});

function shownParameters(parameters: IngressClassParametersReference | undefined): string {
  if (!parameters) return "<none>";
  const { kind, apiGroup, name } = parameters;
  return `${kind}${apiGroup == null ? "" : `.${apiGroup}`}/${name}`;
}

function validate({ spec }: IngressClass): FieldError[] {
  const { controller = "", parameters } = spec;
  const errors = Buffer.byteLength(controller) > MAX_CONTROLLER ? [tooLong("spec.controller", MAX_CONTROLLER)] : [];
  errors.push(...prefixedPathErrors("spec.controller", controller));
  if (parameters) errors.push(...parametersErrors(parameters, "spec.parameters"));
  return errors;
}

function parametersErrors(parameters: IngressClassParametersReference, field: string): FieldError[] {
  const { scope, namespace } = parameters;
  const errors = [
    ...referenceErrors(parameters, field),
    ...checkOneOf(`${field}.scope`, scope, ["Cluster", "Namespace"]),
  ];
  const at = `${field}.namespace`;
  if (scope === "Namespace") {
    if (!namespace) errors.push(required(at, "`parameters.scope` is set to 'Namespace'"));
    else errors.push(...checkForm(at, namespace, dns1123Label));
  } else if (scope === "Cluster" && namespace != null)
    errors.push(forbiddenField(at, "`parameters.scope` is set to 'Cluster'"));
  return errors;
}
