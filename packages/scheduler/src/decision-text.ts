/** A decision for people: where the pod went, which nodes were refused by which plugin and why, and how the others were scored. */
import type { DecisionReport } from "./decisions.ts";

/** So many nodes are named; the rest are counted. */
const MOST_NAMED = 5;

export function decisionText(report: DecisionReport, mostScored = 10): string {
  const { pod, time, evaluatedNodes, allNodes, refused, scored } = report;
  return [
    `${pod}, ${time}: ${verdict(report)}`,
    `  ${evaluatedNodes} of ${allNodes} nodes were looked at.`,
    ...refused.map(
      ({ plugin, reasons, nodes }) => `  refused by ${plugin || "?"}: ${reasons.join(", ")} (${named(nodes)})`,
    ),
    ...scoreTable(scored.slice(0, mostScored)),
    ...(scored.length > mostScored ? [`  ... and ${scored.length - mostScored} more nodes with lower scores`] : []),
  ].join("\n");
}

function verdict({ node, nominatedNode, message }: DecisionReport): string {
  if (node) return `placed on ${node}`;
  return `${message ?? "not placed"}${nominatedNode ? ` (nominated for ${nominatedNode})` : ""}`;
}

function named(nodes: readonly string[]): string {
  if (nodes[0] === "*") return "all others";
  const shown = nodes.slice(0, MOST_NAMED).join(", ");
  return nodes.length > MOST_NAMED ? `${shown} and ${nodes.length - MOST_NAMED} more` : shown;
}

/** One line for each node, one column for each plugin that scored. */
function scoreTable(scored: DecisionReport["scored"]): string[] {
  const [first] = scored;
  if (!first) return [];
  const plugins = Object.keys(first.scores);
  const rows = [
    ["NODE", "TOTAL", ...plugins],
    ...scored.map(({ node, total, scores }) => [node, String(total), ...plugins.map((name) => String(scores[name]))]),
  ];
  const widths = rows[0]?.map((_, column) => Math.max(...rows.map((row) => row[column]?.length ?? 0))) ?? [];
  return rows.map(
    (row) =>
      `  ${row
        .map((cell, i) => cell.padEnd(widths[i] ?? 0))
        .join("  ")
        .trimEnd()}`,
  );
}
