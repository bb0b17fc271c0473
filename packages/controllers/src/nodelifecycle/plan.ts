/** What the conditions of a node, and the state of its zone, ask for. Pure. */
import type { Node, NodeCondition, Taint } from "@kubets/api/generated/types/core-v1";
import { formatTime } from "@kubets/machinery";

export const NOT_READY = "node.kubernetes.io/not-ready";
export const UNREACHABLE = "node.kubernetes.io/unreachable";
const WATCHED = ["Ready", "MemoryPressure", "DiskPressure", "PIDPressure"];

/** Taints that say what a node's conditions say: they keep new pods away. */
const BY_CONDITION: readonly { type: string; status: string; key: string }[] = [
  { type: "Ready", status: "False", key: NOT_READY },
  { type: "Ready", status: "Unknown", key: UNREACHABLE },
  { type: "MemoryPressure", status: "True", key: "node.kubernetes.io/memory-pressure" },
  { type: "DiskPressure", status: "True", key: "node.kubernetes.io/disk-pressure" },
  { type: "NetworkUnavailable", status: "True", key: "node.kubernetes.io/network-unavailable" },
  { type: "PIDPressure", status: "True", key: "node.kubernetes.io/pid-pressure" },
];
const UNSCHEDULABLE = "node.kubernetes.io/unschedulable";
const OWN_KEYS = new Set([...BY_CONDITION.map(({ key }) => key), UNSCHEDULABLE]);

const isOwn = ({ key, effect }: Taint): boolean => effect === "NoSchedule" && OWN_KEYS.has(key);

/** The taints as they must be; nothing when they are so. */
export function noScheduleTaints(node: Node, now: number): Taint[] | undefined {
  const keys = BY_CONDITION.filter(({ type, status }) =>
    node.status.conditions?.some((each) => each.type === type && each.status === status),
  ).map(({ key }) => key);
  if (node.spec.unschedulable) keys.push(UNSCHEDULABLE);
  const present = node.spec.taints ?? [];
  const own = present.filter(isOwn);
  if (own.length === keys.length && own.every(({ key }) => keys.includes(key))) return undefined;
  const kept = present.filter((taint) => !isOwn(taint) || keys.includes(taint.key));
  const added = keys.filter((key) => !own.some((taint) => taint.key === key));
  return [...kept, ...added.map((key) => ({ key, effect: "NoSchedule", timeAdded: formatTime(now) }))];
}

/** Taints that drive pods away: one of them, or none. Nothing when they are so. */
export function noExecuteTaints(
  node: Node,
  key: typeof NOT_READY | typeof UNREACHABLE | undefined,
  now: number,
): Taint[] | undefined {
  const present = node.spec.taints ?? [];
  const isOwnKind = ({ key: name, effect }: Taint) =>
    effect === "NoExecute" && (name === NOT_READY || name === UNREACHABLE);
  const own = present.filter(isOwnKind);
  if (own.length === (key ? 1 : 0) && own.every((taint) => taint.key === key)) return undefined;
  const kept = present.filter((taint) => !isOwnKind(taint) || taint.key === key);
  const added =
    key && !own.some((taint) => taint.key === key) ? [{ key, effect: "NoExecute", timeAdded: formatTime(now) }] : [];
  return [...kept, ...added];
}

export const readyOf = ({ status }: Node): NodeCondition | undefined =>
  status.conditions?.find(({ type }) => type === "Ready");

/** The conditions of a node that was silent for too long. */
export function silentConditions(node: Node, now: number): NodeCondition[] {
  const time = formatTime(now);
  const present = node.status.conditions ?? [];
  const silent = present.map((condition) =>
    !WATCHED.includes(condition.type) || condition.status === "Unknown"
      ? condition
      : {
          ...condition,
          status: "Unknown",
          reason: "NodeStatusUnknown",
          message: "Kubelet stopped posting node status.",
          lastTransitionTime: time,
        },
  );
  const missing = WATCHED.filter((type) => !present.some((condition) => condition.type === type));
  const created = node.metadata.creationTimestamp;
  return [
    ...silent,
    ...missing.map((type) => ({
      type,
      status: "Unknown",
      reason: "NodeStatusNeverUpdated",
      message: "Kubelet never posted node status.",
      lastHeartbeatTime: created,
      lastTransitionTime: time,
    })),
  ];
}

export type ZoneState = "Initial" | "Normal" | "PartialDisruption" | "FullDisruption";

/** `ready` and `notReady` of a zone; a lone node that fails is no disruption of its zone unless it is all of it. */
export function zoneState(ready: number, notReady: number, threshold: number): ZoneState {
  if (ready === 0 && notReady > 0) return "FullDisruption";
  return notReady > 2 && notReady / (ready + notReady) >= threshold ? "PartialDisruption" : "Normal";
}

interface Rates {
  readonly nodeEvictionRate: number;
  readonly secondaryNodeEvictionRate: number;
  readonly largeClusterSizeThreshold: number;
}

/** Nodes a second that may be given a NoExecute taint in a zone. */
export function evictionRate(state: ZoneState, nodesInZone: number, rates: Rates): number {
  if (state !== "PartialDisruption") return rates.nodeEvictionRate;
  return nodesInZone > rates.largeClusterSizeThreshold ? rates.secondaryNodeEvictionRate : 0;
}

/** Region and zone, as one name. */
export function zoneOf({ metadata: { labels = {} } }: Node): string {
  const region = labels["topology.kubernetes.io/region"] ?? labels["failure-domain.beta.kubernetes.io/region"] ?? "";
  const zone = labels["topology.kubernetes.io/zone"] ?? labels["failure-domain.beta.kubernetes.io/zone"] ?? "";
  return region || zone ? `${region}:\x00:${zone}` : "";
}
