/** What was found for a claim as it is written into its status: devices, parameters for their drivers, and on which nodes it can be used. */
import type { NodeSelector, NodeSelectorRequirement } from "@kubets/api/generated/types/core-v1";
import type {
  AllocationResult,
  DeviceAllocationConfiguration,
  DeviceRequestAllocationResult,
  ResourceClaim,
} from "@kubets/api/generated/types/resource-v1";
import type { Random } from "@kubets/machinery";
import { deepEqual } from "@kubets/machinery/deep-equal";
import type { Pick } from "./allocator.ts";
import { placeOf } from "./pools.ts";

export function allocationOf(
  claim: ResourceClaim,
  picks: readonly Pick[],
  node: string,
  random: Random,
): AllocationResult {
  const config = [...classConfig(picks), ...claimConfig(claim, picks)];
  const nodeSelector = selectorOf(picks, node);
  return {
    devices: { results: picks.map((pick) => resultOf(pick, random)), ...(config.length ? { config } : {}) },
    ...(nodeSelector ? { nodeSelector } : {}),
  };
}

function resultOf(
  { wanted, device: { device, slice }, consumed }: Pick,
  random: Random,
): DeviceRequestAllocationResult {
  const { name, asked } = wanted;
  const { bindingConditions, bindingFailureConditions } = device;
  return {
    request: name,
    driver: slice.spec.driver,
    pool: slice.spec.pool.name,
    device: device.name,
    ...(asked.adminAccess ? { adminAccess: true } : {}),
    ...(asked.tolerations?.length ? { tolerations: asked.tolerations } : {}),
    ...(bindingConditions?.length ? { bindingConditions } : {}),
    ...(bindingFailureConditions?.length ? { bindingFailureConditions } : {}),
    ...(consumed ? { shareID: random.uuid() } : {}),
    ...(consumed?.size ? { consumedCapacity: amounts(consumed) } : {}),
  };
}

const amounts = (consumed: ReadonlyMap<string, { toString(): string }>): Record<string, string> =>
  Object.fromEntries([...consumed].map(([name, amount]) => [name, amount.toString()]));

/** Those of a class once, for all requests that are of it. */
function classConfig(picks: readonly Pick[]): DeviceAllocationConfiguration[] {
  const requestsOf = new Map<Pick["wanted"]["class"], Set<string>>();
  for (const { wanted } of picks) {
    const requests = requestsOf.get(wanted.class);
    if (requests) requests.add(wanted.name);
    else requestsOf.set(wanted.class, new Set([wanted.name]));
  }
  return [...requestsOf].flatMap(([{ spec }, requests]) =>
    (spec.config ?? []).map((config) => ({ source: "FromClass", requests: [...requests], ...config })),
  );
}

/** Those that are for all requests, or for one that got its devices in the form that they name. */
function claimConfig({ spec }: ResourceClaim, picks: readonly Pick[]): DeviceAllocationConfiguration[] {
  const names = new Set(picks.flatMap(({ wanted: { name } }) => [name, name.split("/", 1)[0] as string]));
  return (spec.devices.config ?? [])
    .filter(({ requests = [] }) => requests.length === 0 || requests.some((name) => names.has(name)))
    .map((config) => ({ source: "FromClaim", ...config }));
}

/** Where all devices are; undefined where that is everywhere. */
function selectorOf(picks: readonly Pick[], node: string): NodeSelector | undefined {
  const fields: NodeSelectorRequirement[] = [];
  const labels: NodeSelectorRequirement[] = [];
  for (const { device } of picks) {
    const { nodeName, nodeSelector } = placeOf(device);
    if (nodeName || device.device.bindsToNode)
      return { nodeSelectorTerms: [{ matchFields: [{ key: "metadata.name", operator: "In", values: [node] }] }] };
    for (const term of nodeSelector?.nodeSelectorTerms ?? []) {
      addNew(fields, term.matchFields);
      addNew(labels, term.matchExpressions);
    }
  }
  if (fields.length + labels.length === 0) return undefined;
  const term = {
    ...(labels.length ? { matchExpressions: labels } : {}),
    ...(fields.length ? { matchFields: fields } : {}),
  };
  return { nodeSelectorTerms: [term] };
}

function addNew(all: NodeSelectorRequirement[], more: readonly NodeSelectorRequirement[] = []): void {
  for (const requirement of more) if (!all.some((known) => deepEqual(known, requirement))) all.push(requirement);
}
