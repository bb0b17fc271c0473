/** Label selectors over objects that are at hand, for verbs that read files. */
import { parseLabelSelector } from "@kubets/machinery/label-selector";
import { UsageError } from "../errors.ts";
import { type JsonObject, labelsOf } from "../json.ts";

export function labelSelectorOfText(text: string): (object: JsonObject) => boolean {
  if (text === "") return () => true;
  try {
    const selector = parseLabelSelector(text);
    return (object) => selector.matches(labelsOf(object));
  } catch (error) {
    throw new UsageError((error as Error).message);
  }
}
