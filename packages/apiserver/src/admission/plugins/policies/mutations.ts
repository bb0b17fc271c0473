/** What one mutation of a policy makes of the object: a configuration laid over it as server-side apply would, or a JSON patch. */
import { mergeObjects } from "@kubets/api/apply/merge";
import { shapeOfStruct } from "@kubets/api/apply/struct-shape";
import { typedError } from "@kubets/api/apply/typed-errors";
import type { PlainObject } from "@kubets/api/meta";
import type { Struct } from "@kubets/api/schema";
import { Struct as CelStruct, type CelValue, List, MapValue, toJson } from "@kubets/cel";
import { applyJsonPatch, JsonPatchError } from "@kubets/machinery/json-patch";
import type { JsonObject } from "@kubets/machinery/json-value";
import type { Evaluation } from "../../expressions/evaluation.ts";
import { atomicParts } from "./atomic-parts.ts";
import type { CompiledMutation } from "./compile.ts";

/** Why a mutation cannot be carried out. */
export class MutationError extends Error {}

export async function mutated(
  { patchType, expression }: CompiledMutation,
  object: PlainObject,
  schema: Struct,
  evaluation: Evaluation,
): Promise<PlainObject> {
  const { value, error } = await evaluation.evaluate(expression);
  if (error !== undefined) throw new MutationError(error);
  return patchType === "JSONPatch" ? patched(object, value) : applied(object, value, schema);
}

function applied(object: PlainObject, value: CelValue, schema: Struct): PlainObject {
  const misnamed = wrongTypeName(value, "Object");
  if (misnamed) throw new MutationError(`type mismatch: ${misnamed}`);
  const { kind, apiVersion } = object;
  const configuration = { ...(toJson(value) as JsonObject), kind, apiVersion } as PlainObject;
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

/** Parts are made under the name of their place: `Object.spec.template{...}` for the field template of the spec. */
function wrongTypeName(value: CelValue | undefined, place: string): string | undefined {
  if (value instanceof List) {
    for (const item of value) {
      const wrong = wrongTypeName(item, place);
      if (wrong) return wrong;
    }
    return undefined;
  }
  if (!(value instanceof MapValue)) return undefined;
  if (!(value instanceof CelStruct)) return undefined;
  if (value.typeName !== place)
    return `unexpected type name ${JSON.stringify(value.typeName)}, expected ${JSON.stringify(place)}, which matches field name path from root Object type`;
  for (const name of value.keys()) {
    const wrong = wrongTypeName(value.field(name), `${place}.${name}`);
    if (wrong) return wrong;
  }
  return undefined;
}

function patched(object: PlainObject, value: CelValue): PlainObject {
  const operations = toJson(value);
  try {
    return applyJsonPatch(object, operations as unknown[]) as PlainObject;
  } catch (error) {
    if (error instanceof JsonPatchError) throw new MutationError(`JSON Patch: ${error.message}`);
    throw error;
  }
}
