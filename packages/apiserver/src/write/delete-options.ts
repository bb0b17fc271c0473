/** How an object is to be deleted: from the body and the query of the request. */
import { DecodeError, decode } from "@kubets/api/codec/decode";
import { decodeEnvelope, decodeProtobuf } from "@kubets/api/codec/protobuf";
import { structOf } from "@kubets/api/schema";
import { badRequest, type FieldError, invalid, invalidValue, notSupported } from "@kubets/machinery";
import { CborError, parseCbor } from "@kubets/machinery/cbor";
import { JsonError, parseJson } from "@kubets/machinery/json";
import { parseYaml, YamlError } from "@kubets/machinery/yaml";
import type { ApiCall } from "../api-call.ts";
import { mediaTypeOf, notAnObject } from "../body.ts";
import { isTrue, queryInteger } from "../request-info.ts";
import { validateDryRun } from "./write-options.ts";

export interface DeleteOptions {
  readonly gracePeriodSeconds?: number;
  readonly propagationPolicy?: "Background" | "Foreground" | "Orphan";
  readonly orphanDependents?: boolean;
  readonly preconditions?: { readonly uid?: string; readonly resourceVersion?: string };
  readonly dryRun?: readonly string[];
  /** It is to go though it cannot be read; only where the gate AllowUnsafeMalformedObjectDeletion is open. */
  readonly ignoreStoreReadErrorWithClusterBreakingPotential?: boolean;
}

/** What that option is called. */
export const IGNORE_READ_ERROR = "ignoreStoreReadErrorWithClusterBreakingPotential";

/** What could not be respected for an object that nobody knows. */
const NOT_TOGETHER = [
  "dryRun",
  "propagationPolicy",
  "orphanDependents",
  "gracePeriodSeconds",
  "preconditions",
] as const;

const POLICIES = ["Foreground", "Background", "Orphan"];

export async function readDeleteOptions(call: ApiCall): Promise<DeleteOptions> {
  const { direct } = call.exchange;
  const body = direct ? direct.object : await parsed(call);
  const given: DeleteOptions = { ...fromQuery(call.info.query), ...(body as DeleteOptions | undefined) };
  const { [IGNORE_READ_ERROR]: _, ...known } = given;
  const options = call.server.options.featureEnabled("AllowUnsafeMalformedObjectDeletion") ? given : known;
  const errors = validate(options);
  if (errors.length) throw invalid({ group: "meta.k8s.io", kind: "DeleteOptions" }, "", errors);
  if (options.dryRun?.length) call.dryRun = true;
  return options;
}

async function parsed(call: ApiCall): Promise<unknown> {
  const bytes = await call.exchange.readBody(call.server.options.maxBodyBytes);
  if (bytes.length === 0) return undefined;
  const mediaType = mediaTypeOf(call.exchange.header("content-type"));
  const schema = structOf("apimachinery.pkg.apis.meta.v1.DeleteOptions");
  if (mediaType === "application/vnd.kubernetes.protobuf")
    return decodeProtobuf(schema, { kind: "DeleteOptions", apiVersion: "v1", raw: decodeEnvelope(bytes).raw });
  const value = parseText(bytes, mediaType);
  const wrong = notAnObject(value);
  if (wrong) throw badRequest(wrong);
  const said = value as { kind?: unknown } | null;
  if (said?.kind !== undefined && said.kind !== "DeleteOptions")
    throw badRequest("decoded object cannot be converted to DeleteOptions");
  try {
    return decode(schema, value).object;
  } catch (error) {
    throw error instanceof DecodeError ? badRequest(error.message) : error;
  }
}

function parseText(bytes: Uint8Array, mediaType: string): unknown {
  try {
    if (mediaType === "application/cbor") return parseCbor(bytes);
    return mediaType === "application/yaml" ? parseYaml(bytes) : parseJson(bytes);
  } catch (error) {
    if (error instanceof CborError) throw badRequest(`unable to determine group/version/kind: ${error.message}`);
    if (error instanceof YamlError) throw badRequest(`error converting YAML to JSON: ${error.message}`);
    if (error instanceof JsonError) throw badRequest(`couldn't get version/kind; json parse error: ${error.message}`);
    throw error;
  }
}

function fromQuery(query: URLSearchParams): DeleteOptions {
  const grace = queryInteger(query, "gracePeriodSeconds");
  const policy = query.get("propagationPolicy");
  const orphan = query.get("orphanDependents");
  const ignore = query.get(IGNORE_READ_ERROR);
  return {
    ...(grace !== undefined && { gracePeriodSeconds: grace }),
    ...(policy !== null && { propagationPolicy: policy as NonNullable<DeleteOptions["propagationPolicy"]> }),
    ...(orphan !== null && { orphanDependents: orphan === "true" }),
    ...(ignore !== null && { [IGNORE_READ_ERROR]: isTrue(ignore) }),
    ...(query.has("dryRun") && { dryRun: query.getAll("dryRun") }),
  };
}

function validate(options: DeleteOptions): FieldError[] {
  const errors: FieldError[] = [];
  const { propagationPolicy: policy, orphanDependents } = options;
  if (policy !== undefined && orphanDependents !== undefined)
    errors.push(
      invalidValue("propagationPolicy", policy, "orphanDependents and deletionPropagation cannot be both set"),
    );
  if (policy !== undefined && !POLICIES.includes(policy))
    errors.push(notSupported("propagationPolicy", policy, [...POLICIES, "nil"]));
  errors.push(...validateDryRun(options.dryRun ?? []));
  if (options[IGNORE_READ_ERROR])
    for (const other of NOT_TOGETHER)
      if (options[other] !== undefined && (other !== "dryRun" || options.dryRun?.length))
        errors.push(invalidValue(IGNORE_READ_ERROR, true, `cannot be set together with .${other}`));
  return errors;
}
