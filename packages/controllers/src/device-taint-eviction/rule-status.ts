/** What a DeviceTaintRule's status tells of the pods that it drives off. Pure. */
import type { Condition } from "@kubets/api/generated/types/meta-v1";
import type { DeviceTaintRule } from "@kubets/api/generated/types/resource-v1beta2";

export const EVICTION = "EvictionInProgress";

export interface RuleCounts {
  /** Pods that are to go, or would be if the effect was NoExecute, and in how many namespaces. */
  readonly pods: number;
  readonly namespaces: number;
  readonly publishedDevices: number;
  readonly allocatedDevices: number;
  /** Pods that went because of the rule, since this controller began. */
  readonly evicted: number;
}

type Verdict = Pick<Condition, "status" | "reason" | "message">;

const many = (count: number, one: string, more: string): string => `${count} ${count === 1 ? one : more}`;
const inNamespaces = (count: number): string => `in ${many(count, "namespace", "different namespaces")}`;

export function verdictOf({ spec: { taint } }: DeviceTaintRule, counts: RuleCounts): Verdict {
  const { status, reason, message } = verdictByEffect(taint.effect, counts);
  const { evicted } = counts;
  const went = evicted > 0 ? `${many(evicted, "pod", "pods")} evicted since starting the controller.` : "";
  return { status, reason, message: [message, went].filter(Boolean).join(" ") };
}

function verdictByEffect(
  effect: string,
  { pods, namespaces, publishedDevices, allocatedDevices, evicted }: RuleCounts,
): Verdict {
  switch (effect) {
    case "NoExecute":
      if (pods === 0) return { status: "False", reason: evicted > 0 ? "Completed" : "NotStarted", message: "" };
      return {
        status: "True",
        reason: "PodsPendingEviction",
        message: `${many(pods, "pod needs", "pods need")} to be evicted ${inNamespaces(namespaces)}.`,
      };
    case "None":
      return {
        status: "False",
        reason: "NoEffect",
        message: [
          `${many(publishedDevices, "published device", "published devices")} selected.`,
          `${many(allocatedDevices, "allocated device", "allocated devices")} selected.`,
          `${many(pods, "pod", "pods")} would be evicted ${inNamespaces(namespaces)} if the effect was NoExecute.`,
          "This information will not be updated again. Recreate the DeviceTaintRule to trigger an update.",
        ].join(" "),
      };
    default:
      return {
        status: "False",
        reason: "OtherEffect",
        message: "Eviction only happens for the NoExecute effect.",
      };
  }
}
