/**
 * Evaluates the expressions of one policy, or the match conditions of one webhook, for one request. Others get their turn between expressions, and while an
 * authorizer is waited for. What would hold them up for longer is done in another thread, from the first such expression on.
 */
import { type Activation, type AuthorizationQuestion, Budget } from "@kubets/cel";
import { inOneStretch, TooLong } from "@kubets/machinery/stretch";
import { type ElsewhereEvaluation, longWork } from "../../long-work/long-work.ts";
import type { AdmissionRequest } from "../plugin.ts";
import { PendingAnswer, questionsOf } from "./authorizer.ts";
import type { Expressions, ExpressionText } from "./expression.ts";
import { type Evaluated, ExpressionRun } from "./run.ts";
import { breakIfDue } from "./stretch.ts";

/** What the conditions of one webhook or policy may cost. */
export const CONDITIONS_BUDGET = 2_500_000;

export class Evaluation {
  readonly #request: AdmissionRequest;
  readonly #activation: Activation;
  readonly #expressions: Expressions;
  readonly #budget: Budget;
  #run: ExpressionRun | undefined;
  #elsewhere: ElsewhereEvaluation | undefined;

  constructor(
    request: AdmissionRequest,
    activation: Activation,
    expressions: Expressions,
    budget: Budget = new Budget(),
  ) {
    this.#request = request;
    this.#activation = activation;
    this.#expressions = expressions;
    this.#budget = budget;
  }

  /** Rejects with BudgetSpent when that is so. */
  async evaluate(text: ExpressionText): Promise<Evaluated> {
    await breakIfDue(this.#request);
    while (!this.#elsewhere) {
      try {
        const evaluated = this.#here(text);
        if (evaluated) return evaluated;
        this.#elsewhere = longWork.evaluation(this.#expressions.scope, this.#activation, this.#budget.remaining);
      } catch (error) {
        if (!(error instanceof PendingAnswer)) throw error;
        await error.answer;
      }
    }
    return this.#elsewhere.evaluate(text, (question) => this.#answer(question));
  }

  /** Nothing where it would take too long. */
  #here(text: ExpressionText): Evaluated | undefined {
    const { variables } = this.#expressions;
    const compiled = this.#expressions.compiled(text);
    if (!variables || !compiled) return undefined;
    this.#run ??= new ExpressionRun(this.#activation, variables.variables, this.#budget);
    const run = this.#run;
    try {
      return inOneStretch(() => run.evaluate(text.source, compiled));
    } catch (error) {
      if (error instanceof TooLong) return undefined;
      throw error;
    }
  }

  async #answer(question: AuthorizationQuestion) {
    for (;;) {
      try {
        return questionsOf(this.#activation).ask(question);
      } catch (error) {
        if (!(error instanceof PendingAnswer)) throw error;
        await error.answer;
      }
    }
  }
}
