/** Without it a PodGroup would go while pods of it run, and those that come in their place would wait for it. */
import { podgroups } from "@kubets/api/generated/refs";
import { PROTECTION_FINALIZER } from "@kubets/api/scheduling/pod-group";
import type { AdmissionPlugin } from "../plugin.ts";
import { isWhole } from "../request.ts";

export const podGroupProtection: AdmissionPlugin = {
  name: "PodGroupProtection",
  handles: (operation, resource, subresource) => operation === "CREATE" && isWhole(podgroups, resource, subresource),
  mutate({ object }) {
    if (!object) return;
    const { metadata } = object;
    if (!metadata.finalizers?.includes(PROTECTION_FINALIZER))
      metadata.finalizers = [...(metadata.finalizers ?? []), PROTECTION_FINALIZER];
  },
};
