/** Any kind: its fields with their names spelled out, level by level. */
import { isObject } from "@kubets/machinery/json-value";
import { type JsonObject, type JsonValue, objectAt } from "../json.ts";
import { goValue } from "../print/go-template/functions.ts";
import type { Describer } from "./describer.ts";
import { eventLines } from "./events.ts";
import type { Lines } from "./lines.ts";
import { annotations, head, labels } from "./metadata.ts";

const SHOWN_ABOVE = new Set(["name", "namespace", "labels", "annotations", "managedFields"]);

export const generic: Describer = ({ object, lines, events, now }) => {
  head(lines, object);
  labels(lines, object);
  annotations(lines, object);
  const metadata = Object.fromEntries(
    Object.entries(objectAt(object, "metadata")).filter(([key]) => !SHOWN_ABOVE.has(key)),
  );
  fields(lines, 0, { ...object, metadata });
  eventLines(lines, events, now);
};

function fields(lines: Lines, level: number, object: JsonObject): void {
  for (const key of Object.keys(object).sort()) {
    const value = object[key] as JsonValue;
    const title = titleOf(key);
    if (isObject(value)) {
      lines.line(level, `${title}:`);
      fields(lines, level + 1, value);
    } else if (Array.isArray(value)) {
      lines.line(level, `${title}:`);
      for (const item of value) {
        if (isObject(item)) fields(lines, level + 1, item);
        else lines.line(level + 1, goValue(item));
      }
    } else lines.field(level, title, goValue(value));
  }
}

const ACRONYMS = new Set(["API", "URL", "UID", "OSB", "GUID"]);

/** "creationTimestamp" -> "Creation Timestamp"; what has more than letters stays as it is. */
export function titleOf(field: string): string {
  if (/[^\p{L}-]/u.test(field)) return field;
  const words = field.match(/[A-Z]+(?![a-z])|[A-Z]?[a-z]+|[0-9]+|[^A-Za-z0-9]+/g) ?? [field];
  return words
    .flatMap((word) => (/^[^A-Za-z0-9]+$/.test(word) && word.trim() === "" ? [] : [word]))
    .map((word) =>
      ACRONYMS.has(word.toUpperCase()) ? word.toUpperCase() : (word[0] ?? "").toUpperCase() + word.slice(1),
    )
    .join(" ");
}
