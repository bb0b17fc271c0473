/** The body of a patch, read and checked for its form. */
import { badRequest, JsonError, parseExact } from "@kubets/machinery";
import { parseYaml } from "@kubets/machinery/yaml";
import type { ApiCall } from "../api-call.ts";
import { reportFields, strictnessOf } from "../body.ts";

const MOST_OPERATIONS = 10_000;

export async function parsePatch(call: ApiCall, type: "json" | "merge" | "strategic" | "apply"): Promise<unknown> {
  const { direct } = call.exchange;
  const value = direct ? structuredClone(direct.object) : await parse(call, type);
  if (type === "json") {
    if (!Array.isArray(value)) throw badRequest("json: cannot unmarshal object into Go value of type jsonpatch.Patch");
    if (value.length > MOST_OPERATIONS)
      throw badRequest(`The allowed maximum operations in a JSON patch is ${MOST_OPERATIONS}, got ${value.length}`);
  } else if (typeof value !== "object" || value === null || Array.isArray(value)) {
    throw badRequest(`json: cannot unmarshal ${goKind(value)} into Go value of type map[string]interface {}`);
  }
  return value;
}

async function parse(call: ApiCall, type: string): Promise<unknown> {
  const bytes = await call.exchange.readBody(call.server.options.maxBodyBytes);
  const duplicates: string[] = [];
  const options = { onDuplicate: strictnessOf(call) === "Ignore" ? undefined : (path: string) => duplicates.push(path) };
  try {
    const value = type === "apply" ? parseYaml(bytes, options) : parseExact(bytes, options);
    reportFields(call, duplicates.map((path) => `duplicate field "${path}"`), call.resource.definition);
    return value;
  } catch (error) {
    if (!(error instanceof JsonError)) throw error;
    throw badRequest(type === "apply" ? `error decoding YAML: ${error.message}` : `error decoding patch: ${error.message}`);
  }
}

function goKind(value: unknown): string {
  if (Array.isArray(value)) return "array";
  if (typeof value === "boolean") return "bool";
  return value === null ? "null" : typeof value;
}
