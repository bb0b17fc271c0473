/** Budgets of disruption, priority classes, and slices of endpoints. */
import { formatLabelSelector } from "@kubets/machinery";
import { at, type JsonObject, listAt, mapAt, nameOf, numberAt, textAt, textsAt } from "../json.ts";
import type { Describer } from "./describer.ts";
import { eventLines } from "./events.ts";
import { orNone } from "./lines.ts";
import { annotations, head, labels } from "./metadata.ts";

export const budget: Describer = ({ object, lines, events, now }) => {
  head(lines, object);
  const least = textAt(object, "spec", "minAvailable");
  const most = textAt(object, "spec", "maxUnavailable");
  if (least) lines.field(0, "Min available", least);
  else if (most) lines.field(0, "Max unavailable", most);
  const selector = at(object, "spec", "selector") as Parameters<typeof formatLabelSelector>[0];
  lines.field(0, "Selector", selector ? formatLabelSelector(selector) : "<unset>");
  lines.line(0, "Status:");
  const count = (title: string, field: string) => lines.field(2, title, numberAt(object, "status", field));
  count("Allowed disruptions", "disruptionsAllowed");
  count("Current", "currentHealthy");
  count("Desired", "desiredHealthy");
  count("Total", "expectedPods");
  eventLines(lines, events, now);
};

export const priorityClass: Describer = ({ object, lines, events, now }) => {
  lines.field(0, "Name", nameOf(object));
  lines.field(0, "Value", numberAt(object, "value"));
  lines.field(0, "GlobalDefault", textAt(object, "globalDefault") || "false");
  lines.field(0, "PreemptionPolicy", textAt(object, "preemptionPolicy"));
  lines.field(0, "Description", textAt(object, "description"));
  const notes = Object.entries(mapAt(object, "metadata", "annotations")).map(([key, value]) => `${key}=${value}`);
  lines.field(0, "Annotations", orNone(notes.sort().join(",")));
  eventLines(lines, events, now);
};

export const endpointSlice: Describer = ({ object, lines, events, now }) => {
  head(lines, object);
  labels(lines, object);
  annotations(lines, object);
  lines.field(0, "AddressType", textAt(object, "addressType"));
  const ports = listAt(object, "ports");
  if (ports.length === 0) lines.field(0, "Ports", "<unset>");
  else {
    lines.line(0, "Ports:");
    lines.line(1, "Name\tPort\tProtocol");
    lines.line(1, "----\t----\t--------");
    for (const port of ports)
      lines.line(
        1,
        [textAt(port, "name") || "<unset>", textAt(port, "port") || "<unset>", textAt(port, "protocol")].join("\t"),
      );
  }
  const endpoints = listAt(object, "endpoints");
  if (endpoints.length === 0) lines.line(0, "Endpoints: <none>");
  else lines.line(0, "Endpoints:");
  for (const each of endpoints) {
    lines.line(1, `- Addresses:\t${textsAt(each, "addresses").join(",")}`);
    lines.line(2, "Conditions:");
    lines.field(3, "Ready", textAt(each, "conditions", "ready") || "<unset>");
    lines.field(2, "Hostname", textAt(each, "hostname") || "<unset>");
    const target = at(each, "targetRef") as JsonObject | undefined;
    if (target) lines.field(2, "TargetRef", `${textAt(target, "kind")}/${textAt(target, "name")}`);
    lines.field(2, "NodeName", textAt(each, "nodeName") || "<unset>");
    lines.field(2, "Zone", textAt(each, "zone") || "<unset>");
  }
  eventLines(lines, events, now);
};

export const endpoints: Describer = ({ object, lines, events, now }) => {
  head(lines, object);
  labels(lines, object);
  annotations(lines, object);
  lines.line(0, "Subsets:");
  for (const subset of listAt(object, "subsets")) {
    const addresses = (field: string) =>
      orNone(
        listAt(subset, field)
          .map((each) => textAt(each, "ip"))
          .join(","),
      );
    lines.field(1, "Addresses", addresses("addresses"));
    lines.field(1, "NotReadyAddresses", addresses("notReadyAddresses"));
    const ports = listAt(subset, "ports");
    if (ports.length > 0) {
      lines.line(1, "Ports:");
      lines.line(2, "Name\tPort\tProtocol");
      lines.line(2, "----\t----\t--------");
      for (const port of ports)
        lines.line(2, [textAt(port, "name") || "<unset>", textAt(port, "port"), textAt(port, "protocol")].join("\t"));
    }
    lines.line(0, "");
  }
  eventLines(lines, events, now);
};
