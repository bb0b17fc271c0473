/** Groups under kubernetes.io and k8s.io belong to that community: who defines a kind there says who approved it, or that nobody did. */
import { type FieldError, invalidValue, required } from "@kubets/machinery";
import type { CustomResourceDefinition } from "../generated/types/apiextensions-v1.ts";

const ANNOTATION = "api-approved.kubernetes.io";
const FIELD = `metadata.annotations[${ANNOTATION}]`;
const SEE = "see https://github.com/kubernetes/enhancements/pull/1111";
const MUST_HAVE = `protected groups must have approval annotation "${ANNOTATION}"`;

const EITHER = 'with either a URL or a reason starting with "unapproved"';

const isProtected = (group: string): boolean => /(^|\.)(k8s|kubernetes)\.io$/.test(group);

export function approvalErrors(
  { metadata, spec }: CustomResourceDefinition,
  old: CustomResourceDefinition | undefined,
): FieldError[] {
  const approval = metadata.annotations?.[ANNOTATION] ?? "";
  if (!isProtected(spec.group) || (old && (old.metadata.annotations?.[ANNOTATION] ?? "") === approval)) return [];
  if (approval === "") return [required(FIELD, `${MUST_HAVE}, ${SEE}`)];
  if (approval.startsWith("unapproved") || isUrl(approval)) return [];
  return [invalidValue(FIELD, approval, `${MUST_HAVE} ${EITHER}, ${SEE}`)];
}

/** What the annotation of a kind in a protected group says, as a condition. */
export function approvalCondition({ metadata, spec }: CustomResourceDefinition) {
  if (!isProtected(spec.group)) return undefined;
  const approval = metadata.annotations?.[ANNOTATION] ?? "";
  const say = (status: string, reason: string, message: string) => ({
    type: "KubernetesAPIApprovalPolicyConformant",
    status,
    reason,
    message,
  });
  if (approval === "") return say("False", "MissingAnnotation", `${MUST_HAVE}, ${SEE}`);
  if (approval.startsWith("unapproved"))
    return say("False", "UnapprovedAnnotation", `not approved: ${JSON.stringify(approval)}`);
  if (isUrl(approval)) return say("True", "ApprovedAnnotation", `approved in ${approval}`);
  return say("False", "InvalidAnnotation", `${MUST_HAVE} ${EITHER}, ${SEE}`);
}

const isUrl = (text: string): boolean => /^[A-Za-z][A-Za-z0-9+.-]*:\/\/[^/?#]+/.test(text);
