/** Pods as `kubectl get pods` shows them. */
import type { Pod } from "../../generated/types/core-v1.ts";
import { podIPs } from "../../pod/state.ts";
import type { Table } from "../../resource.ts";
import { age, column, nameColumn, wide } from "../../table.ts";
import { podSummary } from "./summary.ts";

export const podTable: Table<Pod> = {
  columns: [
    nameColumn,
    column("Ready"),
    column("Status"),
    column("Restarts"),
    column("Age"),
    wide("IP"),
    wide("Node"),
    wide("Nominated Node"),
    wide("Readiness Gates"),
  ],
  cells(pod, now) {
    const { ready, total, reason, restarts, lastRestart } = podSummary(pod);
    return [
      pod.metadata.name,
      `${ready}/${total}`,
      reason,
      restarts > 0 && lastRestart ? `${restarts} (${age(lastRestart, now)} ago)` : String(restarts),
      age(pod.metadata.creationTimestamp, now),
      podIPs(pod)[0] || "<none>",
      pod.spec.nodeName || "<none>",
      pod.status.nominatedNodeName || "<none>",
      readinessGates(pod),
    ];
  },
  conditions({ status }) {
    if (status.phase === "Succeeded")
      return [
        { type: "Completed", status: "True", reason: "Succeeded", message: "The pod has completed successfully." },
      ];
    if (status.phase === "Failed")
      return [{ type: "Completed", status: "True", reason: "Failed", message: "The pod failed." }];
    return undefined;
  },
};

function readinessGates({ spec, status }: Pod): string {
  const gates = spec.readinessGates ?? [];
  if (gates.length === 0) return "<none>";
  const met = gates.filter(({ conditionType }) =>
    status.conditions?.some(({ type, status: value }) => type === conditionType && value === "True"),
  );
  return `${met.length}/${gates.length}`;
}
