/** From the bytes of a request to an object of the resource: media type, kind and version, unknown and duplicate fields, canonical form. */
import { decodeObject } from "@kubets/api/codec/decode";
import { decodeProtobufBody } from "@kubets/api/codec/protobuf";
import type { Draft, KubeObject, PlainObject } from "@kubets/api/meta";
import { groupVersion } from "@kubets/api/resource-ref";
import type { Struct } from "@kubets/api/schema";
import { badRequest, JsonError, parseExact, unsupportedMediaType } from "@kubets/machinery";
import { parseYaml } from "@kubets/machinery/yaml";
import type { ApiCall } from "./api-call.ts";

/** The kind that a body must be of. */
export interface Expected {
  readonly group: string;
  readonly version: string;
  readonly kind: string;
  readonly schema: Struct;
}

export type Strictness = "Strict" | "Warn" | "Ignore";

export async function readObject(call: ApiCall, expected: Expected = call.resource.definition): Promise<Draft<KubeObject>> {
  const { direct } = call.exchange;
  if (direct) return decodeValue(call, direct.object, [], expected);
  const contentType = mediaTypeOf(call.exchange.header("content-type"));
  const bytes = await call.exchange.readBody(call.server.options.maxBodyBytes);
  switch (contentType) {
    case "":
    case "application/json":
      return fromText(call, bytes, expected, "json");
    case "application/yaml":
      return fromText(call, bytes, expected, "yaml");
    case "application/vnd.kubernetes.protobuf":
      return checkKind(decodeProtobufBody(bytes, expected), expected);
    default:
      throw unsupportedMediaType(
        `the body of the request was in an unknown format - accepted media types include: application/json, application/yaml, application/vnd.kubernetes.protobuf, application/cbor`,
      );
  }
}

export const mediaTypeOf = (header: string | undefined): string => (header ?? "").split(";")[0]?.trim().toLowerCase() ?? "";

function fromText(call: ApiCall, bytes: Uint8Array, expected: Expected, media: "json" | "yaml"): Draft<KubeObject> {
  const { value, duplicates } = parseBody(bytes, expected, media, strictnessOf(call) !== "Ignore");
  return decodeValue(call, value, duplicates, expected);
}

function parseBody(bytes: Uint8Array, { kind }: Expected, media: "json" | "yaml", wantDuplicates: boolean) {
  const duplicates: string[] = [];
  const onDuplicate = wantDuplicates ? (path: string) => duplicates.push(path) : undefined;
  try {
    const value = media === "json" ? parseExact(bytes, { onDuplicate }) : parseYaml(bytes, { onDuplicate });
    return { value, duplicates };
  } catch (error) {
    if (!(error instanceof JsonError)) throw error;
    throw badRequest(
      `the object provided is unrecognized (must be of type ${kind}): couldn't get version/kind; json parse error: ${error.message} (${excerpt(bytes)})`,
    );
  }
}

/** How a message shows the beginning of a body: as text, or in hexadecimal when it is none. */
export function excerpt(bytes: Uint8Array): string {
  if (bytes.length === 0) return "<empty>";
  const text = Buffer.from(bytes.buffer, bytes.byteOffset, Math.min(bytes.length, 30)).toString("utf8");
  if (!/^[{[]/.test(text.trimStart())) return `${Buffer.from(bytes.subarray(0, 30)).toString("hex")}${bytes.length > 30 ? " ..." : ""}`;
  return bytes.length > 30 ? `${text} ...` : text;
}

/** Decodes a parsed value as the kind that is expected; tells of unknown and duplicate fields as the client asked. */
export function decodeValue(call: ApiCall, value: unknown, duplicates: readonly string[], expected: Expected): Draft<KubeObject> {
  const { object, unknown } = decodeObject(expected.schema, value, expected);
  const checked = checkKind(object as Draft<KubeObject>, expected);
  reportFields(call, [...unknown.map((f) => `unknown field "${f}"`), ...duplicates.map((f) => `duplicate field "${f}"`)], expected);
  return checked;
}

export function reportFields(call: ApiCall, problems: readonly string[], { kind, version }: Expected): void {
  if (problems.length === 0) return;
  switch (strictnessOf(call)) {
    case "Strict":
      throw badRequest(`${kind} in version "${version}" cannot be handled as a ${kind}: strict decoding error: ${problems.join(", ")}`);
    case "Warn":
      call.warnings.push(...problems);
      break;
    case "Ignore":
  }
}

export function strictnessOf(call: ApiCall): Strictness {
  const asked = call.info.query.get("fieldValidation");
  return asked === "Strict" || asked === "Ignore" ? asked : "Warn";
}

/** What a body says of its kind must be what the path says; saying nothing is saying that. */
function checkKind(object: Draft<KubeObject>, expected: Expected): Draft<KubeObject> {
  const want = groupVersion(expected);
  const draft = object as Draft<KubeObject> & PlainObject;
  if (!draft.kind) draft.kind = expected.kind;
  if (!draft.apiVersion) draft.apiVersion = want;
  if (draft.apiVersion !== want || draft.kind !== expected.kind) throw wrongKind(draft, expected);
  return draft;
}

function wrongKind({ kind, apiVersion }: { kind: string; apiVersion: string }, expected: Expected) {
  const version = apiVersion.slice(apiVersion.indexOf("/") + 1);
  const why =
    apiVersion === groupVersion(expected)
      ? `no kind "${kind}" is registered for version "${apiVersion}" in scheme "pkg/api/legacyscheme/scheme.go:30"`
      : `no kind "${kind}" is registered for version "${apiVersion}" in scheme "pkg/api/legacyscheme/scheme.go:30"`;
  return badRequest(`${kind} in version "${version}" cannot be handled as a ${expected.kind}: ${why}`);
}
