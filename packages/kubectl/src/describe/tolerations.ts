/** Tolerations and taints as text. */
import { type JsonObject, numberAt, textAt } from "../json.ts";
import type { Lines } from "./lines.ts";

export function tolerationLines(lines: Lines, level: number, tolerations: readonly JsonObject[]): void {
  const texts = tolerations.map(text);
  const [first = "<none>", ...more] = texts;
  lines.field(level, "Tolerations", first);
  for (const each of more) lines.line(level, `\t${each}`);
}

function text(toleration: JsonObject): string {
  const [key, value, effect, operator] = ["key", "value", "effect", "operator"].map((field) =>
    textAt(toleration, field),
  );
  let written = `${key ?? ""}${value ? `=${value}` : ""}${effect ? `:${effect}` : ""}`;
  if (operator === "Exists" && !value) written += key || effect ? " op=Exists" : "op=Exists";
  if (toleration.tolerationSeconds !== undefined) written += ` for ${numberAt(toleration, "tolerationSeconds")}s`;
  return written;
}

export const taintText = (taint: JsonObject): string => {
  const value = textAt(taint, "value");
  return `${textAt(taint, "key")}${value ? `=${value}` : ""}:${textAt(taint, "effect")}`;
};
