/** The last warnings of all namespaces. */
import { type ComponentChild, h } from "preact";
import { EVENTS } from "../../kind-names.ts";
import { pathOf } from "../../server/kinds.ts";
import { asEvents, EventTable } from "../events-tab.ts";
import { useFollowed } from "../hooks.ts";
import { Section } from "../section.ts";
import { unseen } from "../unseen.ts";

const SHOWN = 15;

export function Warnings(): ComponentChild {
  const found = useFollowed({ path: pathOf(EVENTS), fieldSelector: "type=Warning" }, asEvents);
  const last = found.items.toSorted((a, b) => b.last - a.last).slice(0, SHOWN);
  return h(
    Section,
    { title: "Last warnings" },
    unseen(found, "events") ||
      (last.length === 0
        ? h("p", { class: "quiet" }, "None in the last hour.")
        : h(EventTable, { events: last, withObject: true })),
  );
}
