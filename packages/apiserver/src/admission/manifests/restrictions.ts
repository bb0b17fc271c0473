/** What webhooks and policies of files may not have: whatever would need objects of the cluster, which may not be there yet. */
import { STATIC_NAME_END } from "@kubets/api/admissionregistration/static-names";
import type {
  ValidatingAdmissionPolicy,
  ValidatingAdmissionPolicyBinding,
  ValidatingWebhookConfiguration,
} from "@kubets/api/generated/types/admissionregistration-v1";
import type { KubeObject } from "@kubets/api/meta";

/** Why the object cannot be taken from a file. Mutating kinds have the same fields as validating ones. */
export function restrictionOf(object: KubeObject): string | undefined {
  const { kind } = object;
  if (kind.endsWith("WebhookConfiguration")) return webhookRestriction(object as ValidatingWebhookConfiguration);
  if (kind.endsWith("PolicyBinding")) return bindingRestriction(object as ValidatingAdmissionPolicyBinding);
  return (object as ValidatingAdmissionPolicy).spec.paramKind
    ? `${kind} ${JSON.stringify(object.metadata.name)}: spec.paramKind is not supported for static manifests`
    : undefined;
}

/** The policy that a binding is of; undefined for what is no binding. */
export const policyOf = (object: KubeObject): string | undefined =>
  object.kind.endsWith("PolicyBinding")
    ? ((object as ValidatingAdmissionPolicyBinding).spec.policyName ?? "")
    : undefined;

function webhookRestriction({ metadata, webhooks = [] }: ValidatingWebhookConfiguration): string | undefined {
  for (const { name, clientConfig } of webhooks) {
    const webhook = `webhook ${JSON.stringify(name)} in ${JSON.stringify(metadata.name)}`;
    if (clientConfig.service)
      return `${webhook}: clientConfig.service is not supported for static manifests; use clientConfig.url instead`;
    if (!clientConfig.url) return `${webhook}: clientConfig.url is required for static manifests`;
  }
  return undefined;
}

function bindingRestriction({ metadata, spec }: ValidatingAdmissionPolicyBinding): string | undefined {
  const binding = `binding ${JSON.stringify(metadata.name)}`;
  if (!spec.policyName?.endsWith(STATIC_NAME_END))
    return `${binding}: spec.policyName ${JSON.stringify(spec.policyName)} must end with ${JSON.stringify(STATIC_NAME_END)}`;
  return spec.paramRef ? `${binding}: spec.paramRef is not supported for static manifests` : undefined;
}
