/** How many pods there are, their phases, and those that somebody should look at: as far as they are counted, which the page says. */
import { type ComponentChild, h } from "preact";
import { PODS } from "../../kind-names.ts";
import type { PodCount } from "../../reckoning/pod-count.ts";
import { listAddress } from "../../route.ts";
import { Grid } from "../grid.ts";
import { useNow } from "../hooks.ts";
import { ObjectLink } from "../object-link.ts";
import { Section } from "../section.ts";
import { toneOf } from "../tone.ts";

interface PodsProps {
  readonly count: PodCount;
}

export const PodsTile = ({ count: { all, counted, isWhole, phases } }: PodsProps): ComponentChild =>
  h(
    Section,
    { title: [h("a", { href: listAddress(PODS) }, "Pods"), h("small", { class: "quiet" }, ` ${all ?? ""}`)] },
    all === 0 && h("p", { class: "quiet" }, "None."),
    h(
      "ul",
      { class: "plain" },
      [...phases]
        .toSorted(([, a], [, b]) => b - a)
        .map(([phase, found]) =>
          h(
            "li",
            { key: phase },
            h(
              "a",
              { class: toneOf("Phase", phase), href: listAddress(PODS, { fieldSelector: `status.phase=${phase}` }) },
              `${found} ${phase}`,
            ),
          ),
        ),
    ),
    !isWhole && h("p", { class: "quiet", "aria-busy": "true" }, `Counting: ${counted}${all ? ` of ${all}` : ""} …`),
  );

/** More are only counted. */
const SHOWN = 20;

export function TroubledPods({ count }: PodsProps): ComponentChild {
  const now = useNow();
  const troubled = count.troubled.filter(({ trouble }) => trouble.from <= now);
  if (troubled.length === 0) return null;
  return h(
    Section,
    { title: `Pods in trouble${count.isWhole ? "" : " so far"}: ${troubled.length}` },
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
