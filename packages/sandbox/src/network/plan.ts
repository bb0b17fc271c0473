/**
 * Which addresses a cluster on this machine uses. Pure: the machine's own routes and addresses come in.
 * Holds: a range that was asked for is taken as it is; one that was not is moved until it meets none of the machine's, nor another of the plan.
 * A remembered plan is never changed: objects in the cluster carry its addresses.
 *
 * The node network lives in the cluster's own namespaces: node n has the address n + 1 in it, the control plane the first. Only the uplink's two
 * addresses are seen by the host.
 */
import { Cidr, mustParseCidr } from "@kubets/machinery";

export interface NetworkOptions {
  readonly nodeRange?: string;
  readonly podRange?: string;
  readonly serviceRange?: string;
  /** The length of each node's part of the pod range. */
  readonly nodePodPrefix?: number;
}

export interface NetworkPlan {
  readonly nodeRange: string;
  readonly podRange: string;
  readonly serviceRange: string;
  readonly nodePodPrefix: number;
  /** Two addresses between the host and the control plane's namespace. */
  readonly uplinkRange: string;
}

const series = (make: (n: number) => string, from: number, to: number): string[] =>
  Array.from({ length: to - from + 1 }, (_, i) => make(from + i));

/** The usual range first; then its neighbours, then other private ones. */
const CANDIDATES = {
  nodeRange: [
    ...series((n) => `10.89.${n}.0/24`, 0, 63),
    ...series((n) => `172.29.${n}.0/24`, 0, 63),
    ...series((n) => `192.168.${n}.0/24`, 200, 250),
  ],
  podRange: [
    ...series((n) => `10.${n}.0.0/16`, 244, 254),
    ...series((n) => `10.${n}.0.0/16`, 200, 243),
    ...series((n) => `172.${n}.0.0/16`, 20, 28),
  ],
  serviceRange: [
    ...series((n) => `10.${n}.0.0/16`, 96, 127),
    ...series((n) => `172.${n}.0.0/16`, 16, 19),
    "192.168.128.0/18",
  ],
  uplinkRange: [...series((n) => `169.254.89.${n * 4}/30`, 0, 63), ...series((n) => `172.30.89.${n * 4}/30`, 0, 63)],
} as const;

const DEFAULT_NODE_POD_PREFIX = 24;

export class NetworkPlanError extends Error {
  override readonly name = "NetworkPlanError";
}

/** `taken` are the machine's routes and addresses (see `machineRanges`). */
export function planNetwork(options: NetworkOptions, taken: readonly string[]): NetworkPlan {
  const avoid = taken.map(mustParseCidr);
  const choose = (kind: keyof typeof CANDIDATES, asked?: string): string => {
    const range = asked
      ? mustParseCidr(asked)
      : CANDIDATES[kind].map(mustParseCidr).find((cidr) => isFree(cidr, avoid));
    if (!range)
      throw new NetworkPlanError(
        `no private range is left for the ${WORDS[kind]}: all meet routes of this machine. Give one yourself.`,
      );
    avoid.push(range);
    return range.toString();
  };
  // What was asked for stands first, so that what was not asked for moves out of its way.
  const asked = (["nodeRange", "podRange", "serviceRange"] as const).toSorted(
    (a, b) => Number(!options[a]) - Number(!options[b]),
  );
  const chosen = Object.fromEntries(asked.map((kind) => [kind, choose(kind, options[kind])]));
  const plan = {
    ...chosen,
    uplinkRange: choose("uplinkRange"),
    nodePodPrefix: options.nodePodPrefix ?? DEFAULT_NODE_POD_PREFIX,
  } as NetworkPlan;
  checkPlan(plan);
  return plan;
}

const WORDS = { nodeRange: "nodes", podRange: "pods", serviceRange: "services", uplinkRange: "uplink" } as const;

const isFree = (range: Cidr, taken: readonly Cidr[]): boolean => !taken.some((other) => other.overlaps(range));

function checkPlan(plan: NetworkPlan): void {
  const ranges = (["nodeRange", "podRange", "serviceRange"] as const).map((kind) => ({
    kind,
    cidr: mustParseCidr(plan[kind]),
  }));
  for (const [i, a] of ranges.entries())
    for (const b of ranges.slice(i + 1))
      if (a.cidr.overlaps(b.cidr))
        throw new NetworkPlanError(
          `the ranges of ${WORDS[a.kind]} (${a.cidr}) and ${WORDS[b.kind]} (${b.cidr}) overlap: give two that do not`,
        );
  const pods = mustParseCidr(plan.podRange);
  if (plan.nodePodPrefix <= pods.prefix || plan.nodePodPrefix > pods.address.bits - 2)
    throw new NetworkPlanError(
      `a node's part of /${plan.nodePodPrefix} does not fit into the pod range ${pods}: give a prefix from ${pods.prefix + 1} to ${pods.address.bits - 2}`,
    );
}

/** Which of the plan's ranges meet the machine's; for a plan that was remembered, told and not changed. */
export function collisions(plan: NetworkPlan, taken: readonly string[]): string[] {
  const avoid = taken.map(mustParseCidr);
  return [plan.nodeRange, plan.podRange, plan.serviceRange].filter((range) => !isFree(mustParseCidr(range), avoid));
}

export interface NodeAddresses {
  readonly address: string;
  readonly podRange: string;
}

/** Node 1 is the first. */
export function nodeAddresses(plan: NetworkPlan, index: number): NodeAddresses {
  const nodes = mustParseCidr(plan.nodeRange);
  const address = nodes.nth(index + 1);
  const podRange = mustParseCidr(plan.podRange).subnet(plan.nodePodPrefix, index);
  if (index < 1 || !address || address.equals(nodes.last) || !podRange)
    throw new NetworkPlanError(
      `node ${index} has no place in ${plan.nodeRange} and ${plan.podRange}: give larger ranges, or have fewer nodes`,
    );
  return { address: address.toString(), podRange: podRange.toString() };
}

export const controlPlaneAddress = (plan: NetworkPlan): string =>
  (mustParseCidr(plan.nodeRange).nth(1) as { toString(): string }).toString();

export function uplinkAddresses(plan: NetworkPlan): { host: string; inside: string } {
  const range = mustParseCidr(plan.uplinkRange);
  return { host: `${range.nth(1)}`, inside: `${range.nth(2)}` };
}
