/** Ranges of service addresses, and the addresses that are taken of them. */
import { listAt, nameOf, textAt, textsAt } from "../json.ts";
import type { Describer } from "./describer.ts";
import { eventLines } from "./events.ts";
import { annotations, labels } from "./metadata.ts";

export const serviceRange: Describer = ({ object, lines, events, now }) => {
  lines.field(0, "Name", nameOf(object));
  labels(lines, object);
  annotations(lines, object);
  lines.field(0, "CIDRs", textsAt(object, "spec", "cidrs").join(", "));
  const conditions = listAt(object, "status", "conditions");
  if (conditions.length > 0) {
    lines.line(0, "Status:\n");
    lines.line(
      0,
      "Conditions:\n  Type\tStatus\tLastTransitionTime\tReason\tMessage\n  ----\t------\t------------------\t------\t-------",
    );
    for (const each of conditions)
      lines.line(
        1,
        ["type", "status", "lastTransitionTime", "reason", "message"].map((field) => textAt(each, field)).join("\t"),
      );
  }
  eventLines(lines, events, now);
};

export const address: Describer = ({ object, lines, events, now }) => {
  lines.field(0, "Name", nameOf(object));
  labels(lines, object);
  annotations(lines, object);
  lines.line(0, "Parent Reference:");
  for (const [title, field] of [
    ["Group", "group"],
    ["Resource", "resource"],
    ["Namespace", "namespace"],
    ["Name", "name"],
  ] as const)
    lines.field(1, title, textAt(object, "spec", "parentRef", field));
  eventLines(lines, events, now);
};
