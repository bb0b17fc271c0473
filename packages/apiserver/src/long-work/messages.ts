/** What the server's thread and the one for long work say to each other. All of it can be copied from thread to thread. */
import type { CustomRules } from "@kubets/api/custom/strategy";
import type { TimesTaken } from "@kubets/api/rules/rule-times";
import type { AuthorizationAnswer, AuthorizationQuestion } from "@kubets/cel";
import type { FieldError } from "@kubets/machinery";
import type { ExpressionText, Scope } from "../admission/expressions/expression.ts";
import type { Evaluated } from "../admission/expressions/run.ts";

/** A kind that the thread knows, or rules by which it can judge one: sent once, then named by their key. */
export type JudgedKind =
  | { readonly group: string; readonly version: string; readonly resource: string }
  | { readonly key: string; readonly rules?: CustomRules };

/** What the thread has been given before. */
export interface Given {
  readonly given: number;
}

export interface JudgeTask {
  readonly what: "judge";
  readonly kind: JudgedKind;
  readonly subresource: string;
  readonly object: Given;
  readonly old?: Given;
}

/** A part of a value that is given: the value itself, or members of a container in it that was given before. */
interface GivePart {
  readonly what: "give";
  readonly given: number;
  readonly path: readonly (string | number)[];
  readonly part: unknown;
}

export interface Judged {
  readonly errors: FieldError[];
  /** What is wrong but was before. */
  readonly ratcheted: readonly string[];
  readonly times: TimesTaken;
}

/** What the expressions of one evaluation share: sent with the first of them. */
export interface Session {
  readonly scope: Scope;
  readonly values: Readonly<Record<string, Given>>;
  readonly own: object;
  readonly budget: number;
}

export type Answer = readonly [question: AuthorizationQuestion, answer: AuthorizationAnswer];

export interface EvaluateTask {
  readonly what: "evaluate";
  readonly session: number;
  readonly begin?: Session;
  readonly text: ExpressionText;
  /** To questions that were asked before. */
  readonly answers: readonly Answer[];
}

/** A question: the evaluation begins again when its answer is there. */
export type EvaluateResult =
  | { readonly evaluated: Evaluated }
  | { readonly question: AuthorizationQuestion }
  | { readonly budgetSpent: true };

/** It is not done within the time that there is. */
export interface NotDone {
  readonly tooLong: true;
}
export type Result = Judged | EvaluateResult | NotDone;

interface EndTask {
  readonly what: "end";
  readonly session: number;
}

/** What was given is not needed any more. */
interface ForgetTask {
  readonly what: "forget";
  readonly given: number;
}

export type Task = JudgeTask | EvaluateTask;
export type ToThread = (Task & { readonly id: number }) | EndTask | GivePart | ForgetTask;
export interface FromThread {
  readonly id: number;
  readonly result?: Result;
  readonly failed?: string;
}
