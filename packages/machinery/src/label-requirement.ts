/**
 * One requirement of a label selector: checked, matched against labels, printed.
 * Holds: `requirementMatches` never looks at a prototype; the values of a printed requirement are sorted.
 */
import { type FieldError, fieldErrorText, invalidValue } from "./field-error.ts";
import { labelKey, labelValue } from "./names.ts";

export type Labels = Readonly<Record<string, string>>;

export type SelectorOperator = "in" | "notin" | "=" | "==" | "!=" | "gt" | "lt" | "exists" | "!";

export interface Requirement {
  readonly key: string;
  readonly operator: SelectorOperator;
  readonly values: readonly string[];
}

export class SelectorError extends Error {
  override readonly name = "SelectorError";
}

/** A requirement that is checked; throws a SelectorError naming `key`, `values[0]`, ... when it is invalid. */
export function newRequirement(key: string, operator: SelectorOperator, values: readonly string[]): Requirement {
  const errors = requirementErrors(key, operator, values).map(fieldErrorText);
  if (errors.length > 1) throw new SelectorError(`[${[...new Set(errors)].join(", ")}]`);
  if (errors.length === 1) throw new SelectorError(errors[0] as string);
  return { key, operator, values };
}

function requirementErrors(key: string, operator: SelectorOperator, values: readonly string[]): FieldError[] {
  const errors: FieldError[] = [];
  const keyProblems = labelKey(key);
  if (keyProblems.length) errors.push(invalidValue("key", key, keyProblems.join("; ")));
  errors.push(...valueCountErrors(operator, values));
  for (const [i, value] of values.entries()) {
    const problems = labelValue(value);
    if (problems.length) errors.push(invalidValue(`values[${i}][${key}]`, value, problems.join("; ")));
  }
  return errors;
}

function valueCountErrors(operator: SelectorOperator, values: readonly string[]): FieldError[] {
  const wrong = (detail: string) => [invalidValue("values", values, detail)];
  switch (operator) {
    case "in":
    case "notin":
      return values.length === 0 ? wrong("for 'in', 'notin' operators, values set can't be empty") : [];
    case "=":
    case "==":
    case "!=":
      return values.length === 1 ? [] : wrong("exact-match compatibility requires one single value");
    case "exists":
    case "!":
      return values.length === 0 ? [] : wrong("values set must be empty for exists and does not exist");
    default: {
      const detail = "for 'Gt', 'Lt' operators, the value must be an integer";
      return [
        ...(values.length === 1 ? [] : wrong("for 'Gt', 'Lt' operators, exactly one value is required")),
        ...values.flatMap((v, i) => (parseInt64(v) === undefined ? [invalidValue(`values[${i}]`, v, detail)] : [])),
      ];
    }
  }
}

export function requirementMatches({ key, operator, values }: Requirement, labels: Labels): boolean {
  const found: unknown = labels[key];
  const value = typeof found === "string" ? found : undefined;
  switch (operator) {
    case "in":
    case "=":
    case "==":
      return value !== undefined && values.includes(value);
    case "notin":
    case "!=":
      return value === undefined || !values.includes(value);
    case "exists":
      return value !== undefined;
    case "!":
      return value === undefined;
    default: {
      const [left, right] = [parseInt64(value ?? ""), parseInt64(values[0] ?? "")];
      if (left === undefined || right === undefined || values.length !== 1) return false;
      return operator === "gt" ? left > right : left < right;
    }
  }
}

export function requirementText({ key, operator, values }: Requirement): string {
  if (operator === "exists") return key;
  if (operator === "!") return `!${key}`;
  const list = [...values].sort(compareText).join(",");
  if (operator === "in" || operator === "notin") return `${key} ${operator} (${list})`;
  return `${key}${operator === "gt" ? ">" : operator === "lt" ? "<" : operator}${list}`;
}

function parseInt64(text: string): bigint | undefined {
  if (!/^[+-]?[0-9]{1,40}$/.test(text)) return undefined;
  const value = text.startsWith("+") ? BigInt(text.slice(1)) : BigInt(text);
  return BigInt.asIntN(64, value) === value ? value : undefined;
}

export const compareText = (a: string, b: string): number => (a < b ? -1 : a > b ? 1 : 0);
