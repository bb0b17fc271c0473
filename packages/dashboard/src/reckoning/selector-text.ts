/** A selector as the text in which the server takes it, and in which people read it. */
import type { LabelSelector, LabelSelectorRequirement } from "@kubets/api/generated/types/meta-v1";

export const labelsText = (labels: Readonly<Record<string, string>> | undefined): string =>
  Object.entries(labels ?? {})
    .map(([name, value]) => `${name}=${value}`)
    .join(",");

/** Empty for a selector that takes all. */
export const selectorText = ({ matchLabels, matchExpressions = [] }: LabelSelector): string =>
  [labelsText(matchLabels), ...matchExpressions.map(requirementText)].filter(Boolean).join(",");

function requirementText({ key, operator, values = [] }: LabelSelectorRequirement): string {
  if (operator === "Exists") return key;
  if (operator === "DoesNotExist") return `!${key}`;
  return `${key} ${operator === "NotIn" ? "notin" : "in"} (${values.join(",")})`;
}
