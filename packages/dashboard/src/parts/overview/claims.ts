/** Claims of storage that have no volume. */
import type { PersistentVolumeClaim } from "@kubets/api/generated/types/core-v1";
import { type ComponentChild, h } from "preact";
import { CLAIMS } from "../../kind-names.ts";
import { asBriefs } from "../../server/forms.ts";
import { pathOf } from "../../server/kinds.ts";
import { Age } from "../age.ts";
import { Grid } from "../grid.ts";
import { useFollowed } from "../hooks.ts";
import { ObjectLink } from "../object-link.ts";
import { Section } from "../section.ts";
import { toneOf } from "../tone.ts";
import { unseen } from "../unseen.ts";

const asClaims = asBriefs(({ metadata, spec, status }: PersistentVolumeClaim) => ({
  ref: { kind: "PersistentVolumeClaim", namespace: metadata.namespace, name: metadata.name },
  created: metadata.creationTimestamp,
  phase: status.phase ?? "Pending",
  storageClass: spec.storageClassName,
}));

const SHOWN = 20;

/** Nothing where all is well. */
export function Claims(): ComponentChild {
  const found = useFollowed({ path: pathOf(CLAIMS) }, asClaims);
  const unbound = found.items.filter(({ phase }) => phase !== "Bound");
  const why = found.phase !== "loading" && unseen(found, "claims");
  if (unbound.length === 0 && !why) return null;
  return h(
    Section,
    { title: "Claims without a volume" },
    why ||
      h(Grid, {
        titles: ["Namespace", "Claim", "Phase", "Class", "Age"],
        rows: unbound
          .slice(0, SHOWN)
          .map(({ ref, phase, storageClass, created }) => [
            ref.namespace,
            h(ObjectLink, { to: ref }),
            h("span", { class: toneOf("Phase", phase) }, phase),
            storageClass,
            h(Age, { of: created }),
          ]),
      }),
    unbound.length > SHOWN && h("p", { class: "quiet" }, `and ${unbound.length - SHOWN} more`),
  );
}
