/**
 * PodCertificateRequests: a kubelet asks for the certificate of a pod, and a signer issues, denies or fails it, once and for all. Served when asked for.
 * Holds: what is asked for never changes, and who asks has shown to have the key.
 */
import { deepEqual, type FieldError, invalidValue, notSupported } from "@kubets/machinery";
import { dns1123Subdomain } from "@kubets/machinery/names";
import { conditionsErrors } from "../conditions.ts";
import { define } from "../define.ts";
import { checkForm, checkImmutable } from "../field-checks.ts";
import { podcertificaterequests } from "../generated/refs.ts";
import type {
  PodCertificateRequest,
  PodCertificateRequestSpec,
  PodCertificateRequestStatus,
} from "../generated/types/certificates-v1beta1.ts";
import { validateAnnotations } from "../metadata-checks.ts";
import { ownStatus, statusSubresource } from "../own-status.ts";
import { signerNameErrors } from "../pod/signer-name.ts";
import { issuedErrors } from "./pod-certificate-issued.ts";
import { keyErrors } from "./pod-certificate-key.ts";

const MIN_SECONDS = 3600;
const MAX_SECONDS = 91 * 86_400;
const MAX_SECONDS_OF_KUBERNETES = 86_400;
const MAX_UID = 128;
const OUTCOMES = ["Issued", "Denied", "Failed"];

export const podCertificateRequestResource = define(podcertificaterequests, {
  ...ownStatus,
  stability: "beta",
  validate: ({ spec }) => specErrors(spec),
  validateUpdate: (request, old) => checkImmutable("spec", request.spec, old.spec),
  selectableFields: {
    "spec.signerName": ({ spec }) => spec.signerName,
    "spec.podName": ({ spec }) => spec.podName,
    "spec.nodeName": ({ spec }) => spec.nodeName,
  },
  subresources: { status: statusSubresource((request, old, { now }) => statusErrors(request, old, Date.parse(now))) },
});

function specErrors(spec: PodCertificateRequestSpec): FieldError[] {
  const { signerName, podName, serviceAccountName, nodeName, maxExpirationSeconds: seconds = 0 } = spec;
  const errors = [
    ...signerNameErrors("spec.signerName", signerName),
    ...validateAnnotations(spec.unverifiedUserAnnotations, "spec.unverifiedUserAnnotations"),
    ...checkForm("spec.podName", podName, dns1123Subdomain),
    ...uidErrors("spec.podUID", spec.podUID),
    ...checkForm("spec.serviceAccountName", serviceAccountName, dns1123Subdomain),
    ...uidErrors("spec.serviceAccountUID", spec.serviceAccountUID),
    ...checkForm("spec.nodeName", nodeName, dns1123Subdomain),
    ...uidErrors("spec.nodeUID", spec.nodeUID),
  ];
  const most = /^([^/]*\.)?kubernetes\.io\//.test(signerName) ? MAX_SECONDS_OF_KUBERNETES : MAX_SECONDS;
  if (seconds < MIN_SECONDS || seconds > most)
    errors.push(invalidValue("spec.maxExpirationSeconds", seconds, `must be in the range [${MIN_SECONDS}, ${most}]`));
  return [...errors, ...keyErrors(spec)];
}

function uidErrors(field: string, uid: string): FieldError[] {
  if (!uid) return [invalidValue(field, uid, "must not be empty")];
  return uid.length > MAX_UID
    ? [{ type: "FieldValueTooLong", field, detail: `may not be more than ${MAX_UID} bytes` }]
    : [];
}

const outcomeOf = ({ status }: PodCertificateRequest): string | undefined =>
  status.conditions?.find(({ type }) => OUTCOMES.includes(type))?.type;

function statusErrors(request: PodCertificateRequest, old: PodCertificateRequest, now: number): FieldError[] {
  const { status } = request;
  const errors = outcomeErrors(status);
  if (errors.length > 0) return errors;
  if (outcomeOf(old) !== undefined)
    return deepEqual(status, old.status)
      ? []
      : [invalidValue("status", status, "immutable after PodCertificateRequest is issued, denied, or failed")];
  const outcome = outcomeOf(request);
  if (outcome === "Issued") return issuedErrors(status, old.spec, now);
  const { conditions: _, ...rest } = status;
  if (Object.keys(rest).length === 0) return [];
  const detail = outcome
    ? "non-condition status fields must be empty when denying or failing the PodCertificateRequest"
    : "may not be set before the PodCertificateRequest is issued, denied, or failed";
  return [invalidValue("status", status, detail)];
}

function outcomeErrors({ conditions = [] }: PodCertificateRequestStatus): FieldError[] {
  const errors: FieldError[] = [];
  let known = 0;
  for (const [i, { type, status }] of conditions.entries()) {
    const at = `status.conditions[${i}]`;
    if (!OUTCOMES.includes(type)) errors.push(notSupported(`${at}.type`, type, OUTCOMES));
    else if (++known > 1) {
      const detail = 'There may be at most one condition with type "Issued", "Denied", or "Failed"';
      errors.push(invalidValue(`${at}.type`, type, detail));
    }
    if (OUTCOMES.includes(type) && status !== "True") errors.push(notSupported(`${at}.status`, status, ["True"]));
  }
  return [...errors, ...conditionsErrors(conditions, "status.conditions")];
}
