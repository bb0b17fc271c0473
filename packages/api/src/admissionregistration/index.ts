/** The resources of admissionregistration.k8s.io. */
import { mutatingAdmissionPolicyResource } from "./mutating-admission-policy.ts";
import { mutatingAdmissionPolicyBindingResource } from "./mutating-admission-policy-binding.ts";
import { mutatingWebhookConfigurationResource } from "./mutating-webhook-configuration.ts";
import { validatingAdmissionPolicyResource } from "./validating-admission-policy.ts";
import { validatingAdmissionPolicyBindingResource } from "./validating-admission-policy-binding.ts";
import { validatingWebhookConfigurationResource } from "./validating-webhook-configuration.ts";

export const admissionregistrationResources = [
  mutatingAdmissionPolicyResource,
  mutatingAdmissionPolicyBindingResource,
  mutatingWebhookConfigurationResource,
  validatingAdmissionPolicyResource,
  validatingAdmissionPolicyBindingResource,
  validatingWebhookConfigurationResource,
];
