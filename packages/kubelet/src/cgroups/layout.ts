/** Where the cgroups of a node are: all pods below `kubepods`, those of the lower classes in a tier of their own. Pure. */
import type { Pod } from "@kubets/api/generated/types/core-v1";
import { computeQosClass } from "@kubets/api/pod/qos";
import { podRequests } from "@kubets/api/pod/resources";
import { isFinished } from "@kubets/api/pod/state";
import { isOpen } from "@kubets/machinery/given-gates";
import { parseQuantity } from "@kubets/machinery/quantity";
import type { KubeletConfig } from "../config.ts";
import { cpuShares } from "../container-config/resources.ts";
import type { CgroupParts } from "./cgroup-tree.ts";
import type { CgroupSettings } from "./settings.ts";

export type Tier = "burstable" | "besteffort";

export const partsOf = (path: string): string[] => path.split("/").filter(Boolean);

export const kubepods = (root: string): CgroupParts => [...partsOf(root), "kubepods"];

function tierOf(pod: Pod): Tier | undefined {
  const qos = computeQosClass(pod.spec);
  return qos === "Guaranteed" ? undefined : (qos.toLowerCase() as Tier);
}

export function podParts(pod: Pod, root: string): CgroupParts {
  const tier = tierOf(pod);
  return [...kubepods(root), ...(tier ? [tier] : []), `pod${pod.metadata.uid}`];
}

/** What the pods of each class weigh together: those that asked for nothing as little as can be, the burstable ones what they asked for. */
export function tierShares(pods: readonly Pod[]): Readonly<Record<Tier, number>> {
  const burstable = pods
    .filter((pod) => !isFinished(pod) && tierOf(pod) === "burstable")
    .reduce((sum, pod) => sum + (podRequests(pod).get("cpu")?.milliValue() ?? 0), 0);
  return { burstable: cpuShares(burstable), besteffort: cpuShares(0) };
}

/** Memory of the node that is kept for pods of higher classes (gate QOSReserved): this part of what they asked for. */
export interface MemoryReserve {
  readonly allocatableBytes: number;
  readonly percent: number;
}

/** Undefined where no memory is kept by class. */
export function memoryReserve(
  { reserved, file }: Pick<KubeletConfig, "reserved"> & { readonly file: QosFile },
  { memoryBytes }: { readonly memoryBytes: number },
): MemoryReserve | undefined {
  const { memory } = file.qosReserved;
  if (memory === undefined || !isOpen("QOSReserved", file.featureGates)) return undefined;
  const allocatableBytes = memoryBytes - parseQuantity(reserved["memory"] ?? "0").value();
  return { allocatableBytes, percent: Number.parseInt(memory, 10) };
}

type QosFile = Pick<KubeletConfig["file"], "qosReserved" | "featureGates">;

/** How much memory the pods of each lower class may have together: none of what is kept for those above. */
export function tierMemory(
  pods: readonly Pod[],
  { allocatableBytes, percent }: MemoryReserve,
): Readonly<Record<Tier, number>> {
  const asked = askedMemory(pods);
  const kept = (bytes: number) => Math.floor((bytes * percent) / 100);
  const burstable = allocatableBytes - kept(asked.guaranteed);
  return { burstable, besteffort: burstable - kept(asked.burstable) };
}

/** Whether what pods asked for is kept for them by their class (gate MemoryQoS); undefined where the kernel is told nothing of it. */
export const keepsMemory = ({ file }: { readonly file: KeepingFile }): boolean | undefined =>
  isOpen("MemoryQoS", file.featureGates) ? file.memoryReservationPolicy === "TieredReservation" : undefined;

type KeepingFile = Pick<KubeletConfig["file"], "memoryReservationPolicy" | "featureGates">;

/** How much memory the pods of each class that asks for any asked for. */
export function askedMemory(pods: readonly Pod[]): Readonly<Record<"guaranteed" | "burstable", number>> {
  const asked = (tier: Tier | undefined) =>
    pods
      .filter((pod) => !isFinished(pod) && tierOf(pod) === tier)
      .reduce((sum, pod) => sum + (podRequests(pod).get("memory")?.value() ?? 0), 0);
  return { guaranteed: asked(undefined), burstable: asked("burstable") };
}

type Reserving = Pick<KubeletConfig, "cgroupRoot" | "reserved"> & {
  readonly file: Pick<
    KubeletConfig["file"],
    "enforceNodeAllocatable" | "systemReserved" | "systemReservedCgroup" | "kubeReserved" | "kubeReservedCgroup"
  >;
};
type Amounts = Readonly<Record<string, string>>;

/** What `enforceNodeAllocatable` holds apart: pods get what is not reserved, and what is reserved gets no more than that. */
export function enforced(
  { cgroupRoot, reserved, file }: Reserving,
  { cpuMilli, memoryBytes }: { readonly cpuMilli: number; readonly memoryBytes: number },
): (readonly [CgroupParts, CgroupSettings])[] {
  const milli = ({ cpu = "0" }: Amounts) => parseQuantity(cpu).milliValue();
  const bytes = ({ memory = "0" }: Amounts) => parseQuantity(memory).value();
  const pids = ({ pid }: Amounts) => (pid ? { pids: parseQuantity(pid).value() } : {});
  const own = (amounts: Amounts): CgroupSettings => ({
    cpuShares: cpuShares(milli(amounts)),
    ...(amounts["memory"] && { memoryBytes: bytes(amounts) }),
    ...pids(amounts),
  });
  const wants = (what: string) => file.enforceNodeAllocatable.includes(what);
  return [
    ...(wants("pods")
      ? [
          [
            kubepods(cgroupRoot),
            { cpuShares: cpuShares(cpuMilli - milli(reserved)), memoryBytes: memoryBytes - bytes(reserved) },
          ] as const,
        ]
      : []),
    ...(wants("system-reserved") ? [[partsOf(file.systemReservedCgroup), own(file.systemReserved)] as const] : []),
    ...(wants("kube-reserved") ? [[partsOf(file.kubeReservedCgroup), own(file.kubeReserved)] as const] : []),
  ];
}
