/**
 * Tells the writers of policies where their expressions do not fit the types that they are about, of custom kinds as they are defined then.
 * Owns: the type checking in the status of ValidatingAdmissionPolicies. Watches: the policies.
 */
import { typeCheck } from "@kubets/api/admissionregistration/expressions/type-checking";
import { builtInResources } from "@kubets/api/all";
import { validatingadmissionpolicies } from "@kubets/api/generated/refs";
import { type Controller, on } from "@kubets/client";
import { writeStatus } from "../write-status.ts";
import { customKinds } from "./custom-kinds.ts";

const GROUPS = new Set(builtInResources.map(({ group }) => group));

export const validatingAdmissionPolicyStatus = (): Controller => ({
  name: "validatingadmissionpolicy-status",
  watches: [on(validatingadmissionpolicies)],
  async reconcile(name, { cache, client }) {
    const policy = cache.get(validatingadmissionpolicies, name);
    const { generation = 0 } = policy?.metadata ?? {};
    if (!policy || (policy.status?.observedGeneration ?? 0) >= generation) return;
    const custom = await customKinds(policy.spec, (group) => GROUPS.has(group), client);
    const expressionWarnings = typeCheck(policy.spec, [...builtInResources, ...custom]);
    await writeStatus(client, validatingadmissionpolicies, policy, {
      ...policy.status,
      observedGeneration: generation,
      typeChecking: expressionWarnings.length ? { expressionWarnings } : {},
    });
  },
});
