/** Nodes as `kubectl get nodes` shows them. */
import type { Node } from "../../generated/types/core-v1.ts";
import type { Table } from "../../resource.ts";
import { age, column, nameColumn, wide } from "../../table.ts";

const ROLE_PREFIX = "node-role.kubernetes.io/";
const ROLE_LABEL = "kubernetes.io/role";

export const nodeTable: Table<Node> = {
  columns: [
    nameColumn,
    column("Status"),
    column("Roles"),
    column("Age"),
    column("Version"),
    wide("Internal-IP"),
    wide("External-IP"),
    wide("OS-Image"),
    wide("Kernel-Version"),
    wide("Container-Runtime"),
  ],
  cells: (node, now) => {
    const { metadata, status } = node;
    const { nodeInfo } = status;
    return [
      metadata.name,
      statusWords(node),
      nodeRoles(metadata.labels).join(",") || "<none>",
      age(metadata.creationTimestamp, now),
      nodeInfo.kubeletVersion,
      addressOf(node, "InternalIP"),
      addressOf(node, "ExternalIP"),
      nodeInfo.osImage || "<unknown>",
      nodeInfo.kernelVersion || "<unknown>",
      nodeInfo.containerRuntimeVersion || "<unknown>",
    ];
  },
};

function statusWords({ spec, status }: Node): string {
  const ready = status.conditions?.find(({ type }) => type === "Ready");
  const word = ready ? (ready.status === "True" ? "Ready" : "NotReady") : "Unknown";
  return spec.unschedulable ? `${word},SchedulingDisabled` : word;
}

const addressOf = ({ status }: Node, type: string): string =>
  status.addresses?.find((address) => address.type === type)?.address ?? "<none>";

/** What the labels of a node say that it is for, in order. */
function nodeRoles(labels: Readonly<Record<string, string>> = {}): string[] {
  const roles = new Set<string>();
  for (const [key, value] of Object.entries(labels)) {
    if (key.startsWith(ROLE_PREFIX) && key.length > ROLE_PREFIX.length) roles.add(key.slice(ROLE_PREFIX.length));
    else if (key === ROLE_LABEL && value) roles.add(value);
  }
  return [...roles].sort();
}
