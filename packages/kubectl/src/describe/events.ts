/** The events of an object, as the last section of its description. */
import { humanDuration } from "@kubets/machinery/duration";
import { parseTime } from "@kubets/machinery/time";
import { type JsonObject, numberAt, textAt } from "../json.ts";
import type { Info } from "../resources/select.ts";
import type { Api } from "../session.ts";
import { itemsAt } from "./describer.ts";
import type { Lines } from "./lines.ts";

export async function eventsOf(api: Api, { resource, namespace, name, object }: Info): Promise<JsonObject[]> {
  const uid = textAt(object, "metadata", "uid");
  // Events of nodes carry the node's name for its UID.
  const fields = {
    "involvedObject.kind": resource.kind,
    "involvedObject.name": name,
    ...(uid && resource.kind !== "Node" && { "involvedObject.uid": uid }),
  };
  const fieldSelector = Object.entries(fields)
    .map(([field, value]) => `${field}=${value}`)
    .join(",");
  const path = namespace ? `/api/v1/namespaces/${namespace}/events` : "/api/v1/events";
  const events = await itemsAt(api, path, { fieldSelector, limit: "500" });
  return events.sort((a, b) => lastSeen(a) - lastSeen(b));
}

const timeOf = (text: string): number => (text ? parseTime(text.replace(/\.[0-9]+Z$/, "Z")) : 0);
const firstSeen = (event: JsonObject): number => timeOf(textAt(event, "firstTimestamp") || textAt(event, "eventTime"));
export const lastSeen = (event: JsonObject): number =>
  timeOf(textAt(event, "series", "lastObservedTime") || textAt(event, "lastTimestamp")) || firstSeen(event);

export function intervalText(event: JsonObject, now: number): string {
  const count = numberAt(event, "series", "count") || numberAt(event, "count");
  const first = firstSeen(event) ? humanDuration(now - firstSeen(event)) : "<unknown>";
  return count > 1 ? `${humanDuration(now - lastSeen(event))} (x${count} over ${first})` : first;
}

/** Of an event about a part of the object, with the part in front. */
function messageText(event: JsonObject): string {
  const part = textAt(event, "involvedObject", "fieldPath");
  return `${part && `${part}: `}${textAt(event, "message").trim()}`;
}

export function eventLines(lines: Lines, events: readonly JsonObject[] | undefined, now: number): void {
  if (events === undefined) return;
  if (events.length === 0) return lines.line(0, "Events:\t<none>");
  lines.line(0, "Events:");
  lines.line(1, "Type\tReason\tAge\tFrom\tMessage");
  lines.line(1, "----\t------\t----\t----\t-------");
  for (const event of events) {
    const from = textAt(event, "source", "component") || textAt(event, "reportingComponent");
    const cells = [textAt(event, "type"), textAt(event, "reason"), intervalText(event, now), from, messageText(event)];
    lines.line(1, cells.join("\t"));
  }
}
