/** Pods by their phases, and those that somebody should look at. */
import { type ComponentChild, h } from "preact";
import { PODS } from "../../kind-names.ts";
import type { PodsTotal } from "../../reckoning/pod-brief.ts";
import { listAddress } from "../../route.ts";
import { Grid } from "../grid.ts";
import { useNow } from "../hooks.ts";
import { ObjectLink } from "../object-link.ts";
import { Section } from "../section.ts";
import { toneOf } from "../tone.ts";

export const PodsTile = ({ total }: { readonly total: PodsTotal }): ComponentChild =>
  h(
    Section,
    { title: h("a", { href: listAddress(PODS) }, "Pods") },
    total.phases.size === 0 && h("p", { class: "quiet" }, "None."),
    h(
      "ul",
      { class: "plain" },
      [...total.phases]
        .toSorted(([, a], [, b]) => b - a)
        .map(([phase, count]) =>
          h(
            "li",
            { key: phase },
            h(
              "a",
              { class: toneOf("Phase", phase), href: listAddress(PODS, { fieldSelector: `status.phase=${phase}` }) },
              `${count} ${phase}`,
            ),
          ),
        ),
    ),
  );

/** More are only counted. */
const SHOWN = 20;

export function TroubledPods({ pods }: { readonly pods: PodsTotal["troubled"] }): ComponentChild {
  const now = useNow();
  const troubled = pods.filter(({ trouble }) => trouble.from <= now);
  if (troubled.length === 0) return null;
  return h(
    Section,
    { title: `Pods in trouble: ${troubled.length}` },
    h(Grid, {
      titles: ["Namespace", "Pod", "What", "Why"],
      rows: troubled
        .slice(0, SHOWN)
        .map(({ metadata, trouble }) => [
          metadata.namespace,
          h(ObjectLink, { to: { ...metadata, kind: "Pod" } }),
          h("span", { class: "bad" }, trouble.reason),
          trouble.message,
        ]),
    }),
    troubled.length > SHOWN && h("p", { class: "quiet" }, `and ${troubled.length - SHOWN} more`),
  );
}
