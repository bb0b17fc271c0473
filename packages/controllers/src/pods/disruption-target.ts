/** Marks a pod as ended by the cluster and not by itself, before it is deleted: jobs do not count such an end as a failure. */
import { pods } from "@kubets/api/generated/refs";
import type { Pod, PodCondition } from "@kubets/api/generated/types/core-v1";
import type { Client } from "@kubets/client";
import { formatTime } from "@kubets/machinery";
import { keyIn } from "../keys.ts";

export const disruptionTarget = (reason: string, message: string, now: number): PodCondition => ({
  type: "DisruptionTarget",
  status: "True",
  reason,
  message,
  lastTransitionTime: formatTime(now),
});

export async function markDisrupted(
  client: Client,
  pod: Pod,
  condition: PodCondition,
  more: { phase?: string } = {},
): Promise<void> {
  const body = { metadata: { uid: pod.metadata.uid }, status: { conditions: [condition], ...more } };
  await client.patch(pods, keyIn(pod), { type: "strategic", body }, { subresource: "status" });
}
