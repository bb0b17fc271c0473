/** Where objects hold templates of pods and the specs in them. */
import { isObject } from "@kubets/machinery/json-value";
import { at, type JsonObject } from "../json.ts";

/** The template of an object's pods, by reference: what is changed there is changed in the object. */
export function templateOf(object: JsonObject): JsonObject | undefined {
  for (const path of [
    ["spec", "template"],
    ["spec", "jobTemplate", "spec", "template"],
  ]) {
    const found = at(object, ...path);
    if (isObject(found)) return found;
  }
  return undefined;
}

/** The spec of an object's pods, or of itself where it is one. */
export function podSpecOf(object: JsonObject): JsonObject | undefined {
  const spec = object["kind"] === "Pod" ? at(object, "spec") : at(templateOf(object), "spec");
  return isObject(spec) ? spec : undefined;
}

export function containersOf(object: JsonObject): JsonObject[] {
  const spec = podSpecOf(object);
  return ["initContainers", "containers"].flatMap((field) => (spec?.[field] ?? []) as JsonObject[]);
}

/** An object in an object, made where there is none. */
export function below(object: JsonObject, ...path: readonly string[]): JsonObject {
  let found = object;
  for (const name of path) {
    if (!isObject(found[name])) found[name] = {};
    found = found[name] as JsonObject;
  }
  return found;
}
