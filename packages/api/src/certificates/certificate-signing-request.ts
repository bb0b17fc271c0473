/**
 * CertificateSigningRequests: a client asks, somebody approves, a signer signs. What was asked, and by whom, never changes; who made the
 * request is what the server saw, not what the request says. That approvers and signers may do so is checked by admission.
 */
import { duplicate, type FieldError, forbiddenField, invalidValue, notSupported, required } from "@kubets/machinery";
import { define, keepPart } from "../define.ts";
import { certificatesigningrequests } from "../generated/refs.ts";
import type { CertificateSigningRequest } from "../generated/types/certificates-v1.ts";
import type { Draft } from "../meta.ts";
import { signerNameErrors } from "../pod/signer-name.ts";
import type { WriteContext } from "../resource.ts";
import { age, column, humanDuration, nameColumn } from "../table.ts";
import { certificateProblem, requestProblem, USAGES } from "./request-checks.ts";
import { conditionErrors, conditionsOf, decisionErrors, stampConditions } from "./request-conditions.ts";

const LEGACY_SIGNER = "kubernetes.io/legacy-unknown";
const MIN_SECONDS = 600;

export const certificateSigningRequestResource = define(certificatesigningrequests, {
  shortNames: ["csr"],
  validateName: () => [],
  resetFields: [["spec"], ["status"]],
  prepareForCreate: (request, { user }) => {
    Object.assign(request.spec, {
      username: user?.username,
      uid: user?.uid,
      groups: user?.groups,
      extra: user?.extra,
    });
    request.status = {};
  },
  prepareForUpdate: (request, old) => {
    keepPart(request, old, "spec");
    keepPart(request, old, "status");
  },
  validate,
  validateUpdate: (request, old) => validateUpdate(request, old, {}),
  subresources: {
    status: {
      type: "status",
      part: ["status"],
      resetFields: [["spec"], ["status", "conditions"]],
      prepareForUpdate: (request, old, { now }) => {
        keepPart(request, old, "spec");
        stampConditions(request, old, now);
      },
      validateUpdate: (request, old) => validateUpdate(request, old, { maySetCertificate: true }),
    },
    approval: {
      type: "part",
      part: ["status"],
      resetFields: [["spec"], ["status", "certificate"]],
      prepareForUpdate: prepareApproval,
      validateUpdate: validateApproval,
    },
  },
  selectableFields: { "spec.signerName": ({ spec }) => spec.signerName },
  table: {
    columns: [
      nameColumn,
      column("Age"),
      column("SignerName"),
      column("Requestor"),
      column("RequestedDuration"),
      column("Condition"),
    ],
    cells: (request, now) => [
      request.metadata.name,
      age(request.metadata.creationTimestamp, now),
      request.spec.signerName || "<none>",
      request.spec.username ?? "",
      request.spec.expirationSeconds == null ? "<none>" : humanDuration(request.spec.expirationSeconds * 1000),
      conditionText(request),
    ],
  },
});

/** An approval decides; it brings no certificate. */
function prepareApproval(
  request: Draft<CertificateSigningRequest>,
  old: CertificateSigningRequest,
  { now }: WriteContext,
): void {
  keepPart(request, old, "spec");
  if (old.status.certificate === undefined) delete request.status.certificate;
  else request.status.certificate = old.status.certificate;
  stampConditions(request, old, now);
}

function conditionText(request: CertificateSigningRequest): string {
  const has = (type: string) => conditionsOf(request, type).length > 0;
  let text = has("Denied") ? "Denied" : has("Approved") ? "Approved" : "Pending";
  if (has("Failed")) text += ",Failed";
  return request.status.certificate ? `${text},Issued` : text;
}

function validate(request: CertificateSigningRequest): FieldError[] {
  return [...specErrors(request), ...conditionErrors(request), ...certificateErrors(request)];
}

function specErrors({ spec }: CertificateSigningRequest): FieldError[] {
  const { usages = [], signerName, expirationSeconds: seconds } = spec;
  const errors: FieldError[] = [];
  const problem = requestProblem(spec.request);
  if (problem) errors.push(invalidValue("spec.request", spec.request ?? null, problem));
  if (!usages.length) errors.push(required("spec.usages"));
  for (const [i, usage] of usages.entries())
    if (!USAGES.includes(usage)) errors.push(notSupported(`spec.usages[${i}]`, usage, USAGES));
  for (const [i, usage] of usages.entries())
    if (usages.indexOf(usage) < i) errors.push(duplicate(`spec.usages[${i}]`, usage));
  if (signerName === LEGACY_SIGNER)
    errors.push(
      invalidValue("spec.signerName", signerName, "the legacy signerName is not allowed via this API version"),
    );
  else errors.push(...signerNameErrors("spec.signerName", signerName));
  if (seconds != null && seconds < MIN_SECONDS) {
    const detail = "may not specify a duration less than 600 seconds (10 minutes)";
    errors.push(invalidValue("spec.expirationSeconds", seconds, detail));
  }
  return errors;
}

function certificateErrors({ status: { certificate } }: CertificateSigningRequest): FieldError[] {
  const problem = certificate ? certificateProblem(certificate) : undefined;
  return problem ? [invalidValue("status.certificate", "<certificate data>", problem)] : [];
}

interface Allowed {
  readonly maySetCertificate?: boolean;
  readonly mayDecide?: boolean;
}

/** What stood there before is not looked at again: older releases let more pass. */
function validateUpdate(
  request: CertificateSigningRequest,
  old: CertificateSigningRequest,
  { maySetCertificate = false, mayDecide = false }: Allowed,
): FieldError[] {
  const errors = conditionErrors(request);
  const { certificate = "" } = request.status;
  const { certificate: before = "" } = old.status;
  const field = "status.certificate";
  if (certificate !== before) errors.push(...certificateErrors(request));
  errors.push(...decisionErrors(request, old, { mayDecide }));
  if (certificate === before) return errors;
  if (!maySetCertificate) errors.push(forbiddenField(field, "updates may not set certificate content"));
  if (before !== "") errors.push(forbiddenField(field, "updates may not modify existing certificate content"));
  return errors;
}

function validateApproval(request: CertificateSigningRequest, old: CertificateSigningRequest): FieldError[] {
  return validateUpdate(request, old, { mayDecide: true });
}
