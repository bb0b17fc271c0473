/** A volume: how large it is, whose, and where it lies. */
import type { PersistentVolume } from "@kubets/api/generated/types/core-v1";
import { type ComponentChild, h } from "preact";
import { Facts } from "../../parts/facts.ts";
import { ObjectLink } from "../../parts/object-link.ts";
import { Section } from "../../parts/section.ts";
import { StorageClassLink } from "../../parts/storage-class-link.ts";
import { toneOf } from "../../parts/tone.ts";
import { Tree } from "../../parts/tree.ts";
import { persistentSource } from "../../reckoning/volume-source.ts";
import type { PanelView } from "../panels.ts";

export function VolumePanel({ object: { spec, status } }: PanelView<PersistentVolume>): ComponentChild {
  const { phase = "Pending", reason, message } = status;
  const { claimRef, storageClassName, nodeAffinity } = spec;
  return h(
    Section,
    { title: "Volume" },
    h(Facts, {
      of: {
        Phase: [h("span", { class: toneOf("Phase", phase) }, phase), reason && ` ${reason}`, message && `: ${message}`],
        Claim:
          claimRef &&
          h(
            ObjectLink,
            { to: { ...claimRef, kind: "PersistentVolumeClaim" } },
            `${claimRef.namespace}/${claimRef.name}`,
          ),
        Class: storageClassName && h(StorageClassLink, { name: storageClassName }),
        Capacity: spec.capacity?.["storage"],
        Access: spec.accessModes?.join(", "),
        Mode: spec.volumeMode,
        "Once it is released": spec.persistentVolumeReclaimPolicy,
        Source: persistentSource(spec),
        "Reached from": nodeAffinity?.required && h(Tree, { value: nodeAffinity.required.nodeSelectorTerms }),
      },
    }),
  );
}
