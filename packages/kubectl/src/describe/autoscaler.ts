/** Horizontal pod autoscalers: what they follow, how fast, and how far they are. */
import { at, type JsonObject, listAt, numberAt, objectAt, textAt } from "../json.ts";
import type { Describer } from "./describer.ts";
import { eventLines } from "./events.ts";
import { type Lines, longTime } from "./lines.ts";
import { annotations, head, labels } from "./metadata.ts";

export const autoscaler: Describer = ({ object, lines, events, now }) => {
  const [spec, status] = [objectAt(object, "spec"), objectAt(object, "status")];
  head(lines, object);
  labels(lines, object);
  annotations(lines, object);
  lines.field(0, "CreationTimestamp", longTime(textAt(object, "metadata", "creationTimestamp")));
  const kind = textAt(spec, "scaleTargetRef", "kind");
  lines.field(0, "Reference", `${kind}/${textAt(spec, "scaleTargetRef", "name")}`);
  lines.field(0, "Metrics", "( current / target )");
  const current = listAt(status, "currentMetrics");
  for (const [i, metric] of listAt(spec, "metrics").entries()) lines.line(1, metricText(metric, current[i]));
  lines.field(0, "Min replicas", textAt(spec, "minReplicas") || "<unset>");
  lines.field(0, "Max replicas", numberAt(spec, "maxReplicas"));
  if (spec.behavior) {
    lines.line(0, "Behavior:");
    direction(lines, "Scale Up", objectAt(spec, "behavior", "scaleUp"));
    direction(lines, "Scale Down", objectAt(spec, "behavior", "scaleDown"));
  }
  lines.field(
    0,
    `${kind} pods`,
    `${numberAt(status, "currentReplicas")} current / ${numberAt(status, "desiredReplicas")} desired`,
  );
  const conditions = listAt(status, "conditions");
  if (conditions.length > 0) {
    lines.line(0, "Conditions:\n  Type\tStatus\tReason\tMessage\n  ----\t------\t------\t-------");
    for (const each of conditions)
      lines.line(1, ["type", "status", "reason", "message"].map((field) => textAt(each, field)).join("\t"));
  }
  eventLines(lines, events, now);
};

const FIELDS: Readonly<Record<string, string>> = {
  ContainerResource: "containerResource",
  External: "external",
  Object: "object",
  Pods: "pods",
  Resource: "resource",
};

function metricText(metric: JsonObject, current: JsonObject | undefined): string {
  const type = textAt(metric, "type");
  const field = FIELDS[type];
  if (!field) return `<unknown metric type ${JSON.stringify(type)}>`;
  const [source, now] = [objectAt(metric, field), objectAt(current, field, "current")];
  const name = JSON.stringify(textAt(source, "metric", "name"));
  const average = textAt(source, "target", "averageValue");
  const value = textAt(source, "target", "value");
  const pair = (currently: string, wanted: string) => `${currently || "<unknown>"} / ${wanted}`;
  const averaged = `(target average value):\t${pair(textAt(now, "averageValue"), average)}`;
  const whole = `(target value):\t${pair(textAt(now, "value"), value)}`;
  switch (type) {
    case "Pods":
      return `${name} on pods:\t${pair(textAt(now, "averageValue"), average)}`;
    case "External":
      return `${name} ${average ? averaged : whole}`;
    case "Object": {
      const described = `${textAt(source, "describedObject", "kind")}/${textAt(source, "describedObject", "name")}`;
      return `${name} on ${described} ${average ? averaged : whole}`;
    }
    default: {
      const container =
        type === "ContainerResource" ? ` of container ${JSON.stringify(textAt(source, "container"))}` : "";
      const subject = `resource ${textAt(source, "name")}${container} on pods`;
      if (average) return `${subject}:\t${pair(textAt(now, "averageValue"), average)}`;
      const used = at(now, "averageUtilization");
      const shown = used === undefined ? "" : `${textAt(now, "averageUtilization")}% (${textAt(now, "averageValue")})`;
      const wanted = textAt(source, "target", "averageUtilization");
      return `${subject}  (as a percentage of request):\t${pair(shown, wanted ? `${wanted}%` : "<auto>")}`;
    }
  }
}

function direction(lines: Lines, title: string, rules: JsonObject): void {
  if (Object.keys(rules).length === 0) return;
  lines.line(1, `${title}:`);
  const seconds = textAt(rules, "stabilizationWindowSeconds");
  if (seconds !== "") lines.line(2, `Stabilization Window: ${seconds} seconds`);
  const policies = listAt(rules, "policies");
  if (policies.length === 0) return;
  lines.line(2, `Select Policy: ${textAt(rules, "selectPolicy") || "Max"}`);
  lines.line(2, "Policies:");
  for (const each of policies)
    lines.line(
      3,
      `- Type: ${textAt(each, "type")}\tValue: ${textAt(each, "value")}\tPeriod: ${textAt(each, "periodSeconds")} seconds`,
    );
}
