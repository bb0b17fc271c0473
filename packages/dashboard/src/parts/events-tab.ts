/** The events about an object, the last ones first. */
import type { Event } from "@kubets/api/generated/types/core-v1";
import { humanDuration } from "@kubets/machinery/duration";
import { type ComponentChild, h } from "preact";
import type { ObjectView } from "../kinds/tabs.ts";
import { asObjects } from "../server/forms.ts";
import { pathOf } from "../server/kinds.ts";
import { useFollowed, useNow } from "./hooks.ts";
import { FailureBox, Loading } from "./messages.ts";
import { ObjectLink, type Reference } from "./object-link.ts";
import { toneOf } from "./tone.ts";

export type { Event } from "@kubets/api/generated/types/core-v1";

export const EVENTS = { group: "", version: "v1", resource: "events" };

export function EventsTab({ object }: ObjectView): ComponentChild {
  const { namespace = "", uid } = object.metadata;
  const found = useFollowed(
    { path: pathOf(EVENTS, namespace), fieldSelector: `involvedObject.uid=${uid}` },
    asObjects<Event>(),
  );
  if (found.phase === "loading") return h(Loading, { what: "events" });
  if (found.failure && found.items.length === 0) return h(FailureBox, { failure: found.failure });
  if (found.items.length === 0) return h("p", { class: "quiet" }, "Nothing was told of it in the last hour.");
  return h(EventTable, { events: found.items });
}

interface EventTableProps {
  readonly events: readonly Event[];
  /** Where they are about several objects. */
  readonly withObject?: boolean;
}

export function EventTable({ events, withObject = false }: EventTableProps): ComponentChild {
  const now = useNow();
  const titles = ["Type", ...(withObject ? ["Object"] : []), "Reason", "Last", "Times", "From", "Message"];
  return h(
    "div",
    { class: "table" },
    h(
      "table",
      null,
      h(
        "thead",
        null,
        h(
          "tr",
          null,
          titles.map((title) => h("th", { scope: "col", key: title }, title)),
        ),
      ),
      h(
        "tbody",
        null,
        events
          .toSorted((a, b) => lastSeen(b) - lastSeen(a))
          .map((event) =>
            h(
              "tr",
              { key: event.metadata.uid },
              h("td", null, h("span", { class: toneOf("Type", event.type ?? "") }, event.type)),
              withObject && h("td", null, h(About, { of: event.involvedObject ?? {} })),
              h("td", null, event.reason),
              h("td", null, humanDuration(now - lastSeen(event))),
              h("td", null, event.series?.count ?? event.count ?? 1),
              h("td", null, event.reportingComponent || event.source?.component),
              h("td", null, event.message),
            ),
          ),
      ),
    ),
  );
}

export const About = ({ of }: { readonly of: Reference }): ComponentChild =>
  h(ObjectLink, { to: of }, `${of.kind} ${[of.namespace, of.name].filter(Boolean).join("/")}`);

export const lastSeen = ({ series, lastTimestamp, eventTime, metadata }: Event): number =>
  Date.parse(series?.lastObservedTime ?? lastTimestamp ?? eventTime ?? metadata.creationTimestamp ?? "");
