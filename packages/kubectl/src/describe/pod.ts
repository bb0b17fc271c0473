/** A pod: where it runs, its containers and how they fare, what it needs. */
import { humanDuration } from "@kubets/machinery/duration";
import { parseTime } from "@kubets/machinery/time";
import { type JsonObject, listAt, mapAt, textAt } from "../json.ts";
import { containerLines } from "./containers.ts";
import type { Describer } from "./describer.ts";
import { eventLines } from "./events.ts";
import { type Lines, longTime } from "./lines.ts";
import { annotations, controllerText, head, labels, mapLines } from "./metadata.ts";
import { tolerationLines } from "./tolerations.ts";
import { volumeLines } from "./volumes.ts";

export const pod: Describer = ({ object, lines, events, now }) => {
  head(lines, object);
  optional(lines, "Priority", textAt(object, "spec", "priority"));
  optional(lines, "Priority Class Name", textAt(object, "spec", "priorityClassName"));
  optional(lines, "Runtime Class Name", textAt(object, "spec", "runtimeClassName"));
  optional(lines, "Service Account", textAt(object, "spec", "serviceAccountName"));
  const node = textAt(object, "spec", "nodeName");
  lines.field(0, "Node", node ? `${node}/${textAt(object, "status", "hostIP")}` : "<none>");
  const started = textAt(object, "status", "startTime");
  if (started) lines.field(0, "Start Time", longTime(started));
  labels(lines, object);
  annotations(lines, object);
  status(lines, object, now);
  addresses(lines, object);
  optional(lines, "Controlled By", controllerText(object));
  optional(lines, "NominatedNodeName", textAt(object, "status", "nominatedNodeName"));
  containers(lines, object);
  conditions(lines, object);
  volumeLines(lines, listAt(object, "spec", "volumes"), "");
  optional(lines, "QoS Class", textAt(object, "status", "qosClass"));
  mapLines(lines, 0, "Node-Selectors", mapAt(object, "spec", "nodeSelector"));
  tolerationLines(lines, 0, listAt(object, "spec", "tolerations"));
  spread(lines, object);
  eventLines(lines, events, now);
};

function optional(lines: Lines, title: string, value: string): void {
  if (value !== "") lines.field(0, title, value);
}

function status(lines: Lines, object: JsonObject, now: number): void {
  const deleted = textAt(object, "metadata", "deletionTimestamp");
  if (deleted) {
    lines.field(0, "Status", `Terminating (lasts ${humanDuration(now - parseTime(deleted))})`);
    lines.field(0, "Termination Grace Period", `${textAt(object, "metadata", "deletionGracePeriodSeconds")}s`);
  } else lines.field(0, "Status", textAt(object, "status", "phase"));
  optional(lines, "Reason", textAt(object, "status", "reason"));
  optional(lines, "Message", textAt(object, "status", "message"));
}

function addresses(lines: Lines, object: JsonObject): void {
  lines.field(0, "IP", textAt(object, "status", "podIP"));
  const ips = listAt(object, "status", "podIPs");
  lines.line(0, ips.length > 0 ? "IPs:" : "IPs:\t<none>");
  for (const each of ips) lines.field(1, "IP", textAt(each, "ip"));
}

function containers(lines: Lines, object: JsonObject): void {
  const of = (title: string, field: string, statuses: string) => ({
    title,
    containers: listAt(object, "spec", field),
    statuses: listAt(object, "status", statuses),
    pod: object,
    indent: "",
  });
  if (listAt(object, "spec", "initContainers").length > 0)
    containerLines(lines, of("Init Containers", "initContainers", "initContainerStatuses"));
  containerLines(lines, of("Containers", "containers", "containerStatuses"));
  if (listAt(object, "spec", "ephemeralContainers").length > 0)
    containerLines(lines, of("Ephemeral Containers", "ephemeralContainers", "ephemeralContainerStatuses"));
}

function conditions(lines: Lines, object: JsonObject): void {
  const gates = listAt(object, "spec", "readinessGates");
  const list = listAt(object, "status", "conditions");
  if (gates.length > 0) {
    lines.line(0, "Readiness Gates:\n  Type\tStatus");
    for (const gate of gates) {
      const type = textAt(gate, "conditionType");
      lines.line(
        1,
        `${type}\t${
          textAt(
            list.find((each) => each.type === type),
            "status",
          ) || "<none>"
        } `,
      );
    }
  }
  if (list.length === 0) return;
  lines.line(0, "Conditions:\n  Type\tStatus");
  for (const each of list) lines.line(1, `${textAt(each, "type")}\t${textAt(each, "status")} `);
}

function spread(lines: Lines, object: JsonObject): void {
  const list = listAt(object, "spec", "topologySpreadConstraints");
  for (const [i, each] of list.entries()) {
    const text = `${textAt(each, "topologyKey")}:${textAt(each, "whenUnsatisfiable")} when max skew ${textAt(each, "maxSkew")} is exceeded`;
    lines.line(0, `${i === 0 ? "Topology Spread Constraints:" : ""}\t${text}`);
  }
}
