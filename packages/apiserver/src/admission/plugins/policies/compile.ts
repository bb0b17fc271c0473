/** Policies with their expressions, which are compiled when they are first needed. What does not compile fails when it is evaluated: it may come from another version of the server. */
import type {
  AuditAnnotation,
  MutatingAdmissionPolicy,
  ValidatingAdmissionPolicy,
  Validation,
} from "@kubets/api/generated/types/admissionregistration-v1";
import { type Conditions, conditionsOf } from "../../expressions/conditions.ts";
import { Expressions, type ExpressionText } from "../../expressions/expression.ts";

interface CompiledPolicy {
  readonly expressions: Expressions;
  readonly conditions: Conditions;
}

export interface CompiledValidation {
  readonly spec: Validation;
  readonly expression: ExpressionText;
  readonly message: ExpressionText | undefined;
}

interface CompiledAnnotation {
  readonly spec: AuditAnnotation;
  readonly value: ExpressionText;
}

export interface CompiledValidatingPolicy extends CompiledPolicy {
  readonly validations: readonly CompiledValidation[];
  readonly annotations: readonly CompiledAnnotation[];
}

export interface CompiledMutatingPolicy extends CompiledPolicy {
  readonly mutations: readonly ExpressionText[];
}

const compiledPolicy = ({ spec }: ValidatingAdmissionPolicy | MutatingAdmissionPolicy): CompiledPolicy => {
  const params = spec.paramKind !== undefined;
  return {
    expressions: new Expressions({ params, variables: spec.variables ?? [] }),
    conditions: conditionsOf(spec.matchConditions, params),
  };
};

export function compileValidatingPolicy(policy: ValidatingAdmissionPolicy): CompiledValidatingPolicy {
  const { spec } = policy;
  return {
    ...compiledPolicy(policy),
    validations: (spec.validations ?? []).map((validation) => ({
      spec: validation,
      expression: { source: validation.expression, wants: "condition", authorizer: true },
      message: validation.messageExpression
        ? { source: validation.messageExpression, wants: "message", authorizer: false }
        : undefined,
    })),
    annotations: (spec.auditAnnotations ?? []).map((annotation) => ({
      spec: annotation,
      value: { source: annotation.valueExpression, wants: "annotation", authorizer: true },
    })),
  };
}

export const compileMutatingPolicy = (policy: MutatingAdmissionPolicy): CompiledMutatingPolicy => ({
  ...compiledPolicy(policy),
  mutations: (policy.spec.mutations ?? []).map(({ patchType, applyConfiguration, jsonPatch }) =>
    patchType === "JSONPatch"
      ? { source: jsonPatch?.expression ?? "", wants: "jsonPatch", authorizer: true }
      : { source: applyConfiguration?.expression ?? "", wants: "object", authorizer: true },
  ),
});
