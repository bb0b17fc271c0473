/**
 * Which addresses a cluster on this machine uses. Pure: the machine's own routes and addresses come in.
 * Holds: a range that was asked for is taken as it is; one that was not is moved until it meets none of the machine's, nor another of the plan.
 * A remembered plan is not changed, as objects in the cluster carry its addresses, but where this machine would have the addresses of two clusters.
 *
 * The node network lives in the cluster's own namespaces: node n has the address n + 1 in it, the control plane the first. Only the uplink's two
 * addresses are seen by the host.
 */
import { Cidr, mustParseCidr } from "@kubets/machinery";

/** Ranges may be pairs with a comma, IPv4 first: such a cluster has both families, as one with `dualStack`. */
export interface NetworkOptions {
  readonly nodeRange?: string;
  readonly podRange?: string;
  readonly serviceRange?: string;
  readonly loadBalancerRange?: string;
  /** The length of each node's part of the IPv4 pod range. */
  readonly nodePodPrefix?: number;
  readonly dualStack?: boolean;
}

/** Of one family. */
export interface FamilyRanges {
  readonly nodeRange: string;
  readonly podRange: string;
  readonly serviceRange: string;
  /** Of services of type LoadBalancer; this machine reaches them, too. */
  readonly loadBalancerRange: string;
  readonly nodePodPrefix: number;
}

export interface NetworkPlan extends FamilyRanges {
  /** Two addresses between the host and the control plane's namespace. */
  readonly uplinkRange: string;
  /** The IPv6 ranges of a cluster with both families; the uplink knows nothing of them. */
  readonly six?: FamilyRanges;
}

export const familiesOf = (plan: NetworkPlan): readonly FamilyRanges[] => (plan.six ? [plan, plan.six] : [plan]);

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
  loadBalancerRange: [
    ...series((n) => `10.90.${n}.0/24`, 0, 63),
    ...series((n) => `172.31.${n}.0/24`, 0, 63),
    ...series((n) => `192.168.${n}.0/24`, 100, 127),
  ],
  uplinkRange: [...series((n) => `169.254.89.${n * 4}/30`, 0, 63), ...series((n) => `172.30.89.${n * 4}/30`, 0, 63)],
} as const;

const SIX_CANDIDATES = {
  nodeRange: series((n) => `fd00:10:${n}::/64`, 89, 95),
  podRange: series((n) => `fd00:10:${n}::/56`, 244, 254),
  serviceRange: series((n) => `fd00:10:${n}::/112`, 96, 127),
  loadBalancerRange: series((n) => `fd00:10:90:${n}::/120`, 0, 63),
} as const;

const KINDS = ["nodeRange", "podRange", "serviceRange", "loadBalancerRange"] as const;
const DEFAULT_NODE_POD_PREFIX = 24;
const SIX_NODE_POD_PREFIX = 64;

class NetworkPlanError extends Error {
  override readonly name = "NetworkPlanError";
}

/** `taken` are the machine's routes and addresses (see `machineRanges`). */
export function planNetwork(options: NetworkOptions, taken: readonly string[]): NetworkPlan {
  const avoid = taken.map(mustParseCidr);
  const choose = (kind: keyof typeof WORDS, candidates: readonly string[], asked?: string): string => {
    const range = asked ? mustParseCidr(asked) : firstFree(kind, candidates, avoid);
    avoid.push(range);
    return range.toString();
  };
  const chooseAll = (asked: AskedRanges, candidates: Readonly<Record<(typeof KINDS)[number], readonly string[]>>) => {
    // What was asked for stands first, so that what was not asked for moves out of its way.
    const order = KINDS.toSorted((a, b) => Number(!asked[a]) - Number(!asked[b]));
    const chosen = order.map((kind) => [kind, choose(kind, candidates[kind], asked[kind])]);
    return Object.fromEntries(chosen) as Omit<FamilyRanges, "nodePodPrefix">;
  };
  const { four, six } = askedByFamily(options);
  const plan: NetworkPlan = {
    ...chooseAll(four, CANDIDATES),
    uplinkRange: choose("uplinkRange", CANDIDATES.uplinkRange),
    nodePodPrefix: options.nodePodPrefix ?? DEFAULT_NODE_POD_PREFIX,
    ...(six && { six: { ...chooseAll(six, SIX_CANDIDATES), nodePodPrefix: SIX_NODE_POD_PREFIX } }),
  };
  familiesOf(plan).forEach(checkRanges);
  return plan;
}

/** What this machine knows of a plan, so that no other cluster on it may have the same; the rest is in the cluster's own namespaces. */
export const hostRanges = (plan: NetworkPlan): string[] => [
  plan.uplinkRange,
  ...familiesOf(plan).map(({ loadBalancerRange }) => loadBalancerRange),
];

/** A remembered plan beside clusters that came since: of what this machine knows of it, what one of them claims moves. Services get other addresses then. */
export function besideOthers(plan: NetworkPlan, claimed: readonly string[], taken: readonly string[]): NetworkPlan {
  const avoid = [...taken, ...hostRanges(plan), ...clusterRanges(plan)].map(mustParseCidr);
  const moved = (kind: "loadBalancerRange" | "uplinkRange", range: string, candidates: readonly string[]) =>
    meeting([range], claimed).length > 0 ? firstFree(kind, candidates, avoid).toString() : range;
  return {
    ...plan,
    uplinkRange: moved("uplinkRange", plan.uplinkRange, CANDIDATES.uplinkRange),
    loadBalancerRange: moved("loadBalancerRange", plan.loadBalancerRange, CANDIDATES.loadBalancerRange),
    ...(plan.six && {
      six: {
        ...plan.six,
        loadBalancerRange: moved("loadBalancerRange", plan.six.loadBalancerRange, SIX_CANDIDATES.loadBalancerRange),
      },
    }),
  };
}

type AskedRanges = { [kind in (typeof KINDS)[number]]?: string };

/** One range says IPv4, a pair both. */
function askedByFamily(options: NetworkOptions): { four: AskedRanges; six: AskedRanges | undefined } {
  const four: AskedRanges = {};
  const six: AskedRanges = {};
  for (const kind of KINDS) {
    const [first, second, ...more] = options[kind]?.split(",").map((text) => mustParseCidr(text.trim())) ?? [];
    if (!first) continue;
    if (first.family !== 4 || (second && second.family !== 6) || more.length > 0)
      throw new NetworkPlanError(
        `${options[kind]} cannot be the range of ${WORDS[kind]}: give an IPv4 range, or an IPv4 and an IPv6 range with a comma`,
      );
    four[kind] = first.toString();
    if (second) six[kind] = second.toString();
  }
  return { four, six: options.dualStack || Object.keys(six).length > 0 ? six : undefined };
}

const WORDS = {
  nodeRange: "nodes",
  podRange: "pods",
  serviceRange: "services",
  loadBalancerRange: "load balancers",
  uplinkRange: "uplink",
} as const;

function firstFree(kind: keyof typeof WORDS, candidates: readonly string[], taken: readonly Cidr[]): Cidr {
  const range = candidates.map(mustParseCidr).find((cidr) => isFree(cidr, taken));
  if (range) return range;
  throw new NetworkPlanError(
    `no private range is left for the ${WORDS[kind]}: all meet routes of this machine. Give one yourself.`,
  );
}

const isFree = (range: Cidr, taken: readonly Cidr[]): boolean => !taken.some((other) => other.overlaps(range));

function checkRanges(plan: FamilyRanges): void {
  const ranges = KINDS.map((kind) => ({ kind, cidr: mustParseCidr(plan[kind]) }));
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

/** Which of a plan's ranges meet the machine's; for a plan that was remembered, told and not changed. */
export const collisions = (plan: NetworkPlan, taken: readonly string[]): string[] =>
  meeting(clusterRanges(plan), taken);

/** Which ranges overlap any of the others. */
export function meeting(ranges: readonly string[], others: readonly string[]): string[] {
  const avoid = others.map(mustParseCidr);
  return ranges.filter((range) => !isFree(mustParseCidr(range), avoid));
}

const clusterRanges = (plan: NetworkPlan): string[] =>
  familiesOf(plan).flatMap((ranges) => KINDS.map((kind) => ranges[kind]));

interface NodeAddresses {
  readonly address: string;
  readonly podRange: string;
}

/** Of one family. Node 1 is the first. */
export function nodeAddresses(ranges: FamilyRanges, index: number): NodeAddresses {
  const nodes = mustParseCidr(ranges.nodeRange);
  const address = nodes.nth(index + 1);
  const podRange = mustParseCidr(ranges.podRange).subnet(ranges.nodePodPrefix, index);
  if (index < 1 || !address || address.equals(nodes.last) || !podRange)
    throw new NetworkPlanError(
      `node ${index} has no place in ${ranges.nodeRange} and ${ranges.podRange}: give larger ranges, or have fewer nodes`,
    );
  return { address: address.toString(), podRange: podRange.toString() };
}

export const controlPlaneAddress = (ranges: FamilyRanges): string =>
  (mustParseCidr(ranges.nodeRange).nth(1) as { toString(): string }).toString();

export function uplinkAddresses(plan: NetworkPlan): { host: string; inside: string } {
  const range = mustParseCidr(plan.uplinkRange);
  return { host: `${range.nth(1)}`, inside: `${range.nth(2)}` };
}
