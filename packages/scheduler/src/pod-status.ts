/** What the scheduler tells of a pod that it could not place: the PodScheduled condition, and the node that was nominated for it. */
import { pods } from "@kubets/api/generated/refs";
import type { Pod, PodCondition } from "@kubets/api/generated/types/core-v1";
import { podCondition } from "@kubets/api/pod/state";
import type { Client } from "@kubets/client/client";
import { formatTime } from "@kubets/machinery/time";

export interface Verdict {
  readonly reason: "Unschedulable" | "SchedulerError";
  readonly message: string;
  /** A node: nominated; "": no longer; undefined: as before. */
  readonly nominatedNode: string | undefined;
}

/** Why a pod gets no place now, whose change of mind it waits for, and perhaps how room for it is made. */
export interface Refused {
  readonly refusedBy: ReadonlySet<string>;
  readonly verdict: Verdict;
  readonly begin?: (() => void) | undefined;
}

export const unschedulable = (refusedBy: ReadonlySet<string>, message: string, nominatedNode?: string): Refused => ({
  refusedBy,
  verdict: { reason: "Unschedulable", message, nominatedNode },
});

/** The patch that tells it, or nothing where the pod says so already. */
export function statusPatch(pod: Pod, { reason, message, nominatedNode }: Verdict, now: number): object | undefined {
  const condition = conditionOf(pod, reason, message, now);
  const known = pod.status.nominatedNodeName ?? "";
  const nominates = nominatedNode !== undefined && nominatedNode !== known;
  if (!condition && !nominates) return undefined;
  return {
    metadata: { uid: pod.metadata.uid },
    status: {
      ...(condition ? { conditions: [condition] } : {}),
      ...(nominates ? { nominatedNodeName: nominatedNode || null } : {}),
    },
  };
}

function conditionOf(pod: Pod, reason: string, message: string, now: number): PodCondition | undefined {
  const known = podCondition(pod.status, "PodScheduled");
  const { generation } = pod.metadata;
  const same =
    known?.status === "False" &&
    known.reason === reason &&
    known.message === message &&
    known.observedGeneration === generation;
  if (same) return undefined;
  return {
    type: "PodScheduled",
    ...(generation ? { observedGeneration: generation } : {}),
    status: "False",
    lastProbeTime: null,
    lastTransitionTime: (known?.status === "False" && known.lastTransitionTime) || formatTime(now),
    reason,
    message,
  };
}

export async function patchStatus(client: Client, { metadata }: Pod, body: object): Promise<void> {
  const { namespace, name } = metadata;
  await client.patch(pods, { namespace, name }, { type: "strategic", body }, { subresource: "status" });
}

/** Events hold no more; the rest is cut off. */
const LONGEST_NOTE = 1024;
export const truncated = (message: string): string =>
  message.length > LONGEST_NOTE ? `${message.slice(0, LONGEST_NOTE - ELLIPSIS.length)}${ELLIPSIS}` : message;
const ELLIPSIS = " ...";
