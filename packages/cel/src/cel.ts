/**
 * The contract of the expression language.
 *
 * An `Environment` says what expressions may name: variables with their types, object types, libraries. It compiles a
 * source to a `Program`, or tells what is wrong as `CelIssue`s, which print as the original's do (`formatIssues`).
 *
 *     const env = kubernetesEnvironment.extend({ variables: { object: celTypes.dyn } });
 *     const compiled = env.compile("object.spec.replicas <= 5", { expect: [celTypes.bool] });
 *     if (!compiled.ok) return formatIssues(compiled.errors);
 *     compiled.program.evaluate({ object: pod }, { budget });
 *
 * Variables are plain JSON, as the API server holds it, and are read as their types say when an expression asks. What
 * an expression gave is handed on with `evaluated(value)`, and becomes JSON by `toJson`. An activation's getter is
 * called when its variable is first used.
 *
 * Holds: compiling never throws; evaluating throws a `CelEvaluationError` in the original's words, and a
 * `CelLimitError` (also one) when it costs more than its limit or lasts beyond its deadline. Within a stretch (see
 * @kubets/machinery/stretch) both throw `TooLong` where they would take longer.
 */
export { adaptDynamic, type Evaluated, evaluated } from "./adapt.ts";
export type { CostRange } from "./cost-range.ts";
export { ENDLESS } from "./cost-range.ts";
export type { Library, Overload } from "./declarations.ts";
export {
  Budget,
  type Compiled,
  type CompileOptions,
  Environment,
  type EnvironmentOptions,
  type EvaluateOptions,
  environment,
  PER_CALL_LIMIT,
  Program,
  RUNTIME_COST_BUDGET,
} from "./environment.ts";
export { celEquals } from "./equality.ts";
export { CelEvaluationError, CelLimitError } from "./errors.ts";
export { escapeFieldName, unescapeFieldName } from "./field-names.ts";
export { formatValue } from "./format-value.ts";
export type { Activation } from "./frame.ts";
export { type CelIssue, formatIssues } from "./issue.ts";
export { toJson } from "./json.ts";
export { kubernetesEnvironment } from "./kubernetes.ts";
export {
  type Ask,
  type AuthorizationAnswer,
  type AuthorizationQuestion,
  AuthorizerValue,
  authorizers,
  ResourceCheck,
} from "./libraries/authorizer.ts";
export { jsonPatches, jsonPatchType } from "./libraries/json-patch.ts";
export { quantity as quantityValue } from "./libraries/quantities.ts";
export { compareSemvers, semverValue } from "./libraries/semvers.ts";
export * from "./types.ts";
export * from "./values.ts";
