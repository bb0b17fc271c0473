/** The conditions of certificate requests: what was decided, when, and that it stays decided. */
import { duplicate, type FieldError, forbiddenField, invalidValue, notSupported, required } from "@kubets/machinery";
import { CONDITION_STATUSES } from "../conditions.ts";
import { sameValue } from "../field-checks.ts";
import type {
  CertificateSigningRequest,
  CertificateSigningRequestCondition,
} from "../generated/types/certificates-v1.ts";
import type { Draft } from "../meta.ts";

const FIELD = "status.conditions";
/** These are set or not, and never unset. */
const DECISIONS = ["Approved", "Denied", "Failed"];

export const conditionsOf = (
  { status }: CertificateSigningRequest | Draft<CertificateSigningRequest>,
  type: string,
): readonly CertificateSigningRequestCondition[] =>
  (status.conditions ?? []).filter((condition) => condition.type === type);

/** Times that nobody gave: now, or when the condition took the status that it still has. */
export function stampConditions(
  request: Draft<CertificateSigningRequest>,
  old: CertificateSigningRequest,
  now: string,
): void {
  for (const condition of request.status.conditions ?? []) {
    condition.lastUpdateTime ||= now;
    if (condition.lastTransitionTime) continue;
    const before = conditionsOf(old, condition.type).find(({ status }) => status === condition.status);
    condition.lastTransitionTime = before?.lastTransitionTime || now;
  }
}

export function conditionErrors({ status }: CertificateSigningRequest): FieldError[] {
  const types = new Set<string>();
  return (status.conditions ?? []).flatMap(({ type, status: value }, i) => {
    const field = `${FIELD}[${i}]`;
    const allowed = DECISIONS.includes(type) ? ["True"] : CONDITION_STATUSES;
    const errors: FieldError[] = type ? [] : [required(`${field}.type`)];
    if (!value) errors.push(required(`${field}.status`));
    else if (!allowed.includes(value)) errors.push(notSupported(`${field}.status`, value, allowed));
    const opposite = { Approved: "Denied", Denied: "Approved" }[type];
    if (opposite && types.has(opposite))
      errors.push(invalidValue(FIELD, type, "Approved and Denied conditions are mutually exclusive"));
    if (types.has(type)) errors.push(duplicate(`${field}.type`, type));
    types.add(type);
    return errors;
  });
}

export function decisionErrors(
  request: CertificateSigningRequest,
  old: CertificateSigningRequest,
  { mayDecide }: { mayDecide: boolean },
): FieldError[] {
  const errors: FieldError[] = [];
  for (const type of DECISIONS)
    if (conditionsOf(request, type).length < conditionsOf(old, type).length)
      errors.push(forbiddenField(FIELD, `updates may not remove a condition of type ${JSON.stringify(type)}`));
  if (mayDecide) return errors;
  for (const type of ["Approved", "Denied"]) {
    const [after, before] = [conditionsOf(request, type), conditionsOf(old, type)];
    if (after.length > before.length)
      errors.push(forbiddenField(FIELD, `updates may not add a condition of type ${JSON.stringify(type)}`));
    else if (after.length === before.length && !sameValue(after, before))
      errors.push(forbiddenField(FIELD, `updates may not modify a condition of type ${JSON.stringify(type)}`));
  }
  return errors;
}
