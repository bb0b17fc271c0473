/** The events about an object, the last ones first. */
import type { Event } from "@kubets/api/generated/types/core-v1";
import { type ComponentChild, h } from "preact";
import { EVENTS } from "../kind-names.ts";
import type { ObjectView } from "../kinds/tabs.ts";
import { asBriefs } from "../server/forms.ts";
import { pathOf } from "../server/kinds.ts";
import { Age } from "./age.ts";
import { Grid } from "./grid.ts";
import { useFollowed } from "./hooks.ts";
import { FailureBox, Loading } from "./messages.ts";
import { ObjectLink, type Reference } from "./object-link.ts";
import { Section } from "./section.ts";
import { toneOf } from "./tone.ts";

export type { Event } from "@kubets/api/generated/types/core-v1";

/** What is shown of an event: there may be thousands of them, with much about who manages them. */
export interface EventBrief {
  readonly type: string;
  readonly about: Reference;
  readonly reason: string | undefined;
  readonly last: number;
  readonly times: number;
  readonly from: string | undefined;
  readonly message: string | undefined;
}

export const asEvents = asBriefs(
  (event: Event): EventBrief => ({
    type: event.type ?? "",
    about: event.involvedObject,
    reason: event.reason,
    last: lastSeen(event),
    times: event.series?.count ?? event.count ?? 1,
    from: event.reportingComponent || event.source.component,
    message: event.message,
  }),
);

export function EventsTab({ object }: ObjectView): ComponentChild {
  const { namespace = "", uid } = object.metadata;
  const found = useFollowed({ path: pathOf(EVENTS, namespace), fieldSelector: `involvedObject.uid=${uid}` }, asEvents);
  if (found.phase === "loading") return h(Loading, { what: "events" });
  if (found.failure && found.items.length === 0) return h(FailureBox, { failure: found.failure });
  if (found.items.length === 0) return h("p", { class: "quiet" }, "Nothing was told of it in the last hour.");
  return h(Section, { title: "Events" }, h(EventTable, { events: found.items }));
}

interface EventTableProps {
  readonly events: readonly EventBrief[];
  /** Where they are about several objects. */
  readonly withObject?: boolean;
}

export const EventTable = ({ events, withObject = false }: EventTableProps): ComponentChild =>
  h(Grid, {
    titles: ["Type", "Object", "Reason", "Last", "Times", "From", "Message"],
    rows: events
      .toSorted((a, b) => b.last - a.last)
      .map(({ type, about, reason, last, times, from, message }) => [
        h("span", { class: toneOf("Type", type) }, type),
        withObject && h(About, { of: about }),
        reason,
        h(Age, { of: last }),
        times,
        from,
        message,
      ]),
  });

export const About = ({ of }: { readonly of: Reference }): ComponentChild =>
  h(ObjectLink, { to: of }, `${of.kind} ${[of.namespace, of.name].filter(Boolean).join("/")}`);

export const lastSeen = ({ series, lastTimestamp, eventTime, metadata }: Event): number =>
  Date.parse(series?.lastObservedTime ?? lastTimestamp ?? eventTime ?? metadata.creationTimestamp ?? "");
