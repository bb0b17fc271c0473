/** What the validations and audit annotations of one policy make of a request. Only what is wrong is told. */
import type { Evaluation } from "../../expressions/evaluation.ts";
import type { CompiledValidatingPolicy, CompiledValidation } from "./compile.ts";

export interface Decision {
  /** Which of the validations. */
  readonly index: number;
  readonly message: string;
  readonly reason?: string;
}

export interface Decided {
  readonly decisions: readonly Decision[];
  readonly annotations: readonly { readonly key: string; readonly value: string }[];
}

const LONGEST_MESSAGE = 5 * 1024;
const LONGEST_ANNOTATION = 10 * 1024;

/** Rejects when the budget is spent. */
export async function decide(
  { validations, annotations }: CompiledValidatingPolicy,
  failurePolicy: string | undefined,
  evaluation: Evaluation,
): Promise<Decided> {
  const failed = (index: number, message: string): Decision[] =>
    failurePolicy === "Ignore" ? [] : [{ index, message }];
  const decisions: Decision[] = [];
  for (const [index, validation] of validations.entries()) {
    const { value, error } = await evaluation.evaluate(validation.expression);
    const { reason } = validation.spec;
    if (error !== undefined) decisions.push(...failed(index, error));
    else if (value !== true)
      decisions.push({ index, message: await messageOf(validation, evaluation), ...(reason && { reason }) });
  }
  const noted: { key: string; value: string }[] = [];
  for (const { spec, value: expression } of annotations) {
    const { value, error } = await evaluation.evaluate(expression);
    if (error !== undefined) decisions.push(...failed(validations.length, error));
    else if (typeof value === "string" && value !== "")
      noted.push({ key: spec.key, value: value.slice(0, LONGEST_ANNOTATION) });
  }
  return { decisions, annotations: noted };
}

/** What the message expression says, if that can be shown; else the message; else the expression itself. */
async function messageOf({ spec, message }: CompiledValidation, evaluation: Evaluation): Promise<string> {
  const said = message && (await evaluation.evaluate(message)).value;
  if (typeof said === "string") {
    const text = said.trim();
    if (text !== "" && text.length <= LONGEST_MESSAGE && !text.includes("\n")) return text;
  }
  return spec.message?.trim() || `failed expression: ${spec.expression.trim()}`;
}
