/** Nodes: the machines that pods run on. */
import { define, keepPart, statusPart } from "../../define.ts";
import { nodes } from "../../generated/refs.ts";
import type { Node } from "../../generated/types/core-v1.ts";
import type { Draft } from "../../meta.ts";
import { roundResources } from "../../pod/round-resources.ts";
import type { Verb } from "../../resource.ts";
import { nodeTable } from "./table.ts";
import { validateNode, validateNodeUpdate } from "./validate.ts";

const PROXY: readonly Verb[] = ["create", "delete", "get", "patch", "update"];

export const nodeResource = define(nodes, {
  shortNames: ["no"],
  storagePrefix: "/registry/minions",
  defaults,
  prepareForCreate: ({ spec }) => {
    delete spec.configSource;
  },
  prepareForUpdate: (node, old) => {
    keepPart(node, old, "status");
    if (!old.spec.configSource) delete node.spec.configSource;
  },
  validate: validateNode,
  validateUpdate: (node, old) => [...validateNode(node), ...validateNodeUpdate(node, old)],
  selectableFields: { "spec.unschedulable": ({ spec }) => String(spec.unschedulable ?? false) },
  subresources: {
    proxy: { type: "connect", kind: { group: "", version: "v1", kind: "NodeProxyOptions" }, verbs: PROXY },
    status: statusPart<Node>({ validateUpdate: validateNodeUpdate }),
  },
  table: nodeTable,
});

function defaults({ spec, status }: Draft<Node>): void {
  if (!spec || !status) return;
  roundResources(status.capacity);
  roundResources(status.allocatable);
  if (status.capacity && !status.allocatable) status.allocatable = { ...status.capacity };
  samePodCidr(spec);
}

/** The first range stands in two places; the one on its own wins. */
function samePodCidr(spec: Draft<Node>["spec"]): void {
  if (spec.podCIDR && spec.podCIDRs?.[0] !== spec.podCIDR) spec.podCIDRs = [spec.podCIDR];
  else if (!spec.podCIDR && spec.podCIDRs?.[0]) spec.podCIDR = spec.podCIDRs[0];
}
