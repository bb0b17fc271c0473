/**
 * What devices of claims take of the node's own resources, by what their drivers say they are made of; and whether the node has so much, with what
 * containers ask for beside. Pure.
 */
import type { NodeAllocatableResourceClaimStatus, Pod } from "@kubets/api/generated/types/core-v1";
import type { Device, DeviceRequestAllocationResult, ResourceClaim } from "@kubets/api/generated/types/resource-v1";
import { isHugePages } from "@kubets/api/pod/resource-names";
import { amounts, podRequests, WITH_CLAIMS } from "@kubets/api/pod/resources";
import { parseQuantity, type Quantity } from "@kubets/machinery/quantity";
import { type ClaimedResources, claiming } from "../../framework/claimed-resources.ts";
import type { PodInfo } from "../../framework/pod-info.ts";
import type { Refusal } from "../../framework/refusals.ts";
import { amountOf } from "../../framework/resources.ts";
import type { NodeInfo } from "../../framework/snapshot.ts";
import type { Claims } from "./state.ts";

/** A device of a claim, with its share where it is shared. */
interface GivenDevice {
  readonly device: Device;
  readonly consumed: ReadonlyMap<string, Quantity> | undefined;
}

/** A claim with what it was given; `aliases` are what the pod calls it. */
interface GivenClaim {
  readonly claim: ResourceClaim;
  readonly aliases: readonly string[];
  readonly devices: readonly GivenDevice[];
}

/** All claims of the pod that have devices by now, or would have them on the node. */
export function givenClaims(
  { all, allocated, picks }: Claims,
  node: string,
  deviceOf: (result: DeviceRequestAllocationResult) => Device | undefined,
): GivenClaim[] {
  const aliasesOf = ({ metadata: { uid } }: ResourceClaim) =>
    all.flatMap(({ alias, claim }) => (alias !== undefined && claim.metadata.uid === uid ? alias : []));
  const found = picks.get(node);
  return [
    ...allocated.map(({ claim }) => ({
      claim,
      aliases: aliasesOf(claim),
      devices: (claim.status.allocation?.devices.results ?? []).flatMap((result) => {
        const device = deviceOf(result);
        return device ? { device, consumed: result.consumedCapacity && amounts(result.consumedCapacity) } : [];
      }),
    })),
    ...(found?.way.wanted ?? []).map(({ claim }, i) => ({
      claim,
      aliases: aliasesOf(claim),
      devices: (found?.picks[i] ?? []).map(({ device, consumed }) => ({ device: device.device, consumed })),
    })),
  ];
}

/** Those that take something, by their names. Throws where a driver contradicts itself. */
export function claimedResources({ spec }: Pod, claims: readonly GivenClaim[]): NodeAllocatableResourceClaimStatus[] {
  const containers = [...(spec.initContainers ?? []), ...spec.containers];
  return claims
    .flatMap(({ claim, aliases, devices }) => {
      const taken = new Map<string, Quantity>();
      for (const given of devices)
        for (const [name, amount] of takenBy(given, claim)) taken.set(name, taken.get(name)?.add(amount) ?? amount);
      if (taken.size === 0) return [];
      const users = containers.filter(({ resources }) => resources?.claims?.some(({ name }) => aliases.includes(name)));
      return {
        resourceClaimName: claim.metadata.name,
        containers: users.map(({ name }) => name),
        resources: Object.fromEntries([...taken].map(([name, amount]) => [name, amount.toString()])),
      };
    })
    .sort((a, b) => (a.resourceClaimName < b.resourceClaimName ? -1 : 1));
}

function takenBy({ device, consumed }: GivenDevice, { metadata }: ResourceClaim): [name: string, amount: Quantity][] {
  return Object.entries(device.nodeAllocatableResourceMappings ?? {}).flatMap(
    ([name, { capacityKey, allocationMultiplier = "1" }]) => {
      const each = parseQuantity(allocationMultiplier);
      if (!capacityKey) return [[name, each]];
      if (!consumed)
        throw new Error(
          `claim ${metadata.namespace}/${metadata.name}, device ${device.name}: ConsumedCapacity is nil, but Capacity key '${capacityKey}' is set in NodeAllocatableResourceMappings for resource ${name}`,
        );
      // What is not consumed takes nothing.
      const share = consumed.get(capacityKey);
      return share ? [[name, share.times(each)]] : [];
    },
  );
}

/** Why the pod cannot have them on the node: nobody uses them, another pod does, or there is not as much left. */
export function refusedResources(
  info: PodInfo,
  claimed: ClaimedResources,
  node: NodeInfo,
): Omit<Refusal, "plugin"> | undefined {
  if (claimed.length === 0) return undefined;
  const lasting = (reason: string) => ({ reasons: [reason], lasting: true });
  const { pod } = info;
  for (const { resourceClaimName: name, containers } of claimed) {
    if (!containers?.length)
      return lasting(`claim ${name}: node-allocatable resource claim not referenced by any container within the pod`);
    const others = node.pods.filter(
      (other) => other.pod.metadata.uid !== pod.metadata.uid && has(other.pod, pod, name),
    );
    if (others.length > 1) return lasting(`node allocatable resource claim ${name} shared by multiple pods`);
    if (others.length) return lasting(`node allocatable resource claim ${name} is already used by another pod`);
  }
  const { pod: claimer, requests } = claiming(info, claimed);
  const all = podRequests(claimer, WITH_CLAIMS);
  const { resources: _, ...withoutOwn } = claimer.spec;
  const sum = podRequests({ spec: withoutOwn, status: claimer.status }, WITH_CLAIMS);
  for (const [name, most] of all)
    if ((sum.get(name)?.compare(most) ?? -1) > 0)
      return lasting(
        `pod level request for ${name} is insufficient to cover the aggregated container and node-allocatable DRA requests`,
      );
  const lacking = [...all.keys()].filter((name) => {
    const wanted = isCounted(name) ? amountOf(requests, name) : 0;
    return wanted > 0 && wanted > amountOf(node.allocatable, name) - amountOf(node.requested, name);
  });
  if (lacking.length === 0) return undefined;
  return {
    reasons: lacking.map((name) => `Insufficient ${name}`),
    lasting: lacking.some((name) => amountOf(requests, name) > amountOf(node.allocatable, name)),
  };
}

const isCounted = (name: string): boolean => ["cpu", "memory", "ephemeral-storage"].includes(name) || isHugePages(name);

const has = (other: Pod, { metadata }: Pod, claim: string): boolean =>
  other.metadata.namespace === metadata.namespace &&
  (other.status.nodeAllocatableResourceClaimStatuses?.some(({ resourceClaimName }) => resourceClaimName === claim) ??
    false);
