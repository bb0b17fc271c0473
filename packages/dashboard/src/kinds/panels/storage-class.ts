/** How volumes of a class come to be. */
import type { StorageClass } from "@kubets/api/generated/types/storage-v1";
import { type ComponentChild, h } from "preact";
import { Facts } from "../../parts/facts.ts";
import { Section } from "../../parts/section.ts";
import { Tree } from "../../parts/tree.ts";
import type { PanelView } from "../panels.ts";

const DEFAULT = "storageclass.kubernetes.io/is-default-class";

export function StorageClassPanel({ object }: PanelView<StorageClass>): ComponentChild {
  const { provisioner, parameters, reclaimPolicy, allowVolumeExpansion, volumeBindingMode, mountOptions } = object;
  return h(
    Section,
    { title: "Class" },
    h(Facts, {
      of: {
        "Made by": provisioner,
        Default: object.metadata.annotations?.[DEFAULT] === "true" && "yes: claims that name no class get it",
        "Once it is released": reclaimPolicy,
        Bound: volumeBindingMode,
        "Can grow": allowVolumeExpansion ? "yes" : "no",
        "Mount options": mountOptions?.join(", "),
        Parameters: parameters && h(Tree, { value: parameters }),
        "Reached from": object.allowedTopologies && h(Tree, { value: object.allowedTopologies }),
      },
    }),
  );
}
