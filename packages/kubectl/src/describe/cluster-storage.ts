/** What storage drivers say of themselves: their nodes, and classes of a volume's attributes. */
import { listAt, mapAt, nameOf, textAt, textsAt } from "../json.ts";
import type { Describer } from "./describer.ts";
import { eventLines } from "./events.ts";
import { longTime, orNone } from "./lines.ts";
import { annotations, labels } from "./metadata.ts";

export const driverNode: Describer = ({ object, lines, events, now }) => {
  lines.field(0, "Name", nameOf(object));
  labels(lines, object);
  annotations(lines, object);
  lines.field(0, "CreationTimestamp", longTime(textAt(object, "metadata", "creationTimestamp")));
  lines.line(0, "Spec:");
  const drivers = listAt(object, "spec", "drivers");
  if (drivers.length > 0) lines.line(1, "Drivers:");
  for (const driver of drivers) {
    lines.line(2, `${textAt(driver, "name")}:`);
    lines.field(3, "Node ID", textAt(driver, "nodeID"));
    const count = textAt(driver, "allocatable", "count");
    if (count) {
      lines.line(3, "Allocatables:");
      lines.field(4, "Count", count);
    }
    const keys = textsAt(driver, "topologyKeys");
    if (keys.length > 0) lines.field(3, "Topology Keys", `[${keys.join(" ")}]`);
  }
  eventLines(lines, events, now);
};

export const attributesClass: Describer = ({ object, lines, events, now }) => {
  lines.field(0, "Name", nameOf(object));
  lines.field(0, "Annotations", pairs(mapAt(object, "metadata", "annotations")));
  lines.field(0, "DriverName", textAt(object, "driverName"));
  lines.field(0, "Parameters", pairs(mapAt(object, "parameters")));
  eventLines(lines, events, now);
};

const pairs = (map: Readonly<Record<string, string>>): string =>
  orNone(
    Object.keys(map)
      .sort()
      .map((key) => `${key}=${map[key]}`)
      .join(","),
  );
