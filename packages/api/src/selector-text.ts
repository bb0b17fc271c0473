/** A label selector as one line of text, as Scale objects and tables show it. */
import type { LabelSelector } from "./generated/types/meta-v1.ts";

/** "app=a,tier in (x,y),!old"; an empty selector selects everything and reads as "". */
export function selectorText(selector: LabelSelector | undefined): string {
  if (!selector) return "";
  const labels = Object.entries(selector.matchLabels ?? {}).map(([key, value]) => ({ key, text: `${key}=${value}` }));
  const expressions = (selector.matchExpressions ?? []).map(({ key, operator, values = [] }) => {
    const list = `(${[...values].sort().join(",")})`;
    if (operator === "Exists") return { key, text: key };
    if (operator === "DoesNotExist") return { key, text: `!${key}` };
    return { key, text: `${key} ${operator === "In" ? "in" : "notin"} ${list}` };
  });
  const all = [...labels, ...expressions];
  return all
    .sort((a, b) => (a.key < b.key ? -1 : a.key > b.key ? 1 : 0))
    .map(({ text }) => text)
    .join(",");
}
