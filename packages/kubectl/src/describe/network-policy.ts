/** A network policy: for which pods it is, and what it lets in and out. */
import { formatLabelSelector } from "@kubets/machinery";
import { at, type JsonObject, listAt, nameOf, namespaceOf, textAt, textsAt } from "../json.ts";
import type { Describer } from "./describer.ts";
import type { Lines } from "./lines.ts";
import { annotations, labels } from "./metadata.ts";

type Selector = Parameters<typeof formatLabelSelector>[0];

export const networkPolicy: Describer = ({ object, lines }) => {
  lines.field(0, "Name", nameOf(object));
  lines.field(0, "Namespace", namespaceOf(object));
  const made = textAt(object, "metadata", "creationTimestamp");
  lines.field(0, "Created on", `${made.replace("T", " ").replace("Z", "")} +0000 UTC`);
  labels(lines, object);
  annotations(lines, object);
  lines.line(0, "Spec:");
  const selector = at(object, "spec", "podSelector") as Selector;
  const told = formatLabelSelector(selector);
  lines.line(
    1,
    `PodSelector:     ${told === "<none>" || told === "" ? "<none> (Allowing the specific traffic to all pods in this namespace)" : told}`.trimEnd(),
  );
  const types = textsAt(object, "spec", "policyTypes");
  for (const [type, field, peers, word] of [
    ["Ingress", "ingress", "from", "From"],
    ["Egress", "egress", "to", "To"],
  ] as const) {
    if (!types.includes(type)) {
      lines.line(1, `Not affecting ${type.toLowerCase()} traffic`);
      continue;
    }
    lines.line(1, `Allowing ${type.toLowerCase()} traffic:`);
    const rules = listAt(object, "spec", field);
    if (rules.length === 0) lines.line(2, `<none> (Selected pods are isolated for ${type.toLowerCase()} connectivity)`);
    for (const [i, rule] of rules.entries()) {
      if (i > 0) lines.line(2, "----------");
      ruleLines(lines, rule, peers, word);
    }
  }
  lines.line(1, `Policy Types: ${types.join(", ")}`);
};

function ruleLines(lines: Lines, rule: JsonObject, field: "from" | "to", word: "From" | "To"): void {
  const ports = listAt(rule, "ports");
  if (ports.length === 0) lines.line(2, "To Port: <any> (traffic allowed to all ports)");
  for (const port of ports) {
    const end = textAt(port, "endPort");
    const range = `${textAt(port, "port") || "<nil>"}${end && `-${end}`}`;
    lines.line(2, `To Port${end && " Range"}: ${range}/${textAt(port, "protocol") || "TCP"}`);
  }
  const peers = listAt(rule, field);
  if (peers.length === 0)
    lines.line(2, `${word}: <any> (traffic not restricted by ${field === "from" ? "source" : "destination"})`);
  for (const peer of peers) {
    lines.line(2, `${word}:`);
    if (peer["ipBlock"]) {
      lines.line(3, "IPBlock:");
      lines.line(4, `CIDR: ${textAt(peer, "ipBlock", "cidr")}`);
      lines.line(4, `Except: ${textsAt(peer, "ipBlock", "except").join(", ")}`);
      continue;
    }
    for (const [title, name] of [
      ["NamespaceSelector", "namespaceSelector"],
      ["PodSelector", "podSelector"],
    ] as const)
      if (peer[name]) lines.line(3, `${title}: ${formatLabelSelector(peer[name] as Selector)}`);
  }
}
