/** Expressions of the authentication configuration: over the claims of a token, and over the user that came of them. */
import {
  CelEvaluationError,
  celTypes,
  type Environment,
  formatIssues,
  kubernetesEnvironment,
  toJson,
} from "@kubets/cel";
import type { JsonValue } from "@kubets/machinery/json-value";

/** Throws an Error that says why there is no value. */
export type Expression = (input: object) => JsonValue;

const { string } = celTypes;
const field = (type: (typeof celTypes)["dyn"] | ReturnType<typeof celTypes.list>) => ({ type });
const user = celTypes.object("kubernetes.UserInfo", {
  username: field(string),
  uid: field(string),
  groups: field(celTypes.list(string)),
  extra: field(celTypes.map(string, celTypes.list(string))),
});

const ENVIRONMENTS = {
  claims: kubernetesEnvironment.extend({ variables: { claims: celTypes.map(string, celTypes.dyn) } }),
  user: kubernetesEnvironment.extend({ variables: { user } }),
} as const satisfies Record<string, Environment>;

const EXPECTED = {
  bool: [celTypes.bool],
  text: [string],
  texts: [string, celTypes.list(string), celTypes.list(celTypes.dyn), celTypes.null],
} as const;

/** The compiled expression, or what is wrong with it. */
export function compileExpression(
  source: string,
  over: keyof typeof ENVIRONMENTS,
  expect: keyof typeof EXPECTED,
): Expression | { readonly wrong: string } {
  const compiled = ENVIRONMENTS[over].compile(source, { expect: EXPECTED[expect] });
  if (!compiled.ok) return { wrong: `compilation failed: ${formatIssues(compiled.errors)}` };
  const { program } = compiled;
  return (input) => {
    try {
      return toJson(program.evaluate({ [over]: input }));
    } catch (error) {
      if (!(error instanceof CelEvaluationError)) throw error;
      throw new Error(`expression ${JSON.stringify(source)} resulted in error: ${error.message}`, { cause: error });
    }
  };
}
