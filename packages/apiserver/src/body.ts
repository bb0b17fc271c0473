/** From the bytes of a request to an object of the resource: media type, kind and version, unknown and duplicate fields, canonical form. */
import {
  cannotHandle,
  type Decoded,
  DecodeError,
  decode,
  decodeBody,
  decodeBodyInTurns,
  strictText,
  unknownFieldText,
} from "@kubets/api/codec/decode";
import { decodeEnvelope, decodeProtobuf } from "@kubets/api/codec/protobuf";
import type { Draft, KubeObject, PlainObject } from "@kubets/api/meta";
import { groupVersion } from "@kubets/api/resource-ref";
import type { Struct } from "@kubets/api/schema";
import { badRequest, StatusError, unsupportedMediaType } from "@kubets/machinery";
import { CborError, parseCbor } from "@kubets/machinery/cbor";
import {
  JsonError,
  type ParseJsonOptions,
  parseJson,
  parseJsonInTurns,
  type WrittenFloat,
} from "@kubets/machinery/json";
import type { JsonValue } from "@kubets/machinery/json-value";
import { myTurn } from "@kubets/machinery/turns";
import { parseYaml, YamlError } from "@kubets/machinery/yaml";
import type { ApiCall } from "./api-call.ts";
import { isLarge, LARGE_BYTES } from "./large.ts";
import { offeredMedia, offerOf } from "./media.ts";
import type { ServedResources } from "./served-resource.ts";

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
  const object = await readBody(call, expected);
  call.exchange.audit?.object(object);
  return object;
}

async function readBody(call: ApiCall, expected: Expected): Promise<Draft<KubeObject>> {
  const { direct } = call.exchange;
  if (direct) {
    call.isLarge = isLarge(direct.object);
    return decodeValue(call, direct.object, [], expected, {});
  }
  const mediaType = mediaTypeOf(call.exchange.header("content-type"));
  const bytes = await call.exchange.readBody(call.server.options.maxBodyBytes);
  call.server.metrics.requests.body(call.info, bytes.length);
  call.isLarge = bytes.length > LARGE_BYTES;
  const offer = offerOf(call.server, expected.schema.open !== undefined);
  switch (mediaType) {
    case "":
    case "application/json":
      return fromText(call, bytes, expected, parseJsonBody);
    case "application/yaml":
      return fromText(call, bytes, expected, parseYamlBody);
    case "application/vnd.kubernetes.protobuf":
      if (expected.schema.open) break;
      return fromProtobuf(call, bytes, expected);
    case "application/cbor":
      if (offer.cbor) return fromText(call, bytes, expected, parseCborBody);
  }
  throw unsupportedMediaType(
    `the body of the request was in an unknown format - accepted media types include: ${offeredMedia(offer)}`,
  );
}

export const mediaTypeOf = (header: string | undefined): string =>
  (header ?? "").split(";")[0]?.trim().toLowerCase() ?? "";

async function fromText(
  call: ApiCall,
  bytes: Uint8Array,
  expected: Expected,
  parse: typeof parseJsonBody,
): Promise<Draft<KubeObject>> {
  const duplicates: string[] = [];
  const floats: WrittenFloat[] = [];
  const options = {
    ...(strictnessOf(call) !== "Ignore" && { duplicates }),
    // What a custom kind has of integers is not told by how they are written.
    ...(!expected.schema.open && { floats }),
  };
  if (call.isLarge) await myTurn();
  const parsed = parse(bytes, expected, options, call);
  const value = parsed instanceof Promise ? await parsed : parsed;
  const wrong = notAnObject(value);
  if (wrong) throw unrecognized(expected.kind, wrong, bytes);
  const { apiVersion } = kindOf(value, expected);
  if (apiVersion.split("/").length > 2)
    throw unrecognized(expected.kind, `unexpected GroupVersion string: ${apiVersion}`, bytes);
  // To Go, null is an object without fields.
  return decodeValue(call, value ?? {}, duplicates, expected, { own: true, floats: floats.length > 0 });
}

function parseJsonBody(
  bytes: Uint8Array,
  expected: Expected,
  options: ParseJsonOptions,
  { isLarge }: ApiCall,
): JsonValue | Promise<JsonValue> {
  const parsed = (value: JsonValue) => {
    options.duplicates?.forEach((path, i, all) => (all[i] = `duplicate field "${path}"`));
    return value;
  };
  const refused = (error: unknown) => {
    if (!(error instanceof JsonError)) throw error;
    const { kind, version, schema } = expected;
    // Of custom kinds the numbers are read after the kind.
    if (schema.open && error.message.startsWith("json: cannot unmarshal number"))
      throw cannotHandle({ kind, version }, error.message);
    throw unrecognized(kind, `couldn't get version/kind; json parse error: ${error.message}`, bytes);
  };
  if (isLarge) return parseJsonInTurns(bytes, options).then(parsed, refused);
  try {
    return parsed(parseJson(bytes, options));
  } catch (error) {
    return refused(error);
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

function parseCborBody(bytes: Uint8Array, { kind }: Expected): JsonValue {
  try {
    return parseCbor(bytes);
  } catch (error) {
    if (!(error instanceof CborError)) throw error;
    throw unrecognized(kind, `unable to determine group/version/kind: ${error.message}`, bytes);
  }
}

/** What is wrong with a body that is a list, a number or the like: its kind cannot even be looked for. */
export function notAnObject(value: unknown): string | undefined {
  if (typeof value === "object" && !Array.isArray(value)) return undefined;
  const kind = Array.isArray(value) ? "array" : typeof value === "boolean" ? "bool" : typeof value;
  return `couldn't get version/kind; json parse error: json: cannot unmarshal ${kind} into Go value of type struct { APIVersion string "json:\\"apiVersion,omitempty\\""; Kind string "json:\\"kind,omitempty\\"" }`;
}

const unrecognized = (kind: string, why: string, bytes: Uint8Array) =>
  badRequest(`the object provided is unrecognized (must be of type ${kind}): ${why} (${excerpt(bytes)})`);

/** How a message shows the beginning of a body: as text, or in hexadecimal when it is none. */
function excerpt(bytes: Uint8Array): string {
  if (bytes.length === 0) return "<empty>";
  const head = Buffer.from(bytes.buffer, bytes.byteOffset, Math.min(bytes.length, 30));
  const text = head.toString("utf8");
  return `${/^[ \t\r\n]*\{/.test(text) ? text : head.toString("hex")}${bytes.length > 30 ? " ..." : ""}`;
}

function fromProtobuf({ server }: ApiCall, bytes: Uint8Array, expected: Expected): Draft<KubeObject> {
  const envelope = envelopeOf(bytes, expected);
  const said = { kind: envelope.kind || expected.kind, apiVersion: envelope.apiVersion || groupVersion(expected) };
  const mismatch = otherKind(server, said, {}, expected);
  if (mismatch !== undefined)
    throw cannotHandle({ kind: said.kind, version: versionOf(said.apiVersion), wanted: expected.kind }, mismatch);
  return decodeProtobuf(expected.schema, { ...said, raw: envelope.raw }) as unknown as Draft<KubeObject>;
}

function envelopeOf(bytes: Uint8Array, { kind }: Expected) {
  try {
    return decodeEnvelope(bytes);
  } catch (error) {
    throw error instanceof StatusError ? unrecognized(kind, error.message, bytes) : error;
  }
}

/** Decodes a parsed value as the kind that is expected; tells of unknown and duplicate fields as the client asked. */
function decodeValue(
  call: ApiCall,
  value: unknown,
  duplicates: readonly string[],
  expected: Expected,
  reading: { readonly own?: boolean; readonly floats?: boolean },
): Draft<KubeObject> | Promise<Draft<KubeObject>> {
  const wanted = groupVersion(expected);
  if (expected.schema.open) requireKind(value, wanted);
  const said = kindOf(value, expected);
  const body = { kind: said.kind, version: versionOf(said.apiVersion), wanted: expected.kind };
  if (said.kind === expected.kind && said.apiVersion !== wanted && OF_OLD[said.apiVersion]?.includes(said.kind))
    throw badRequest(
      `the API version in the data (${said.apiVersion}) does not match the expected API version (${wanted})`,
    );
  const mismatch = otherKind(call.server, said, value, expected);
  if (mismatch !== undefined) throw cannotHandle(body, mismatch);
  const decoded = ({ object, unknown }: Decoded) => {
    const problems = [...duplicates, ...unknown.map(unknownFieldText)];
    if (problems.length) tellFields(call, problems, (why) => cannotHandle(body, why));
    const { definition } = call.resource;
    const unreadable = expected === definition ? definition.unreadable?.(object as unknown as KubeObject) : undefined;
    if (unreadable !== undefined) throw cannotHandle(body, unreadable);
    const draft = object as PlainObject;
    draft["kind"] = said.kind;
    draft["apiVersion"] = said.apiVersion;
    return draft as unknown as Draft<KubeObject>;
  };
  if (call.isLarge) return decodeBodyInTurns(expected.schema, value, body, reading).then(decoded);
  return decoded(decodeBody(expected.schema, value, body, reading));
}

/** Says what is odd about fields of a body: as an error, as warnings, or not at all. */
export function tellFields(call: ApiCall, problems: readonly string[], refuse: (why: string) => Error): void {
  switch (strictnessOf(call)) {
    case "Strict":
      throw refuse(strictText(problems));
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

/** Kinds of versions that are served no more, which the original still knows how to read. */
const OF_OLD: Readonly<Record<string, readonly string[]>> = {
  "extensions/v1beta1": ["DaemonSet", "Deployment", "Ingress", "NetworkPolicy", "ReplicaSet"],
  "apps/v1beta1": ["ControllerRevision", "Deployment", "StatefulSet"],
  "apps/v1beta2": ["ControllerRevision", "DaemonSet", "Deployment", "ReplicaSet", "StatefulSet"],
};

interface SaidKind {
  readonly kind: string;
  readonly apiVersion: string;
}

/** What a body says of its kind; saying nothing is saying what is expected. */
export function kindOf(value: unknown, expected: Expected): SaidKind {
  const { kind, apiVersion } = (typeof value === "object" && value !== null ? value : {}) as Partial<SaidKind>;
  return {
    kind: typeof kind === "string" && kind ? kind : expected.kind,
    apiVersion: typeof apiVersion === "string" && apiVersion ? apiVersion : groupVersion(expected),
  };
}

/** The body of a custom object says itself of which kind it is. */
function requireKind(value: unknown, wanted: string): void {
  const { kind, apiVersion } = (value ?? {}) as Partial<SaidKind>;
  if (!kind) throw badRequest("Object 'Kind' is missing in 'object has no kind field '");
  if (!apiVersion)
    throw badRequest(`the API version in the data () does not match the expected API version (${wanted})`);
}

const versionOf = (apiVersion: string) => apiVersion.slice(apiVersion.indexOf("/") + 1);

/** Why a body that says it is of another kind than its path cannot be read; undefined when it says nothing of the sort. */
export function otherKind(
  { served }: Pick<ApiCall["server"], "served">,
  { kind, apiVersion }: SaidKind,
  value: unknown,
  expected: Expected,
): string | undefined {
  if (kind === expected.kind && (apiVersion === groupVersion(expected) || expected.alsoAs?.includes(apiVersion)))
    return undefined;
  const slash = apiVersion.indexOf("/");
  const other = served.byKind(slash < 0 ? "" : apiVersion.slice(0, slash), kind, versionOf(apiVersion));
  const converting = `converting (${versionOf(apiVersion)}.${kind}) to (${goPackage(expected.group)}.${expected.kind}): unknown conversion`;
  if (!other && isList(served, kind, apiVersion)) return converting;
  if (!other)
    return `no kind "${kind}" is registered for version "${apiVersion}" in scheme "pkg/api/legacyscheme/scheme.go:30"`;
  try {
    decode(other.definition.schema, value);
  } catch (error) {
    if (error instanceof DecodeError) return error.message;
    throw error;
  }
  return converting;
}

function isList(served: ServedResources, kind: string, apiVersion: string): boolean {
  if (!kind.endsWith("List")) return false;
  const slash = apiVersion.indexOf("/");
  const group = slash < 0 ? "" : apiVersion.slice(0, slash);
  return kind === "List"
    ? apiVersion === "v1"
    : served.byKind(group, kind.slice(0, -4), versionOf(apiVersion)) !== undefined;
}

/** The original's package of a group's internal types, which its messages name. */
export const goPackage = (group: string): string =>
  group === "" || group === "events.k8s.io" ? "core" : (group.split(".")[0] as string);
