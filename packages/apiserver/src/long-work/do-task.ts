/** Long work itself, as the thread does it: judges objects and evaluates expressions by the same code as the server, without a bound on the stretch. */
import { builtInResources } from "@kubets/api/all";
import { customStrategy, ratchetedWarnings, statusStrategy } from "@kubets/api/custom/strategy";
import type { KubeObject } from "@kubets/api/meta";
import type { PartStrategy, ResourceDefinition, Strategy, WriteContext } from "@kubets/api/resource";
import { ruleTimes } from "@kubets/api/rules/rule-times";
import type { AuthorizationQuestion } from "@kubets/cel";
import { Budget } from "@kubets/cel";
import { inTime, TooLong } from "@kubets/machinery/stretch";
import { authorizerVariables } from "../admission/expressions/authorizer.ts";
import { Expressions } from "../admission/expressions/expression.ts";
import { BudgetSpent, ExpressionRun } from "../admission/expressions/run.ts";
import type {
  Answer,
  EvaluateResult,
  EvaluateTask,
  Given,
  Judged,
  JudgedKind,
  JudgeTask,
  Result,
  Session,
  Task,
} from "./messages.ts";
import { type Part, withPart } from "./parts.ts";

type Judge = Pick<Strategy & PartStrategy, "validate" | "validateUpdate">;

/** Only schemas and expressions can take long, and kinds that hold them ask for nothing about the write. */
const NO_CONTEXT = new Proxy({} as WriteContext, {
  get: (_, name) => {
    throw new Error(`the thread for long work does not know ${String(name)}`);
  },
});

class Unanswered extends Error {
  readonly question: AuthorizationQuestion;
  constructor(question: AuthorizationQuestion) {
    super("an authorizer is to be asked");
    this.question = question;
  }
}

/** Long enough for whatever is within the limits of costs, on a busy machine. */
const LONGEST_MS = 5000;

interface Evaluating {
  readonly expressions: Expressions;
  readonly run: ExpressionRun;
  readonly answers: Map<string, Answer[1]>;
}

export class Tasks {
  readonly #longestMs: number;
  readonly #definitions = new Map(builtInResources.map((d) => [`${d.group}/${d.version}/${d.resource}`, d]));
  readonly #custom = new Map<string, { readonly whole: Judge; readonly status: Judge }>();
  readonly #sessions = new Map<number, Evaluating>();
  readonly #given = new Map<number, unknown>();

  constructor(longestMs = LONGEST_MS) {
    this.#longestMs = longestMs;
  }

  do(task: Task): Result {
    try {
      return inTime(this.#longestMs, () => (task.what === "judge" ? this.#judge(task) : this.#evaluate(task)));
    } catch (error) {
      if (error instanceof TooLong) return { tooLong: true };
      throw error;
    }
  }

  give(given: number, part: Part): void {
    this.#given.set(given, withPart(this.#given.get(given), part));
  }

  forget(given: number): void {
    this.#given.delete(given);
  }

  #valueOf<T>({ given }: Given): T {
    if (!this.#given.has(given)) throw new Error(`the thread for long work was not given ${given}`);
    return this.#given.get(given) as T;
  }

  end(session: number): void {
    this.#sessions.delete(session);
  }

  #judge({ kind, subresource, object: given, old }: JudgeTask): Judged {
    const judge = this.#judgeOf(kind, subresource);
    const object = this.#valueOf<KubeObject>(given);
    const errors = old
      ? judge.validateUpdate?.(object, this.#valueOf<KubeObject>(old), NO_CONTEXT)
      : judge.validate?.(object, NO_CONTEXT);
    return { errors: errors ?? [], ratcheted: ratchetedWarnings(object), times: ruleTimes.take() };
  }

  #judgeOf(kind: JudgedKind, subresource: string): Judge {
    if ("resource" in kind) {
      const definition = this.#definitions.get(`${kind.group}/${kind.version}/${kind.resource}`) as ResourceDefinition;
      return subresource === "" ? definition : (definition.subresources?.[subresource] as PartStrategy);
    }
    const { key, rules } = kind;
    let custom = this.#custom.get(key);
    if (!custom && rules) {
      const schema = () => rules.schema;
      custom = { whole: customStrategy(schema, rules), status: statusStrategy(schema, rules.scale) as PartStrategy };
      this.#custom.set(key, custom);
    }
    if (!custom) throw new Error(`the rules of ${key} were not sent`);
    return subresource === "status" ? custom.status : custom.whole;
  }

  #evaluate({ session, begin, text, answers }: EvaluateTask): EvaluateResult {
    const evaluating = this.#sessions.get(session) ?? this.#beginning(begin as Session);
    this.#sessions.set(session, evaluating);
    for (const [question, answer] of answers) evaluating.answers.set(JSON.stringify(question), answer);
    try {
      const compiled = evaluating.expressions.compiled(text);
      // No stretch ends here, but the time did.
      if (!compiled) throw new TooLong();
      return { evaluated: evaluating.run.evaluate(text.source, compiled) };
    } catch (error) {
      if (error instanceof Unanswered) return { question: error.question };
      if (error instanceof BudgetSpent) return { budgetSpent: true };
      throw error;
    }
  }

  #beginning({ scope, values, own, budget }: Session): Evaluating {
    const expressions = new Expressions(scope, Number.POSITIVE_INFINITY);
    const answers = new Map<string, Answer[1]>();
    const { authorizer, requestResource } = authorizerVariables({
      own,
      ask: (question) => {
        const answer = answers.get(JSON.stringify(question));
        if (!answer) throw new Unanswered(question);
        return answer;
      },
    });
    const given = Object.fromEntries(Object.entries(values).map(([name, value]) => [name, this.#valueOf(value)]));
    const activation = { ...given, authorizer, "authorizer.requestResource": requestResource };
    return {
      expressions,
      run: new ExpressionRun(activation, expressions.variables?.variables ?? [], new Budget(budget)),
      answers,
    };
  }
}
