/** ValidatingAdmissionPolicies: expressions that what is about to be written must satisfy. */
import { duplicate, type FieldError, invalidValue, notSupported, qualifiedName, required } from "@kubets/machinery";
import { conditionsErrors } from "../conditions.ts";
import { define } from "../define.ts";
import { checkForm } from "../field-checks.ts";
import { validatingadmissionpolicies } from "../generated/refs.ts";
import type {
  AuditAnnotation,
  ValidatingAdmissionPolicy,
  Validation,
} from "../generated/types/admissionregistration-v1.ts";
import { ownStatus, statusSubresource } from "../own-status.ts";
import { age, column, nameColumn } from "../table.ts";
import { expressionErrors, wanted } from "./expressions/compile.ts";
import { type ExpressionScope, expressionEnvironment } from "./expressions/environment.ts";
import { compileVariables } from "./expressions/variables.ts";
import { matchConditionsErrors } from "./match-conditions.ts";
import { failurePolicyErrors, NO_EXPRESSION, paramKindErrors, paramKindText, variablesErrors } from "./policy.ts";
import { constraintsErrors, defaultMatchResources } from "./rules.ts";
import { staticNames } from "./static-names.ts";

const REASONS = ["Forbidden", "Invalid", "RequestEntityTooLarge"];
const MAX_ANNOTATIONS = 20;
const NOTHING_TO_DO = "validations or auditAnnotations must contain at least one item";

export const validatingAdmissionPolicyResource = define(validatingadmissionpolicies, {
  categories: ["api-extensions"],
  countsGeneration: true,
  unconditionalUpdate: false,
  ...staticNames,
  ...ownStatus,
  defaults: ({ spec }) => {
    spec.failurePolicy ??= "Fail";
    defaultMatchResources(spec.matchConstraints);
  },
  validate,
  validateUpdate: validate,
  subresources: { status: statusSubresource(statusErrors) },
  table: {
    columns: [nameColumn, column("Validations", "integer"), column("ParamKind"), column("Age")],
    cells: ({ metadata, spec }, now) => [
      metadata.name,
      spec.validations?.length ?? 0,
      paramKindText(spec.paramKind),
      age(metadata.creationTimestamp, now),
    ],
  },
});

function validate({ metadata, spec }: ValidatingAdmissionPolicy): FieldError[] {
  const { paramKind, validations = [], auditAnnotations = [] } = spec;
  const params = { params: paramKind !== undefined };
  const scope = { ...params, variables: compileVariables(spec.variables, { ...params, authorizer: true }).types };
  const errors = [
    ...failurePolicyErrors(spec.failurePolicy, "spec.failurePolicy"),
    ...(paramKind ? paramKindErrors(paramKind, "spec.paramKind") : []),
    ...constraintsErrors(spec.matchConstraints, "spec.matchConstraints"),
    ...matchConditionsErrors(spec.matchConditions, "spec.matchConditions", params),
    ...variablesErrors(spec.variables, { ...params, authorizer: true }, "spec.variables"),
  ];
  if (!validations.length && !auditAnnotations.length)
    return [...errors, required("spec.validations", NOTHING_TO_DO), required("spec.auditAnnotations", NOTHING_TO_DO)];
  return [
    ...errors,
    ...validations.flatMap((validation, i) => validationErrors(validation, scope, `spec.validations[${i}]`)),
    ...annotationsErrors(auditAnnotations, scope, metadata.name),
  ];
}

function validationErrors(
  { expression, message = "", messageExpression = "", reason }: Validation,
  scope: ExpressionScope,
  field: string,
): FieldError[] {
  const full = expressionEnvironment({ ...scope, authorizer: true });
  const errors = expressionErrors(expression, full, wanted.condition, `${field}.expression`);
  if (!expression?.trim()) errors.push(required(`${field}.expression`, NO_EXPRESSION));
  if (messageExpression !== "" && !messageExpression.trim())
    errors.push(invalidValue(`${field}.messageExpression`, messageExpression, "must be non-empty if specified"));
  const ofMessages = expressionEnvironment(scope);
  errors.push(...expressionErrors(messageExpression, ofMessages, wanted.message, `${field}.messageExpression`));
  if (message !== "" && !message.trim())
    errors.push(invalidValue(`${field}.message`, message, "must be non-empty if specified"));
  else if (message.trim().includes("\n"))
    errors.push(invalidValue(`${field}.message`, message, "must not contain line breaks"));
  if (reason != null && !REASONS.includes(reason)) errors.push(notSupported(`${field}.reason`, reason, REASONS));
  return errors;
}

function annotationsErrors(
  annotations: readonly AuditAnnotation[],
  scope: ExpressionScope,
  policy: string,
): FieldError[] {
  const field = "spec.auditAnnotations";
  const errors: FieldError[] = [];
  if (annotations.length > MAX_ANNOTATIONS)
    errors.push(invalidValue(field, annotations, `must not have more than ${MAX_ANNOTATIONS} auditAnnotations`));
  const keys = new Set<string>();
  for (const [i, { key, valueExpression }] of annotations.entries()) {
    const at = `${field}[${i}]`;
    errors.push(...checkForm(`${at}.key`, `${policy}/${key}`, qualifiedName));
    if (!valueExpression?.trim()) errors.push(required(`${at}.valueExpression`, "valueExpression is not specified"));
    const environment = expressionEnvironment({ ...scope, authorizer: true });
    errors.push(...expressionErrors(valueExpression, environment, wanted.annotation, `${at}.valueExpression`));
    if (keys.has(key)) errors.push(duplicate(`${at}.key`, key));
    keys.add(key);
  }
  return errors;
}

function statusErrors({ status }: ValidatingAdmissionPolicy): FieldError[] {
  const warnings = status.typeChecking?.expressionWarnings ?? [];
  return [
    ...warnings.flatMap(({ warning, fieldRef }, i) => {
      const field = `status.typeChecking.expressionWarnings[${i}]`;
      return [...(warning ? [] : [required(`${field}.warning`)]), ...(fieldRef ? [] : [required(`${field}.fieldRef`)])];
    }),
    ...conditionsErrors(status.conditions, "status.conditions"),
  ];
}
