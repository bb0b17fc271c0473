/** Whether a secret's text is a registry configuration: a JSON object. The problem is told as the original's JSON reader tells it. */
import { parseJson } from "@kubets/machinery/json";

export function dockerConfigProblem(text: string): string | undefined {
  try {
    const value: unknown = parseJson(text);
    if (value === null || (typeof value === "object" && !Array.isArray(value))) return undefined;
    return `json: cannot unmarshal ${goKind(value)} into Go value of type map[string]interface {}`;
  } catch (error) {
    return error instanceof Error ? error.message : String(error);
  }
}

const goKind = (value: unknown): string =>
  Array.isArray(value)
    ? "array"
    : typeof value === "boolean"
      ? "bool"
      : typeof value === "string"
        ? "string"
        : "number";
