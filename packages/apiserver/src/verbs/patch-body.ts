/** The body of a patch, read and checked for its form. */
import { badRequest } from "@kubets/machinery";
import { JsonError, parseJson } from "@kubets/machinery/json";
import type { JsonObject, JsonValue } from "@kubets/machinery/json-value";
import { parseYaml, YamlError } from "@kubets/machinery/yaml";
import type { ApiCall } from "../api-call.ts";
import { reportFields, strictnessOf } from "../body.ts";

export async function parsePatch(
  call: ApiCall,
  type: "json" | "merge" | "strategic" | "apply",
): Promise<JsonValue[] | JsonObject> {
  const { direct } = call.exchange;
  const value = direct ? (structuredClone(direct.object) as JsonValue) : await parse(call, type);
  if (type === "json") {
    if (!Array.isArray(value)) throw badRequest("json: cannot unmarshal object into Go value of type jsonpatch.Patch");
    return value;
  }
  if (typeof value !== "object" || value === null || Array.isArray(value))
    throw badRequest(`json: cannot unmarshal ${goKind(value)} into Go value of type map[string]interface {}`);
  return value;
}

async function parse(call: ApiCall, type: string): Promise<JsonValue> {
  const bytes = await call.exchange.readBody(call.server.options.maxBodyBytes);
  const duplicates: string[] = [];
  const options = strictnessOf(call) === "Ignore" ? {} : { duplicates };
  try {
    const value = type === "apply" ? parseYaml(bytes, options) : parseJson(bytes, options);
    reportFields(
      call,
      duplicates.map((path) => `duplicate field "${path}"`),
      call.resource.definition,
    );
    return value;
  } catch (error) {
    if (!(error instanceof JsonError || error instanceof YamlError)) throw error;
    throw badRequest(
      type === "apply" ? `error decoding YAML: ${error.message}` : `error decoding patch: ${error.message}`,
    );
  }
}

function goKind(value: unknown): string {
  if (Array.isArray(value)) return "array";
  if (typeof value === "boolean") return "bool";
  return value === null ? "null" : typeof value;
}
