/** The template of pods that workloads carry. */
import { type JsonObject, listAt, mapAt, objectAt, textAt } from "../json.ts";
import { containerLines } from "./containers.ts";
import type { Lines } from "./lines.ts";
import { annotations, labels, mapLines } from "./metadata.ts";
import { tolerationLines } from "./tolerations.ts";
import { volumeLines } from "./volumes.ts";

export function templateLines(lines: Lines, template: JsonObject): void {
  lines.line(0, "Pod Template:");
  labels(lines, template, 1);
  if (Object.keys(mapAt(template, "metadata", "annotations")).length > 0) annotations(lines, template, 1);
  const spec = objectAt(template, "spec");
  const account = textAt(spec, "serviceAccountName");
  if (account) lines.field(1, "Service Account", account);
  const init = listAt(spec, "initContainers");
  if (init.length > 0) containerLines(lines, { title: "Init Containers", containers: init, indent: "  " });
  containerLines(lines, { title: "Containers", containers: listAt(spec, "containers"), indent: "  " });
  volumeLines(lines, listAt(spec, "volumes"), "  ");
  const priority = textAt(spec, "priorityClassName");
  if (priority) lines.field(1, "Priority Class Name", priority);
  mapLines(lines, 1, "Node-Selectors", mapAt(spec, "nodeSelector"));
  tolerationLines(lines, 1, listAt(spec, "tolerations"));
}
