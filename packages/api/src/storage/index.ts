/** The resources of storage.k8s.io. */
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
