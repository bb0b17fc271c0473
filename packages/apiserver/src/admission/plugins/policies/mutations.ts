/** What one mutation of a policy makes of the object: a configuration laid over it as server-side apply would, or a JSON patch. */
import { mergeObjects } from "@kubets/api/apply/merge";
import { shapeOfStruct } from "@kubets/api/apply/struct-shape";
import { typedError } from "@kubets/api/apply/typed-errors";
import type { PlainObject } from "@kubets/api/meta";
import type { Struct } from "@kubets/api/schema";
import { applyJsonPatch, JsonPatchError } from "@kubets/machinery/json-patch";
import type { JsonObject, JsonValue } from "@kubets/machinery/json-value";
import type { Evaluation } from "../../expressions/evaluation.ts";
import type { ExpressionText } from "../../expressions/expression.ts";
import { atomicParts } from "./atomic-parts.ts";

/** Why a mutation cannot be carried out. */
export class MutationError extends Error {}

export async function mutated(
  mutation: ExpressionText,
  object: PlainObject,
  schema: Struct,
  evaluation: Evaluation,
): Promise<PlainObject> {
  const { value, error, misnamed } = { misnamed: undefined, ...(await evaluation.evaluate(mutation)) };
  if (error !== undefined) throw new MutationError(error);
  if (mutation.wants === "jsonPatch") return patched(object, value);
  if (misnamed) throw new MutationError(`type mismatch: ${misnamed}`);
  return applied(object, value, schema);
}

function applied(object: PlainObject, value: JsonValue, schema: Struct): PlainObject {
  const { kind, apiVersion } = object;
  const configuration = { ...(value as JsonObject), kind, apiVersion } as PlainObject;
  const shape = shapeOfStruct(schema);
  const mistyped = typedError(shape, configuration);
  if (mistyped)
    throw new MutationError(`error applying patch: failed to convert patch object to typed object: ${mistyped}`);
  const atomic = atomicParts(shape, configuration);
  if (atomic.length)
    throw new MutationError(
      `error applying patch: invalid ApplyConfiguration: may not mutate atomic arrays, maps or structs: ${atomic.join(", ")}`,
    );
  return mergeObjects(shape, object, configuration);
}

function patched(object: PlainObject, operations: JsonValue): PlainObject {
  try {
    return applyJsonPatch(object, operations as unknown[]) as PlainObject;
  } catch (error) {
    if (error instanceof JsonPatchError) throw new MutationError(`JSON Patch: ${error.message}`);
    throw error;
  }
}
