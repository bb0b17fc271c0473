/** Without it a claim would be promised more room than whoever made its volume can ever give. */
import { persistentvolumeclaims, storageclasses } from "@kubets/api/generated/refs";
import type { PersistentVolumeClaim } from "@kubets/api/generated/types/core-v1";
import { parseQuantity, zeroQuantity } from "@kubets/machinery";
import type { AdmissionPlugin } from "../plugin.ts";
import { isWhole, refuse } from "../request.ts";

const OLD_NAME = "volume.beta.kubernetes.io/storage-class";

export const persistentVolumeClaimResize: AdmissionPlugin = {
  name: "PersistentVolumeClaimResize",
  handles: (operation, resource, subresource) =>
    operation === "UPDATE" && isWhole(persistentvolumeclaims, resource, subresource),
  validate(request, { view }) {
    const claim = request.object as unknown as PersistentVolumeClaim;
    const old = request.old as PersistentVolumeClaim;
    if (storageOf(claim).compare(storageOf(old)) <= 0) return;
    const name = claim.metadata.annotations?.[OLD_NAME] ?? claim.spec.storageClassName;
    const found = name ? view.get(storageclasses, "", name) : undefined;
    if (!found?.allowVolumeExpansion)
      throw refuse(
        request,
        "only dynamically provisioned pvc can be resized and the storageclass that provisions the pvc must support resize",
      );
  },
};

function storageOf({ spec }: PersistentVolumeClaim) {
  const text = spec.resources?.requests?.["storage"];
  return text === undefined ? zeroQuantity : parseQuantity(text);
}
