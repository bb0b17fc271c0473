/** What is said of a rule that does not hold. */
import type { FieldError } from "@kubets/machinery";
import type { ValidationRule } from "../generated/types/apiextensions-v1.ts";
import type { CompiledRule } from "./compiled-rules.ts";

const LONGEST_MESSAGE = 5120;

/** How errors name a rule: by its message, or else itself. */
export const ruleText = ({ message, rule }: ValidationRule): string => (message ? message.trim() : rule.trim());

export function failed({ rule }: CompiledRule, value: unknown, field: string, said: string | undefined): FieldError {
  const detail = isMessage(said)
    ? said.trim()
    : rule.message
      ? rule.message.trim()
      : `failed rule: ${rule.rule.trim()}`;
  const at = fieldOf(field, rule.fieldPath);
  // Of lists and objects only the place is told.
  const shown = typeof value === "object" ? {} : { value };
  switch (rule.reason) {
    case "FieldValueForbidden":
    case "FieldValueRequired":
      return { type: rule.reason, field: at, detail };
    case "FieldValueDuplicate":
      return { type: rule.reason, field: at, value, detail: "" };
    default:
      return { type: "FieldValueInvalid", field: at, ...shown, detail };
  }
}

const isMessage = (text: string | undefined): text is string =>
  text !== undefined && text.trim() !== "" && !/[\r\n]/.test(text.trim()) && text.length <= LONGEST_MESSAGE;

/** ".a['b-c'].d" below a field. */
function fieldOf(field: string, path: string | undefined): string {
  if (!path) return field;
  const below = path.replace(/\['((?:[^'\\]|\\.)*)'\]/g, (_, name: string) => `.${name.replace(/\\(.)/g, "$1")}`);
  return field === "<nil>" ? below.slice(1) : `${field}${below}`;
}
