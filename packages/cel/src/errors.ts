/**
 * Why an evaluation has no value. An error of an operand may be overruled by `&&`, `||` and the macros built on them;
 * a spent budget may not.
 */
export class CelEvaluationError extends Error {
  override readonly name: string = "CelEvaluationError";
}

/** The budget of cost or time is spent. */
export class CelLimitError extends CelEvaluationError {
  override readonly name = "CelLimitError";
}

/** Makes the error without the cost of a stack: errors are values of the language, and may be many. */
export function failure(message: string): CelEvaluationError {
  const limit = Error.stackTraceLimit;
  Error.stackTraceLimit = 0;
  const error = new CelEvaluationError(message);
  Error.stackTraceLimit = limit;
  return error;
}

export const noSuchOverload = (): CelEvaluationError => failure("no such overload");
export const noSuchKey = (key: string): CelEvaluationError => failure(`no such key: ${key}`);

/** What may be overruled; a spent budget and bugs may not. */
export function absorbed(error: unknown): CelEvaluationError {
  if (error instanceof CelLimitError || !(error instanceof CelEvaluationError)) throw error;
  return error;
}
