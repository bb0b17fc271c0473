/** From the bytes of a request to an object of the resource: media type, kind and version, unknown and duplicate fields, canonical form. */
import { cannotHandle, decodeBody, strictText } from "@kubets/api/codec/decode";
import { decodeEnvelope, decodeProtobuf } from "@kubets/api/codec/protobuf";
import type { Draft, KubeObject, PlainObject } from "@kubets/api/meta";
import { groupVersion } from "@kubets/api/resource-ref";
import type { Struct } from "@kubets/api/schema";
import { badRequest, unsupportedMediaType } from "@kubets/machinery";
import { JsonError, parseJson } from "@kubets/machinery/json";
import type { JsonValue } from "@kubets/machinery/json-value";
import { parseYaml, YamlError } from "@kubets/machinery/yaml";
import type { ApiCall } from "./api-call.ts";

/** The kind that a body must be of. */
export interface Expected {
  readonly group: string;
  readonly version: string;
  readonly kind: string;
  readonly schema: Struct;
  /** Older versions that read the same. */
  readonly alsoAs?: readonly string[];
}

export async function readObject(
  call: ApiCall,
  expected: Expected = call.resource.definition,
): Promise<Draft<KubeObject>> {
  const { direct } = call.exchange;
  if (direct) return decodeValue(call, direct.object, [], expected, false);
  const mediaType = mediaTypeOf(call.exchange.header("content-type"));
  const bytes = await call.exchange.readBody(call.server.options.maxBodyBytes);
  switch (mediaType) {
    case "":
    case "application/json":
      return fromText(call, bytes, expected, parseJsonBody);
    case "application/yaml":
      return fromText(call, bytes, expected, parseYamlBody);
    case "application/vnd.kubernetes.protobuf":
      return fromProtobuf(bytes, expected);
    default:
      throw unsupportedMediaType(
        "the body of the request was in an unknown format - accepted media types include: application/json, application/yaml, application/vnd.kubernetes.protobuf",
      );
  }
}

export const mediaTypeOf = (header: string | undefined): string =>
  (header ?? "").split(";")[0]?.trim().toLowerCase() ?? "";

function fromText(
  call: ApiCall,
  bytes: Uint8Array,
  expected: Expected,
  parse: typeof parseJsonBody,
): Draft<KubeObject> {
  const duplicates: string[] = [];
  const options = strictnessOf(call) === "Ignore" ? {} : { duplicates };
  const value = parse(bytes, expected, options);
  return decodeValue(call, value, duplicates, expected, true);
}

function parseJsonBody(bytes: Uint8Array, { kind }: Expected, options: { duplicates?: string[] }): JsonValue {
  try {
    return parseJson(bytes, options);
  } catch (error) {
    if (!(error instanceof JsonError)) throw error;
    throw unrecognized(kind, `couldn't get version/kind; json parse error: ${error.message}`, bytes);
  }
}

function parseYamlBody(bytes: Uint8Array, { kind }: Expected, options: { duplicates?: string[] }): JsonValue {
  try {
    return parseYaml(bytes, options);
  } catch (error) {
    if (!(error instanceof YamlError)) throw error;
    throw unrecognized(kind, `error converting YAML to JSON: ${error.message}`, bytes);
  }
}

const unrecognized = (kind: string, why: string, bytes: Uint8Array) =>
  badRequest(`the object provided is unrecognized (must be of type ${kind}): ${why} (${excerpt(bytes)})`);

/** How a message shows the beginning of a body: as text, or in hexadecimal when it is none. */
export function excerpt(bytes: Uint8Array): string {
  if (bytes.length === 0) return "<empty>";
  const head = Buffer.from(bytes.buffer, bytes.byteOffset, Math.min(bytes.length, 30));
  const text = head.toString("utf8");
  return `${/^\s*[{[]/.test(text) ? text : head.toString("hex")}${bytes.length > 30 ? " ..." : ""}`;
}

function fromProtobuf(bytes: Uint8Array, expected: Expected): Draft<KubeObject> {
  const envelope = decodeEnvelope(bytes);
  const said = { kind: envelope.kind || expected.kind, apiVersion: envelope.apiVersion || groupVersion(expected) };
  checkKind(said, expected);
  return decodeProtobuf(expected.schema, { ...said, raw: envelope.raw }) as unknown as Draft<KubeObject>;
}

/** Decodes a parsed value as the kind that is expected; tells of unknown and duplicate fields as the client asked. */
function decodeValue(
  call: ApiCall,
  value: unknown,
  duplicates: readonly string[],
  expected: Expected,
  own: boolean,
): Draft<KubeObject> {
  const said = (typeof value === "object" && value !== null ? value : {}) as { kind?: unknown; apiVersion?: unknown };
  const kind = typeof said.kind === "string" && said.kind ? said.kind : expected.kind;
  const apiVersion = typeof said.apiVersion === "string" && said.apiVersion ? said.apiVersion : groupVersion(expected);
  checkKind({ kind, apiVersion }, expected, call);
  const { object, unknown } = decodeBody(
    expected.schema,
    value,
    { kind, version: expected.version, wanted: expected.kind },
    { own },
  );
  reportFields(call, [...unknown.map((f) => `unknown field "${f}"`), ...duplicates], expected);
  const draft = object as PlainObject;
  draft["kind"] = kind;
  draft["apiVersion"] = apiVersion;
  return draft as unknown as Draft<KubeObject>;
}

/** Says what is odd about fields of a body: as an error, as warnings, or not at all. */
export function reportFields(
  call: ApiCall,
  problems: readonly string[],
  expected: { kind: string; version: string },
): void {
  if (problems.length === 0) return;
  switch (strictnessOf(call)) {
    case "Strict":
      throw cannotHandle({ kind: expected.kind, version: expected.version }, strictText(problems));
    case "Warn":
      call.warnings.push(...problems);
      break;
    case "Ignore":
  }
}

export function strictnessOf(call: ApiCall): "Strict" | "Warn" | "Ignore" {
  const asked = call.info.query.get("fieldValidation");
  return asked === "Strict" || asked === "Ignore" ? asked : "Warn";
}

/** What a body says of its kind must be what the path says; saying nothing is saying that. */
function checkKind(
  { kind, apiVersion }: { kind: string; apiVersion: string },
  expected: Expected,
  call?: ApiCall,
): void {
  if (kind === expected.kind && (apiVersion === groupVersion(expected) || expected.alsoAs?.includes(apiVersion)))
    return;
  const slash = apiVersion.indexOf("/");
  const version = apiVersion.slice(slash + 1);
  const known = call?.server.served.byKind(slash < 0 ? "" : apiVersion.slice(0, slash), kind, version);
  throw cannotHandle(
    { kind, version, wanted: expected.kind },
    known
      ? `converting (${version}.${kind}) to (${expected.group.split(".")[0] || "core"}.${expected.kind}): unknown conversion`
      : `no kind "${kind}" is registered for version "${apiVersion}" in scheme "pkg/api/legacyscheme/scheme.go:30"`,
  );
}
