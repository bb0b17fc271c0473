/** The beginning of a value as JSON, for people to read: it takes as long as what is told of the value, however large that is. */
import { stringifyJson } from "./json.ts";
import type { ReadonlyJson } from "./json-value.ts";

export function jsonExcerpt(value: unknown, length: number): string {
  let text = "";
  const isOver = () => text.length > length;
  const tell = (at: unknown): void => {
    if (typeof at === "string") text += JSON.stringify(at.slice(0, length + 1));
    else if (!isContainer(at)) text += stringifyJson(at as ReadonlyJson) ?? "null";
    else if (Array.isArray(at)) {
      text += "[";
      for (let i = 0; i < at.length && !isOver(); i++) {
        if (i > 0) text += ",";
        tell(at[i]);
      }
      text += "]";
    } else {
      let before = "{";
      for (const key of Object.keys(at)) {
        if (isOver()) break;
        if (at[key] === undefined) continue;
        text += `${before}${JSON.stringify(key)}:`;
        tell(at[key]);
        before = ",";
      }
      text += before === "{" ? "{}" : "}";
    }
  };
  tell(value);
  return isOver() ? `${text.slice(0, length)}...` : text;
}

/** What says itself how it is told is none. */
const isContainer = (value: unknown): value is Readonly<Record<string, unknown>> =>
  typeof value === "object" && value !== null && typeof (value as { toJSON?: unknown }).toJSON !== "function";
