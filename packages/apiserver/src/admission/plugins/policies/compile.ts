/** Policies with their expressions compiled. What does not compile fails when it is evaluated: it may come from another version of the server. */
import { compileExpression, wanted } from "@kubets/api/admissionregistration/expressions/compile";
import { expressionEnvironment, mutationEnvironment } from "@kubets/api/admissionregistration/expressions/environment";
import { type CompiledVariable, compileVariables } from "@kubets/api/admissionregistration/expressions/variables";
import type {
  AuditAnnotation,
  MutatingAdmissionPolicy,
  ValidatingAdmissionPolicy,
  Validation,
} from "@kubets/api/generated/types/admissionregistration-v1";
import { compileConditions } from "../../expressions/conditions.ts";
import type { Expression } from "../../expressions/evaluation.ts";

export interface CompiledPolicy {
  readonly variables: readonly CompiledVariable[];
  readonly conditions: readonly Expression[];
}

export interface CompiledValidation {
  readonly spec: Validation;
  readonly expression: Expression;
  readonly message: Expression | undefined;
}

export interface CompiledAnnotation {
  readonly spec: AuditAnnotation;
  readonly value: Expression;
}

export interface CompiledValidatingPolicy extends CompiledPolicy {
  readonly validations: readonly CompiledValidation[];
  readonly annotations: readonly CompiledAnnotation[];
}

export interface CompiledMutation {
  readonly patchType: string;
  readonly expression: Expression;
}

export interface CompiledMutatingPolicy extends CompiledPolicy {
  readonly mutations: readonly CompiledMutation[];
}

export function compileValidatingPolicy({ spec }: ValidatingAdmissionPolicy): CompiledValidatingPolicy {
  const params = { params: spec.paramKind !== undefined };
  const { variables, types } = compileVariables(spec.variables, { ...params, authorizer: true });
  const full = expressionEnvironment({ ...params, authorizer: true, variables: types });
  const ofMessages = expressionEnvironment({ ...params, variables: types });
  const compiled = (source: string, environment: typeof full, types: (typeof wanted)[keyof typeof wanted]) => ({
    source,
    compiled: compileExpression(source, environment, types),
  });
  return {
    variables,
    conditions: compileConditions(spec.matchConditions, params),
    validations: (spec.validations ?? []).map((validation) => ({
      spec: validation,
      expression: compiled(validation.expression, full, wanted.condition),
      message: validation.messageExpression
        ? compiled(validation.messageExpression, ofMessages, wanted.message)
        : undefined,
    })),
    annotations: (spec.auditAnnotations ?? []).map((annotation) => ({
      spec: annotation,
      value: compiled(annotation.valueExpression, full, wanted.annotation),
    })),
  };
}

export function compileMutatingPolicy({ spec }: MutatingAdmissionPolicy): CompiledMutatingPolicy {
  const params = { params: spec.paramKind !== undefined, authorizer: true };
  const { variables, types } = compileVariables(spec.variables, params);
  return {
    variables,
    conditions: compileConditions(spec.matchConditions, params),
    mutations: (spec.mutations ?? []).map(({ patchType, applyConfiguration, jsonPatch }) => {
      const source = (patchType === "JSONPatch" ? jsonPatch : applyConfiguration)?.expression ?? "";
      const results = patchType === "JSONPatch" ? wanted.jsonPatch : wanted.object;
      const environment = mutationEnvironment({ ...params, variables: types }, source);
      return { patchType, expression: { source, compiled: compileExpression(source, environment, results) } };
    }),
  };
}
