/**
 * Tells the writers of policies where their expressions do not fit the types that they are about.
 * Owns: the type checking in the status of ValidatingAdmissionPolicies. Watches: the policies.
 */
import { typeCheck } from "@kubets/api/admissionregistration/expressions/type-checking";
import { builtInResources } from "@kubets/api/all";
import { validatingadmissionpolicies } from "@kubets/api/generated/refs";
import { type Controller, on } from "@kubets/client";
import { writeStatus } from "../write-status.ts";

export const validatingAdmissionPolicyStatus = (): Controller => ({
  name: "validatingadmissionpolicy-status",
  watches: [on(validatingadmissionpolicies)],
  async reconcile(name, { cache, client }) {
    const policy = cache.get(validatingadmissionpolicies, name);
    const { generation = 0 } = policy?.metadata ?? {};
    if (!policy || (policy.status?.observedGeneration ?? 0) >= generation) return;
    const expressionWarnings = typeCheck(policy.spec, builtInResources);
    await writeStatus(client, validatingadmissionpolicies, policy, {
      ...policy.status,
      observedGeneration: generation,
      typeChecking: expressionWarnings.length ? { expressionWarnings } : {},
    });
  },
});
