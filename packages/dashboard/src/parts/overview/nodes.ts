/** How many nodes are ready, and which are in trouble. */
import { type ComponentChild, h } from "preact";
import { NODES } from "../../kind-names.ts";
import type { NodeBrief } from "../../reckoning/node-state.ts";
import { listAddress } from "../../route.ts";
import { ObjectLink } from "../object-link.ts";
import { Section } from "../section.ts";

/** More are not named. */
const NAMED = 10;

export function NodesTile({ nodes }: { readonly nodes: readonly NodeBrief[] }): ComponentChild {
  const ready = nodes.filter(({ isReady }) => isReady).length;
  const troubled = nodes.filter(({ trouble }) => trouble.length > 0);
  return h(
    Section,
    { title: h("a", { href: listAddress(NODES) }, "Nodes") },
    h("p", { class: ready === nodes.length ? "good" : "bad" }, `${ready} of ${nodes.length} ready`),
    h(
      "ul",
      { class: "plain" },
      troubled
        .slice(0, NAMED)
        .map(({ metadata, trouble }) =>
          h(
            "li",
            { key: metadata.name },
            h(ObjectLink, { to: { kind: "Node", name: metadata.name } }),
            " ",
            h("span", { class: "bad" }, trouble.join("; ")),
          ),
        ),
    ),
    troubled.length > NAMED && h("p", { class: "quiet" }, `and ${troubled.length - NAMED} more`),
  );
}
