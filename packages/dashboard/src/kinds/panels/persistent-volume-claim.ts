/** What storage is asked for, and which volume it got. */
import type { PersistentVolumeClaim } from "@kubets/api/generated/types/core-v1";
import { type ComponentChild, h } from "preact";
import { Facts } from "../../parts/facts.ts";
import { ObjectLink } from "../../parts/object-link.ts";
import { Section } from "../../parts/section.ts";
import { StorageClassLink } from "../../parts/storage-class-link.ts";
import { toneOf } from "../../parts/tone.ts";
import type { PanelView } from "../panels.ts";

export function ClaimPanel({ object: { metadata, spec, status } }: PanelView<PersistentVolumeClaim>): ComponentChild {
  const { phase = "Pending", capacity, accessModes } = status;
  const source = spec.dataSourceRef ?? spec.dataSource;
  return h(
    Section,
    { title: "Claim" },
    h(Facts, {
      of: {
        Phase: h("span", { class: toneOf("Phase", phase) }, phase),
        Volume: spec.volumeName && h(ObjectLink, { to: { kind: "PersistentVolume", name: spec.volumeName } }),
        Class: spec.storageClassName && h(StorageClassLink, { name: spec.storageClassName }),
        "Asked for": spec.resources?.requests?.["storage"],
        Capacity: capacity?.["storage"],
        Access: (accessModes ?? spec.accessModes)?.join(", "),
        Mode: spec.volumeMode,
        "Filled from":
          source &&
          h(ObjectLink, {
            to: { ...source, apiVersion: source.apiGroup ? `${source.apiGroup}/` : "v1" },
            namespace: metadata.namespace,
          }),
      },
    }),
  );
}
