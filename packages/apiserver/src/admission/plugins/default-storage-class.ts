/** Without it a claim that names no class would wait for ever for a volume that nobody makes. */
import { persistentvolumeclaims, storageclasses } from "@kubets/api/generated/refs";
import type { PersistentVolumeClaim } from "@kubets/api/generated/types/core-v1";
import type { StorageClass } from "@kubets/api/generated/types/storage-v1";
import type { Draft } from "@kubets/api/meta";
import type { AdmissionPlugin } from "../plugin.ts";
import { isWhole, newestFirst } from "../request.ts";

const MARKS = ["storageclass.kubernetes.io/is-default-class", "storageclass.beta.kubernetes.io/is-default-class"];
const OLD_NAME = "volume.beta.kubernetes.io/storage-class";

export const defaultStorageClass: AdmissionPlugin = {
  name: "DefaultStorageClass",
  handles: (operation, resource, subresource) =>
    operation === "CREATE" && isWhole(persistentvolumeclaims, resource, subresource),
  mutate({ object }, { view }) {
    const { spec, metadata } = object as unknown as Draft<PersistentVolumeClaim>;
    if (spec.storageClassName !== undefined || metadata.annotations?.[OLD_NAME] !== undefined) return;
    const [chosen] = view.list(storageclasses).filter(isDefault).sort(newestFirst);
    if (chosen) spec.storageClassName = chosen.metadata.name;
  },
};

const isDefault = ({ metadata }: StorageClass): boolean =>
  MARKS.some((mark) => metadata.annotations?.[mark] === "true");
