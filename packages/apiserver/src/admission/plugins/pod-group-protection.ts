/** Without it a PodGroup would go while pods of it run, and those that come in their place would wait for it. */
import { podgroups } from "@kubets/api/generated/refs";
import type { AdmissionPlugin } from "../plugin.ts";
import { isWhole } from "../request.ts";

const FINALIZER = "scheduling.k8s.io/podgroup-protection";

export const podGroupProtection: AdmissionPlugin = {
  name: "PodGroupProtection",
  handles: (operation, resource, subresource) => operation === "CREATE" && isWhole(podgroups, resource, subresource),
  mutate({ object }) {
    if (!object) return;
    const { metadata } = object;
    if (!metadata.finalizers?.includes(FINALIZER)) metadata.finalizers = [...(metadata.finalizers ?? []), FINALIZER];
  },
};
