/** The AdmissionReview that a webhook is sent, and what it may answer. */
import type { PlainObject } from "@kubets/api/meta";
import type { ResourceDefinition } from "@kubets/api/resource";
import type { Status } from "@kubets/machinery";
import { requestAttributes } from "../../match/request-attributes.ts";
import type { Reviewed } from "../../match/reviewed.ts";
import type { AdmissionRequest } from "../../plugin.ts";

export const REVIEW_VERSIONS = ["v1", "v1beta1"];

export interface ReviewResponse {
  readonly uid?: string;
  readonly allowed?: boolean;
  readonly status?: Partial<Status>;
  /** Base64 of a JSON patch. */
  readonly patch?: string | null;
  readonly patchType?: string | null;
  readonly auditAnnotations?: Readonly<Record<string, string>>;
  readonly warnings?: readonly string[];
}

export function admissionReview(
  uid: string,
  version: string,
  request: AdmissionRequest,
  target: ResourceDefinition,
  { object, old }: Reviewed,
): PlainObject {
  const { dryRun, options, ...attributes } = requestAttributes(request, target);
  return {
    kind: "AdmissionReview",
    apiVersion: `admission.k8s.io/${version}`,
    request: { uid, ...attributes, object: object ?? null, oldObject: old ?? null, dryRun, options },
  };
}

/** The response, if it is one to this review; what is wrong with it is thrown. */
export function responseOf(answer: unknown, uid: string, version: string, isMutating: boolean): ReviewResponse {
  const {
    kind = "",
    apiVersion = "",
    response,
  } = (answer ?? {}) as {
    kind?: string;
    apiVersion?: string;
    response?: ReviewResponse;
  };
  if (!response) throw new Error("webhook response was absent");
  if (version === "v1beta1") return response.patch ? { ...response, patchType: "JSONPatch" } : response;
  const { patch, patchType } = response;
  if (response.uid !== uid)
    throw new Error(`expected response.uid=${JSON.stringify(uid)}, got ${JSON.stringify(response.uid ?? "")}`);
  if (kind !== "AdmissionReview" || apiVersion !== "admission.k8s.io/v1")
    throw new Error(
      `expected webhook response of admission.k8s.io/v1, Kind=AdmissionReview, got ${apiVersion.includes("/") ? apiVersion : `/${apiVersion}`}, Kind=${kind}`,
    );
  if (!isMutating) {
    if (patch) throw new Error("validating webhook may not return response.patch");
    if (patchType != null) throw new Error("validating webhook may not return response.patchType");
    return response;
  }
  if (patch && patchType == null) throw new Error("webhook returned response.patch but not response.patchType");
  if (!patch && patchType != null) throw new Error("webhook returned response.patchType but not response.patch");
  if (patchType === "") throw new Error(`webhook returned invalid response.patchType of ""`);
  return response;
}
