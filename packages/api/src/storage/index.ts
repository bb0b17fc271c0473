/** The resources of storage.k8s.io. */
import { volumeattributesclasses, volumeattributesclassesV1BETA1 } from "../generated/refs.ts";
import { otherVersion } from "../other-version.ts";
import { csiDriverResource } from "./csi-driver.ts";
import { csiNodeResource } from "./csi-node.ts";
import { csiStorageCapacityResource } from "./csi-storage-capacity.ts";
import { storageClassResource } from "./storage-class.ts";
import { volumeAttachmentResource } from "./volume-attachment.ts";
import { volumeAttributesClassResource } from "./volume-attributes-class.ts";

export const storageResources = [
  csiDriverResource,
  csiNodeResource,
  csiStorageCapacityResource,
  storageClassResource,
  volumeAttachmentResource,
  volumeAttributesClassResource,
];

/** Of versions that are served when they are asked for. */
export const storageOnRequest = [
  otherVersion(volumeAttributesClassResource, volumeattributesclassesV1BETA1, {
    stability: "beta",
    deprecated: ["1.34", "1.37", volumeattributesclasses],
  }),
];
