/**
 * Evaluates the expressions of one scope over one activation, in whatever thread: they share a budget, and variables are evaluated when the first
 * expression names them, and once. Results are JSON.
 */
import type { CompiledExpression } from "@kubets/api/admissionregistration/expressions/compile";
import type { CompiledVariable } from "@kubets/api/admissionregistration/expressions/variables";
import {
  type Activation,
  Budget,
  CelEvaluationError,
  type CelValue,
  evaluated,
  type Program,
  toJson,
} from "@kubets/cel";
import type { JsonValue } from "@kubets/machinery";
import { misnamedPart } from "./misnamed-part.ts";

export type Evaluated =
  | { readonly value: JsonValue; readonly misnamed?: string; readonly error?: undefined }
  | { readonly value?: undefined; readonly error: string };

/** What all expressions together may cost is spent. */
export class BudgetSpent extends Error {
  constructor() {
    super("validation failed due to running out of cost budget, no further validation rules will be run");
  }
}

/** By when an expression must have come to an end, should its cost say too little: long enough for any cost that is allowed, on a busy machine. */
const LONGEST_MS = 1000;

export class ExpressionRun {
  readonly #activation: Activation;
  readonly #budget: Budget;

  constructor(activation: Activation, variables: readonly CompiledVariable[], budget = new Budget()) {
    this.#budget = budget;
    this.#activation = variables.length
      ? Object.assign(Object.create(activation) as object, { variables: this.#lazy(variables) })
      : activation;
  }

  /** Throws BudgetSpent when that is so; and what the activation throws, TooLong among it: then it is asked again from the start. */
  evaluate(source: string, { program, error }: CompiledExpression): Evaluated {
    if (!program) return { error: `compilation error: ${error}` };
    let value: CelValue;
    try {
      value = this.#run(program);
    } catch (cause) {
      if (!(cause instanceof CelEvaluationError)) throw cause;
      this.#checkBudget();
      return { error: `expression '${source}' resulted in error: ${cause.message}` };
    }
    this.#checkBudget();
    return shown(value);
  }

  #checkBudget(): void {
    if (this.#budget.exceeded) throw new BudgetSpent();
  }

  #run(program: Program): CelValue {
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

function shown(value: CelValue): Evaluated {
  const misnamed = misnamedPart(value, "Object");
  try {
    return { value: toJson(value), ...(misnamed && { misnamed }) };
  } catch (error) {
    if (error instanceof CelEvaluationError) return { error: error.message };
    throw error;
  }
}
