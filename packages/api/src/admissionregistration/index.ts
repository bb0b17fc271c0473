/** The resources of admissionregistration.k8s.io. */
import {
  mutatingadmissionpoliciesV1ALPHA1,
  mutatingadmissionpoliciesV1BETA1,
  mutatingadmissionpolicybindingsV1ALPHA1,
  mutatingadmissionpolicybindingsV1BETA1,
} from "../generated/refs.ts";
import { otherVersion } from "../other-version.ts";
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

/** Of versions that are served when they are asked for. */
export const admissionregistrationOnRequest = [
  otherVersion(mutatingAdmissionPolicyResource, mutatingadmissionpoliciesV1BETA1, { stability: "beta" }),
  otherVersion(mutatingAdmissionPolicyBindingResource, mutatingadmissionpolicybindingsV1BETA1, { stability: "beta" }),
  otherVersion(mutatingAdmissionPolicyResource, mutatingadmissionpoliciesV1ALPHA1, { stability: "alpha" }),
  otherVersion(mutatingAdmissionPolicyBindingResource, mutatingadmissionpolicybindingsV1ALPHA1, { stability: "alpha" }),
];
