/** What happened, to what, and who says so. */
import { type ComponentChild, h } from "preact";
import { Age } from "../../parts/age.ts";
import { About, type Event, lastSeen } from "../../parts/events-tab.ts";
import { Facts } from "../../parts/facts.ts";
import { Section } from "../../parts/section.ts";
import { toneOf } from "../../parts/tone.ts";
import type { PanelView } from "../panels.ts";

export function EventPanel({ object: event }: PanelView<Event>): ComponentChild {
  const { type = "", reason, message, involvedObject, firstTimestamp, series, count } = event;
  return h(
    Section,
    { title: "Event" },
    h(Facts, {
      of: {
        Type: h("span", { class: toneOf("Type", type) }, type),
        Reason: reason,
        Message: message,
        About: involvedObject && h(About, { of: involvedObject }),
        Last: [h(Age, { of: lastSeen(event) }), " ago"],
        First: firstTimestamp && [h(Age, { of: firstTimestamp }), " ago"],
        Times: String(series?.count ?? count ?? 1),
        From: event.reportingComponent || event.source?.component,
      },
    }),
  );
}
