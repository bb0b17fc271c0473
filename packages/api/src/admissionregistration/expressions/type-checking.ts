/**
 * Whether the expressions of a policy fit the types that it is about. They compile with objects of any type; what is told here are warnings, for the
 * status of the policy. Kinds that are named by a star cannot be known.
 */
import { type Environment, formatIssues } from "@kubets/cel";
import type {
  ExpressionWarning,
  NamedRuleWithOperations,
  ValidatingAdmissionPolicySpec,
} from "../../generated/types/admissionregistration-v1.ts";
import { groupVersion } from "../../resource-ref.ts";
import { expressionEnvironment } from "./environment.ts";
import { type CheckedKind, kindType } from "./object-types.ts";
import { compileVariables } from "./variables.ts";

const MOST_TYPES = 10;

/** `definitions` are the resources whose types are known. */
export function typeCheck(
  spec: ValidatingAdmissionPolicySpec,
  definitions: readonly CheckedKind[],
): ExpressionWarning[] {
  const params = definitions.find(
    (d) => groupVersion(d) === spec.paramKind?.apiVersion && d.kind === spec.paramKind.kind,
  );
  const checks = checkedKinds(spec.matchConstraints?.resourceRules ?? [], definitions).map((definition) => {
    const types = { object: kindType(definition), ...(params && { params: kindType(params) }) };
    const scope = { params: spec.paramKind !== undefined, authorizer: true, types };
    const { types: variables } = compileVariables(spec.variables, scope);
    return { definition, environment: expressionEnvironment({ ...scope, variables }) };
  });
  const warnings: ExpressionWarning[] = [];
  const check = (expression: string | undefined, fieldRef: string) => {
    if (!expression) return;
    const wrong = checks.flatMap(({ definition, environment }) => wrongFor(expression, definition, environment));
    if (wrong.length) warnings.push({ fieldRef, warning: wrong.join("\n") });
  };
  for (const [i, { expression, messageExpression }] of (spec.validations ?? []).entries()) {
    check(expression, `spec.validations[${i}].expression`);
    check(messageExpression, `spec.validations[${i}].messageExpression`);
  }
  return warnings;
}

function wrongFor(expression: string, { group, version, kind }: CheckedKind, environment: Environment): string[] {
  const compiled = environment.compile(expression);
  if (compiled.ok) return [];
  return [`${group}/${version}, Kind=${kind}: ${formatIssues(compiled.errors)}\n`];
}

/** The kinds that rules name without a star, in order of group, version and kind. */
function checkedKinds(rules: readonly NamedRuleWithOperations[], definitions: readonly CheckedKind[]): CheckedKind[] {
  const named = (list: readonly string[] = []) => list.filter((text) => !/[*/]/.test(text));
  const found = new Set<CheckedKind>();
  for (const { apiGroups, apiVersions, resources } of rules) {
    const [groups, versions, plurals] = [named(apiGroups), named(apiVersions), named(resources)];
    for (const definition of definitions)
      if (
        groups.includes(definition.group) &&
        versions.includes(definition.version) &&
        plurals.includes(definition.resource)
      )
        found.add(definition);
  }
  return [...found].sort((a, b) => (keyOf(a) < keyOf(b) ? -1 : 1)).slice(0, MOST_TYPES);
}

const keyOf = ({ group, version, kind }: CheckedKind) => `${group} ${version} ${kind}`;
