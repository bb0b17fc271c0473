/** The annotation in which client-side apply remembers what it last wrote. */
import { parseJson } from "@kubets/machinery/json";
import { jsonText } from "@kubets/machinery/json-text";
import { isObject } from "@kubets/machinery/json-value";
import { type JsonObject, mapAt } from "../json.ts";

export const LAST_APPLIED = "kubectl.kubernetes.io/last-applied-configuration";

/** The object without the annotation. */
export function withoutLastApplied(object: JsonObject): JsonObject & { metadata: JsonObject } {
  const { [LAST_APPLIED]: _, ...annotations } = mapAt(object, "metadata", "annotations");
  return { ...object, metadata: { ...(object.metadata as JsonObject), annotations } };
}

/** The object with the annotation that says how it is itself, without it. */
export function withLastApplied(object: JsonObject): JsonObject {
  const plain = withoutLastApplied(object);
  const annotations = mapAt(plain, "metadata", "annotations");
  const text = `${jsonText(plain)}\n`;
  return { ...plain, metadata: { ...plain.metadata, annotations: { ...annotations, [LAST_APPLIED]: text } } };
}

/** What was last applied to a live object; undefined where nothing was, or nobody can read it. */
export function lastApplied(live: JsonObject): JsonObject | undefined {
  const text = mapAt(live, "metadata", "annotations")[LAST_APPLIED];
  if (!text) return undefined;
  const value = parseJson(text);
  return isObject(value) ? value : undefined;
}
