/**
 * An expression of a policy or webhook as data, with all that its meaning hangs on, so that any thread can compile it; compiled when it is first needed.
 * One that takes too long to compile for a stretch stays data here, and is compiled and evaluated elsewhere.
 */
import {
  type CompiledExpression,
  compileExpression,
  wanted,
} from "@kubets/api/admissionregistration/expressions/compile";
import { expressionEnvironment, mutationEnvironment } from "@kubets/api/admissionregistration/expressions/environment";
import { type CompiledVariables, compileVariables } from "@kubets/api/admissionregistration/expressions/variables";
import type { Variable } from "@kubets/api/generated/types/admissionregistration-v1";
import { inOneStretch, ONE_STRETCH, TooLong } from "@kubets/machinery/stretch";

/** What the expressions of one policy, or of one webhook's conditions, have in common. */
export interface Scope {
  readonly params: boolean;
  readonly variables: readonly Variable[];
}

export interface ExpressionText {
  readonly source: string;
  readonly wants: keyof typeof wanted;
  /** Whether it may ask the authorizer; messages may not. */
  readonly authorizer: boolean;
}

/** The expressions of one scope; variables are compiled once. */
export class Expressions {
  readonly scope: Scope;
  /** Within how many steps an expression is compiled. */
  readonly #stretch: number;
  readonly #compiled = new Map<string, CompiledExpression | "long">();
  #variables: CompiledVariables | "long" | undefined;

  constructor(scope: Scope, stretch = ONE_STRETCH) {
    this.scope = scope;
    this.#stretch = stretch;
  }

  /** Nothing where that takes too long. */
  get variables(): CompiledVariables | undefined {
    const { params, variables } = this.scope;
    this.#variables ??= this.#unlessLong(() => compileVariables(variables, { params, authorizer: true }));
    return this.#variables === "long" ? undefined : this.#variables;
  }

  /** Nothing where that takes too long. */
  compiled(text: ExpressionText): CompiledExpression | undefined {
    const { variables } = this;
    if (!variables) return undefined;
    const key = `${text.wants} ${text.authorizer} ${text.source}`;
    let compiled = this.#compiled.get(key);
    if (!compiled) this.#compiled.set(key, (compiled = this.#unlessLong(() => this.#compile(text, variables))));
    return compiled === "long" ? undefined : compiled;
  }

  #compile({ source, wants, authorizer }: ExpressionText, { types }: CompiledVariables): CompiledExpression {
    const scope = { params: this.scope.params, authorizer, variables: types };
    const isMutation = wants === "object" || wants === "jsonPatch";
    const environment = isMutation ? mutationEnvironment(scope, source) : expressionEnvironment(scope);
    return compileExpression(source, environment, wanted[wants]);
  }

  #unlessLong<T>(compile: () => T): T | "long" {
    try {
      return inOneStretch(compile, this.#stretch);
    } catch (error) {
      if (error instanceof TooLong) return "long";
      throw error;
    }
  }
}
