/**
 * Evaluates the expressions of one policy, or the match conditions of one webhook, for one request. They share a budget; variables are evaluated when
 * the first expression names them, and once. Others get their turn between expressions, and while an authorizer is waited for.
 */
import type { CompiledExpression } from "@kubets/api/admissionregistration/expressions/compile";
import type { CompiledVariable } from "@kubets/api/admissionregistration/expressions/variables";
import { type Activation, Budget, CelEvaluationError, type CelValue, evaluated } from "@kubets/cel";
import type { AdmissionRequest } from "../plugin.ts";
import { PendingAnswer } from "./authorizer.ts";
import { breakIfDue } from "./stretch.ts";

export interface Expression {
  readonly source: string;
  readonly compiled: CompiledExpression;
}

export type Evaluated =
  | { readonly value: CelValue; readonly error?: undefined }
  | { readonly value?: undefined; readonly error: string };

/** What all expressions together may cost is spent. */
export class BudgetSpent extends Error {
  constructor() {
    super("validation failed due to running out of cost budget, no further validation rules will be run");
  }
}

/** What the conditions of one webhook or policy may cost. */
export const CONDITIONS_BUDGET = 2_500_000;
/** By when an expression must have come to an end, should its cost say too little: long enough for any cost that is allowed, on a busy machine. */
const LONGEST_MS = 1000;

export class Evaluation {
  readonly #request: AdmissionRequest;
  readonly #activation: Activation;
  readonly #budget: Budget;

  constructor(
    request: AdmissionRequest,
    activation: Activation,
    variables: readonly CompiledVariable[] = [],
    budget = new Budget(),
  ) {
    this.#request = request;
    this.#budget = budget;
    this.#activation = variables.length
      ? Object.assign(Object.create(activation) as object, { variables: this.#lazy(variables) })
      : activation;
  }

  /** Rejects with BudgetSpent when that is so. */
  async evaluate(expression: Expression): Promise<Evaluated> {
    await breakIfDue(this.#request);
    for (;;) {
      try {
        return this.#evaluate(expression);
      } catch (error) {
        if (!(error instanceof PendingAnswer)) throw error;
        await error.answer;
      }
    }
  }

  #evaluate({ source, compiled }: Expression): Evaluated {
    if (!compiled.program) return { error: `compilation error: ${compiled.error}` };
    let evaluated: Evaluated;
    try {
      evaluated = { value: this.#run(compiled.program) };
    } catch (error) {
      if (!(error instanceof CelEvaluationError)) throw error;
      evaluated = { error: `expression '${source}' resulted in error: ${error.message}` };
    }
    if (this.#budget.exceeded) throw new BudgetSpent();
    return evaluated;
  }

  #run(program: NonNullable<CompiledExpression["program"]>): CelValue {
    return program.evaluate(this.#activation, { budget: this.#budget, deadline: performance.now() + LONGEST_MS });
  }

  #lazy(variables: readonly CompiledVariable[]): object {
    const values: Record<string, unknown> = {};
    for (const { name, compiled } of variables) {
      let outcome: { readonly value: unknown } | { readonly failure: CelEvaluationError } | undefined;
      Object.defineProperty(values, name, {
        enumerable: true,
        get: () => {
          outcome ??= this.#settle(name, compiled);
          if ("failure" in outcome) throw outcome.failure;
          return outcome.value;
        },
      });
    }
    return values;
  }

  #settle(name: string, { program, error }: CompiledExpression) {
    const failed = (why: string) => ({
      failure: new CelEvaluationError(`composited variable ${JSON.stringify(name)} fails to evaluate: ${why}`),
    });
    if (!program) return failed(error);
    try {
      return { value: evaluated(this.#run(program)) };
    } catch (cause) {
      if (cause instanceof CelEvaluationError) return failed(cause.message);
      throw cause;
    }
  }
}
