/** The last warnings of all namespaces. */
import { type ComponentChild, h } from "preact";
import { EVENTS } from "../../kind-names.ts";
import { asObjects } from "../../server/forms.ts";
import { pathOf } from "../../server/kinds.ts";
import { type Event, EventTable, lastSeen } from "../events-tab.ts";
import { useFollowed } from "../hooks.ts";
import { Section } from "../section.ts";
import { unseen } from "../unseen.ts";

const SHOWN = 15;

export function Warnings(): ComponentChild {
  const found = useFollowed({ path: pathOf(EVENTS), fieldSelector: "type=Warning" }, asObjects<Event>());
  const last = found.items.toSorted((a, b) => lastSeen(b) - lastSeen(a)).slice(0, SHOWN);
  return h(
    Section,
    { title: "Last warnings" },
    unseen(found, "events") ||
      (last.length === 0
        ? h("p", { class: "quiet" }, "None in the last hour.")
        : h(EventTable, { events: last, withObject: true })),
  );
}
