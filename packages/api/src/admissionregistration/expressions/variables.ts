/** The variables of a policy: each may name those before it, and has the type of its expression. */
import { type CelType, celTypes } from "@kubets/cel";
import type { Variable } from "../../generated/types/admissionregistration-v1.ts";
import { type CompiledExpression, compileExpression, wanted } from "./compile.ts";
import { type ExpressionScope, expressionEnvironment } from "./environment.ts";

export interface CompiledVariable {
  readonly name: string;
  readonly compiled: CompiledExpression;
}

export interface CompiledVariables {
  readonly variables: readonly CompiledVariable[];
  readonly types: Readonly<Record<string, CelType>>;
}

export function compileVariables(
  variables: readonly Variable[] | undefined,
  scope: ExpressionScope,
): CompiledVariables {
  const types: Record<string, CelType> = {};
  // With a list of variables, however short it is yet, there is something that they are fields of.
  const environmentOf = () =>
    expressionEnvironment({ ...scope, variables: Object.keys(types).length ? types : { [NOT_YET]: celTypes.dyn } });
  const compiled = (variables ?? []).map(({ name, expression }) => {
    const result = compileExpression(expression, environmentOf(), wanted.anything);
    types[name] = result.program?.type ?? celTypes.dyn;
    return { name, compiled: result };
  });
  return { variables: compiled, types };
}

/** No expression can name it. */
const NOT_YET = " ";
