/** Without it a volume or a claim would go while a pod writes to it. */
import { persistentvolumeclaims, persistentvolumes, volumeattributesclasses } from "@kubets/api/generated/refs";
import type { AdmissionPlugin } from "../plugin.ts";

const FINALIZERS: Readonly<Record<string, string>> = {
  [persistentvolumes.resource]: "kubernetes.io/pv-protection",
  [persistentvolumeclaims.resource]: "kubernetes.io/pvc-protection",
  [volumeattributesclasses.resource]: "kubernetes.io/vac-protection",
};

export const storageObjectInUseProtection: AdmissionPlugin = {
  name: "StorageObjectInUseProtection",
  handles: (operation, { resource, group }, subresource) =>
    operation === "CREATE" &&
    subresource === "" &&
    resource in FINALIZERS &&
    (group === "" || group === "storage.k8s.io"),
  mutate({ object, resource }) {
    if (!object) return;
    const finalizer = FINALIZERS[resource.resource] as string;
    const { metadata } = object;
    if (!metadata.finalizers?.includes(finalizer)) metadata.finalizers = [...(metadata.finalizers ?? []), finalizer];
  },
};
