/** MutatingAdmissionPolicies: expressions that change what is about to be written. */
import { type FieldError, invalidValue, notSupported, required } from "@kubets/machinery";
import { define } from "../define.ts";
import { checkOneOf } from "../field-checks.ts";
import { mutatingadmissionpolicies } from "../generated/refs.ts";
import type { MatchResources, MutatingAdmissionPolicy, Mutation } from "../generated/types/admissionregistration-v1.ts";
import { age, column, nameColumn } from "../table.ts";
import { expressionErrors, wanted } from "./expressions/compile.ts";
import { type ExpressionScope, mutationEnvironment } from "./expressions/environment.ts";
import { compileVariables } from "./expressions/variables.ts";
import { matchConditionsErrors } from "./match-conditions.ts";
import { failurePolicyErrors, paramKindErrors, paramKindText, variablesErrors } from "./policy.ts";
import { constraintsErrors, defaultMatchResources } from "./rules.ts";
import { staticNames } from "./static-names.ts";

export const mutatingAdmissionPolicyResource = define(mutatingadmissionpolicies, {
  categories: ["api-extensions"],
  countsGeneration: true,
  unconditionalUpdate: false,
  ...staticNames,
  defaults: ({ spec }) => {
    spec.failurePolicy ??= "Fail";
    defaultMatchResources(spec.matchConstraints);
  },
  validate,
  validateUpdate: validate,
  table: {
    columns: [nameColumn, column("Mutations", "integer"), column("ParamKind"), column("Age")],
    cells: ({ metadata, spec }, now) => [
      metadata.name,
      spec.mutations?.length ?? 0,
      paramKindText(spec.paramKind),
      age(metadata.creationTimestamp, now),
    ],
  },
});

function validate({ spec }: MutatingAdmissionPolicy): FieldError[] {
  const { paramKind, mutations = [], reinvocationPolicy } = spec;
  const params = { params: paramKind !== undefined, authorizer: true };
  const scope = { ...params, variables: compileVariables(spec.variables, params).types };
  return [
    ...failurePolicyErrors(spec.failurePolicy, "spec.failurePolicy"),
    ...(paramKind ? paramKindErrors(paramKind, "spec.paramKind") : []),
    ...constraintsErrors(spec.matchConstraints, "spec.matchConstraints"),
    ...deletionErrors(spec.matchConstraints),
    ...matchConditionsErrors(spec.matchConditions, "spec.matchConditions", params),
    ...variablesErrors(spec.variables, params, "spec.variables"),
    ...(mutations.length ? [] : [required("spec.mutations", "mutations must contain at least one item")]),
    ...mutations.flatMap((mutation, i) => mutationErrors(mutation, scope, `spec.mutations[${i}]`)),
    ...(reinvocationPolicy
      ? checkOneOf("spec.reinvocationPolicy", reinvocationPolicy, ["IfNeeded", "Never"])
      : [required("spec.reinvocationPolicy")]),
  ];
}

/** Nothing can be changed of what is deleted. */
function deletionErrors(constraints: MatchResources | undefined): FieldError[] {
  const operations = (constraints?.resourceRules ?? []).flatMap((rule) => rule.operations ?? []);
  return operations.includes("DELETE")
    ? [notSupported("spec.matchConstraints.resourceRules.operations", "DELETE", ["*", "CONNECT", "CREATE", "UPDATE"])]
    : [];
}

/** Each type of patch has a field of its own, and only that. */
const PATCH_FIELDS = { ApplyConfiguration: "applyConfiguration", JSONPatch: "jsonPatch" } as const;

function mutationErrors(mutation: Mutation, scope: ExpressionScope, field: string): FieldError[] {
  const { patchType } = mutation;
  if (!patchType) return [required(`${field}.patchType`)];
  if (!Object.hasOwn(PATCH_FIELDS, patchType))
    return [notSupported(`${field}.patchType`, patchType, Object.keys(PATCH_FIELDS))];
  const own = PATCH_FIELDS[patchType as keyof typeof PATCH_FIELDS];
  const other = own === "jsonPatch" ? "applyConfiguration" : "jsonPatch";
  const errors: FieldError[] = [];
  if (!mutation[own]) errors.push(required(`${field}.${own}`, `must be specified when patchType is ${patchType}`));
  else errors.push(...patchErrors(mutation[own].expression, scope, own, `${field}.${own}.expression`));
  if (mutation[other])
    errors.push(
      invalidValue(`${field}.${other}`, `{${other}}`, `must not be specified when patchType is ${patchType}`),
    );
  return errors;
}

function patchErrors(
  expression: string | undefined,
  scope: ExpressionScope,
  kind: "applyConfiguration" | "jsonPatch",
  field: string,
): FieldError[] {
  if (!expression?.trim()) return [required(field)];
  const types = kind === "jsonPatch" ? wanted.jsonPatch : wanted.object;
  return expressionErrors(expression, mutationEnvironment(scope, expression), types, field);
}
