/** What a node tells of itself by events, in the original's words. Pure. */
import type { NodeStatus } from "@kubets/api/generated/types/core-v1";
import type { ObjectToldOf } from "@kubets/client/event-recorder";

export interface NodeEvent {
  readonly type: "Normal" | "Warning";
  readonly reason: string;
  readonly message: string;
}

/** As kubelets name their node in events: by its name where others have the uid. */
export const nodeRef = (name: string): ObjectToldOf => ({ kind: "Node", apiVersion: "v1", name, uid: name });

const REASONS: Readonly<Record<string, { readonly True: string; readonly False: string }>> = {
  Ready: { True: "NodeReady", False: "NodeNotReady" },
  MemoryPressure: { True: "NodeHasInsufficientMemory", False: "NodeHasSufficientMemory" },
  DiskPressure: { True: "NodeHasDiskPressure", False: "NodeHasNoDiskPressure" },
  PIDPressure: { True: "NodeHasInsufficientPID", False: "NodeHasSufficientPID" },
};

/** Of what changed; of a node that is new, how it is but for whether it is ready. */
export function statusEvents(name: string, before: NodeStatus | undefined, after: NodeStatus): NodeEvent[] {
  return (after.conditions ?? []).flatMap(({ type, status }) => {
    const known = before?.conditions?.find((each) => each.type === type);
    if (known?.status === status || (!known && type === "Ready")) return [];
    const reason = REASONS[type]?.[status as "True" | "False"];
    return reason ? [is(name, reason)] : [];
  });
}

export const schedulingEvent = (name: string, unschedulable: boolean): NodeEvent =>
  is(name, unschedulable ? "NodeNotSchedulable" : "NodeSchedulable");

export const rebootEvent = (name: string, bootId: string): NodeEvent => ({
  type: "Warning",
  reason: "Rebooted",
  message: `Node ${name} has been rebooted, boot id: ${bootId}`,
});

const is = (name: string, reason: string): NodeEvent => ({
  type: "Normal",
  reason,
  message: `Node ${name} status is now: ${reason}`,
});
