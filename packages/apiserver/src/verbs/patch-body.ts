/** The body of a patch, read and checked for its form. */
import { badRequest } from "@kubets/machinery";
import { CborError, parseCbor } from "@kubets/machinery/cbor";
import { clone } from "@kubets/machinery/clone";
import { JsonError, parseJson } from "@kubets/machinery/json";
import type { JsonObject, JsonValue } from "@kubets/machinery/json-value";
import { parseYaml, YamlError } from "@kubets/machinery/yaml";
import type { ApiCall } from "../api-call.ts";
import { mediaTypeOf, strictnessOf } from "../body.ts";

export interface PatchBody {
  readonly value: JsonValue[] | JsonObject;
  /** What the client is told of members that stand twice, as texts. */
  readonly duplicates: readonly string[];
}

/** Applies alone are also taken as CBOR, where that is served. */
export const CBOR_PATCH = "application/apply-patch+cbor";

export type PatchType = "json" | "merge" | "strategic" | "apply";

const NOT_A_MAP: Partial<Record<PatchType, string>> = {
  merge: "error decoding patch: ",
  apply: "error decoding YAML: error unmarshaling JSON: while decoding JSON: ",
};

export async function parsePatch(call: ApiCall, type: PatchType): Promise<PatchBody> {
  const { direct } = call.exchange;
  const duplicates: string[] = [];
  const value = direct ? (clone(direct.object) as JsonValue) : await parse(call, type, duplicates);
  call.exchange.audit?.body(value);
  if (type === "json") {
    if (!Array.isArray(value))
      throw badRequest(
        `error decoding patch: json: cannot unmarshal ${goKind(value)} into Go value of type []handlers.jsonPatchOp`,
      );
    return { value, duplicates };
  }
  // To Go, null is a map without members.
  if ((type === "strategic" || type === "apply") && value === null) return { value: {}, duplicates };
  if (typeof value !== "object" || value === null || Array.isArray(value))
    throw badRequest(
      `${NOT_A_MAP[type] ?? ""}json: cannot unmarshal ${goKind(value)} into Go value of type map[string]interface {}`,
    );
  return { value, duplicates };
}

async function parse(call: ApiCall, type: PatchType, duplicates: string[]): Promise<JsonValue> {
  const bytes = await call.exchange.readBody(call.server.options.maxBodyBytes);
  call.server.metrics.requests.body(call.info, bytes.length);
  const options = strictnessOf(call) === "Ignore" ? {} : { duplicates };
  try {
    if (mediaTypeOf(call.exchange.header("content-type")) === CBOR_PATCH) return parseCbor(bytes);
    if (type === "apply") return parseYaml(bytes, options);
    const value = parseJson(bytes, options);
    duplicates.forEach((path, i) => (duplicates[i] = `duplicate field "${path}"`));
    return value;
  } catch (error) {
    if (error instanceof CborError) throw badRequest(`error decoding CBOR: ${error.message}`);
    if (error instanceof YamlError)
      throw badRequest(`error decoding YAML: error converting YAML to JSON: ${error.message}`);
    if (!(error instanceof JsonError)) throw error;
    throw badRequest(type === "strategic" ? error.message : `error decoding patch: ${error.message}`);
  }
}

function goKind(value: unknown): string {
  if (Array.isArray(value)) return "array";
  if (typeof value === "boolean") return "bool";
  return value === null ? "null" : typeof value;
}
