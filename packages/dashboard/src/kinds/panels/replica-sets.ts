/** The revisions of a Deployment: its ReplicaSets, the last one first. */
import type { Deployment, ReplicaSet } from "@kubets/api/generated/types/apps-v1";
import { type ComponentChild, h } from "preact";
import { REPLICA_SETS } from "../../kind-names.ts";
import { Age } from "../../parts/age.ts";
import { Grid } from "../../parts/grid.ts";
import { useFollowed } from "../../parts/hooks.ts";
import { ObjectLink } from "../../parts/object-link.ts";
import { Section } from "../../parts/section.ts";
import { unseen } from "../../parts/unseen.ts";
import { selectorText } from "../../reckoning/selector-text.ts";
import { asObjects } from "../../server/forms.ts";
import { pathOf } from "../../server/kinds.ts";
import type { PanelView } from "../panels.ts";

const revision = ({ metadata }: ReplicaSet): number =>
  Number(metadata.annotations?.["deployment.kubernetes.io/revision"] ?? 0);

export function ReplicaSetsPanel({ object: { metadata, spec } }: PanelView<Deployment>): ComponentChild {
  const found = useFollowed(
    { path: pathOf(REPLICA_SETS, metadata.namespace), labelSelector: selectorText(spec.selector) },
    asObjects<ReplicaSet>(),
  );
  const own = found.items
    .filter((each) => each.metadata.ownerReferences?.some(({ uid }) => uid === metadata.uid))
    .toSorted((a, b) => revision(b) - revision(a));
  return h(
    Section,
    { title: "Revisions" },
    unseen(found, "ReplicaSets") ??
      h(Grid, {
        titles: ["Revision", "ReplicaSet", "Ready", "Images", "Age"],
        rows: own.map((each) => [
          revision(each),
          h(ObjectLink, { to: { ...each.metadata, apiVersion: "apps/v1", kind: "ReplicaSet" } }),
          `${each.status.readyReplicas ?? 0}/${each.spec.replicas ?? 1}`,
          each.spec.template?.spec.containers.map(({ image }) => image).join(", "),
          h(Age, { of: each.metadata.creationTimestamp }),
        ]),
      }),
  );
}
