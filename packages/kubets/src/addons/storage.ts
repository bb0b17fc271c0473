/** Volumes for claims with no more than the nodes' own disks: the default StorageClass, and the rights of those who make its volumes, one on each node. */
import { csidrivers, storageclasses } from "@kubets/api/generated/refs";
import { DRIVER, PROVISIONER } from "@kubets/kubelet/local-path/provisioner";
import type { AddonParts } from "./dns.ts";
import { BY, bind, subject } from "./grant.ts";

/** The user as whom the provisioners of nodes come. */
export const STORAGE_USER = "system:local-path-provisioner";
const CLASS = "local-path";

export async function startStorageAddon({ client }: Pick<AddonParts, "client">): Promise<void> {
  await client.apply(
    storageclasses,
    {
      apiVersion: "storage.k8s.io/v1",
      kind: "StorageClass",
      metadata: { name: CLASS, annotations: { "storageclass.kubernetes.io/is-default-class": "true" } },
      provisioner: PROVISIONER,
      reclaimPolicy: "Delete",
      // The folder is made on the node that the pod was given.
      volumeBindingMode: "WaitForFirstConsumer",
    },
    BY,
  );
  await client.apply(
    csidrivers,
    {
      apiVersion: "storage.k8s.io/v1",
      kind: "CSIDriver",
      metadata: { name: DRIVER },
      // A folder of the node is there where it is; it belongs to the group of whichever pod has it.
      spec: { attachRequired: false, fsGroupPolicy: "File", volumeLifecycleModes: ["Persistent"] },
    },
    BY,
  );
  await bind(client, STORAGE_USER, "system:persistent-volume-provisioner", subject("User", STORAGE_USER));
}
