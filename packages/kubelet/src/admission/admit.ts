/**
 * Whether this node can take a pod that was bound to it. The scheduler decided on what it knew then; what does not fit now fails at once, with
 * the original's reasons. Pods that already run are not asked again.
 */
import type { Node, Pod } from "@kubets/api/generated/types/core-v1";
import { hostPorts, hostPortsConflict } from "@kubets/api/pod/host-ports";
import { matchesNodeAffinity } from "@kubets/api/pod/node-affinity";
import { computeQosClass } from "@kubets/api/pod/qos";
import { podRequests, WITH_CLAIMS } from "@kubets/api/pod/resources";
import { isFinished } from "@kubets/api/pod/state";
import { toleratesTaint } from "@kubets/api/pod/tolerations";
import { parseQuantity, type Quantity, zeroQuantity } from "@kubets/machinery/quantity";
import { SHUTDOWN_REJECTION } from "../shutdown/shutdown.ts";
import { isNodeCritical, isStatic } from "../static-pods/static-pods.ts";

const MEMORY_TAINT = { key: "node.kubernetes.io/memory-pressure", effect: "NoSchedule" };

export interface Rejection {
  readonly reason: string;
  readonly message: string;
  /** What is missing, of a critical pod that nothing else keeps out: others may have to make room. */
  readonly missing?: readonly Shortage[];
}

/** Of one resource, in milli for CPU, in whole units for the rest. */
export interface Shortage {
  readonly name: string;
  readonly requested: number;
  readonly used: number;
  readonly capacity: number;
}

interface AdmissionFacts {
  readonly node: Node | undefined;
  readonly allocatable: Readonly<Record<string, string>>;
  /** The pods that the node has taken. */
  readonly others: readonly Pod[];
  readonly allowedSysctls: readonly string[];
  /** What the node is short of. */
  readonly pressures: ReadonlySet<string>;
  readonly shutsDown: boolean;
  /** Whether a plugin has the say over a resource. */
  isOffered(resource: string): boolean;
}

const SAFE_SYSCTLS = [
  "kernel.shm_rmid_forced",
  "net.ipv4.ip_local_port_range",
  "net.ipv4.tcp_syncookies",
  "net.ipv4.ping_group_range",
  "net.ipv4.ip_unprivileged_port_start",
  "net.ipv4.ip_local_reserved_ports",
  "net.ipv4.tcp_keepalive_time",
  "net.ipv4.tcp_fin_timeout",
  "net.ipv4.tcp_keepalive_intvl",
  "net.ipv4.tcp_keepalive_probes",
  "net.ipv4.tcp_rmem",
  "net.ipv4.tcp_wmem",
];

export function admit(pod: Pod, facts: AdmissionFacts): Rejection | undefined {
  if (facts.shutsDown) return SHUTDOWN_REJECTION;
  const pressed = underPressure(pod, facts.pressures);
  if (pressed) return pressed;
  const missing = shortages(pod, facts);
  const [first] = missing;
  const misplaced = placed(pod, facts) ?? sysctls(pod, facts.allowedSysctls);
  if (!first) return misplaced;
  if (!isNodeCritical(pod)) return outOf(first);
  return misplaced ?? { ...outOf(first), missing };
}

/** Short of memory a node takes no pod that promises nothing; short of anything else it takes none but critical ones. */
function underPressure(pod: Pod, pressures: ReadonlySet<string>): Rejection | undefined {
  if (pressures.size === 0 || isNodeCritical(pod)) return undefined;
  if (pressures.size === 1 && pressures.has("MemoryPressure")) {
    const tolerated = toleratesTaint(pod.spec.tolerations, MEMORY_TAINT);
    if (computeQosClass(pod.spec) !== "BestEffort" || tolerated) return undefined;
  }
  return { reason: "Evicted", message: `The node had condition: [${[...pressures].join(" ")}]. ` };
}

/** What there is, and who has of it. */
type Supply = Pick<AdmissionFacts, "allocatable" | "others"> & Partial<AdmissionFacts>;

export function fits(pod: Pod, supply: Supply): Rejection | undefined {
  const [first] = shortages(pod, supply);
  return first && outOf(first);
}

function shortages(pod: Pod, { allocatable, others, node, isOffered }: Supply): Shortage[] {
  const active = others.filter((other) => !isFinished(other));
  const capacity = Number(allocatable.pods ?? 110);
  const missing: Shortage[] = [];
  if (active.length + 1 > capacity) missing.push({ name: "pods", requested: 1, used: active.length, capacity });
  for (const [name, wanted] of podRequests(pod, WITH_CLAIMS)) {
    const there = allocatable[name] ?? node?.status.allocatable?.[name];
    // What the node does not know of somebody else gives out.
    if (wanted.isZero() || isOffered?.(name) || (there === undefined && isExtended(name))) continue;
    const has = there === undefined ? zeroQuantity : parseQuantity(there);
    const used = active.reduce(
      (sum, other) => sum.add(podRequests(other, WITH_CLAIMS).get(name) ?? zeroQuantity),
      zeroQuantity,
    );
    if (wanted.add(used).compare(has) <= 0) continue;
    missing.push({ name, requested: inUnits(name, wanted), used: inUnits(name, used), capacity: inUnits(name, has) });
  }
  return missing;
}

/** As shortages count: CPU in milli, the rest in whole units. */
export const inUnits = (name: string, quantity: Quantity): number => Number(quantity.scaled(name === "cpu" ? -3 : 0));

const isExtended = (name: string): boolean => name.includes("/") && !name.split("/")[0]?.endsWith("kubernetes.io");

const outOf = ({ name, requested, used, capacity }: Shortage): Rejection => ({
  reason: `OutOf${name}`,
  message: `Node didn't have enough resource: ${name}, requested: ${requested}, used: ${used}, capacity: ${capacity}`,
});

function placed(pod: Pod, { node, others }: AdmissionFacts): Rejection | undefined {
  if (!node) return undefined;
  if (!matchesNodeAffinity(pod.spec, node))
    return {
      reason: "NodeAffinity",
      message: "Predicate NodeAffinity failed: node(s) didn't match Pod's node affinity/selector",
    };
  const ports = hostPorts(pod.spec);
  const taken = others.filter((other) => !isFinished(other)).flatMap((other) => hostPorts(other.spec));
  if (ports.some((port) => taken.some((other) => hostPortsConflict(port, other))))
    return {
      reason: "NodePorts",
      message: "Predicate NodePorts failed: node(s) didn't have free ports for the requested pod ports",
    };
  const taint = node.spec.taints?.find(
    (each) => each.effect === "NoExecute" && !toleratesTaint(pod.spec.tolerations, each),
  );
  if (taint && !isStatic(pod))
    return { reason: "TaintToleration", message: `Predicate TaintToleration failed: node(s) had untolerated taint(s)` };
  return undefined;
}

function sysctls({ spec }: Pod, allowed: readonly string[]): Rejection | undefined {
  for (const { name } of spec.securityContext?.sysctls ?? []) {
    const fine = [...SAFE_SYSCTLS, ...allowed].some((each) =>
      each.endsWith("*") ? name.startsWith(each.slice(0, -1)) : each === name.replaceAll("/", "."),
    );
    if (!fine)
      return { reason: "SysctlForbidden", message: `forbidden sysctl: ${JSON.stringify(name)} not allowlisted` };
  }
  return undefined;
}
