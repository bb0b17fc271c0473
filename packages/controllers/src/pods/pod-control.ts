/**
 * Makes and deletes pods for an owner, and tells of each in an event of the owner.
 * Holds: pods are made in batches that double from one, so that an owner whose pods are refused costs one refusal and not hundreds.
 */
import { pods } from "@kubets/api/generated/refs";
import type { Pod } from "@kubets/api/generated/types/core-v1";
import type { KubeObject } from "@kubets/api/meta";
import type { ControllerContext } from "@kubets/client";
import { isReason } from "@kubets/machinery";
import { errorText, isNamespaceTerminating } from "../error-text.ts";
import { keyIn } from "../keys.ts";
import type { NewPod } from "./pod-from-template.ts";

type Writer = Pick<ControllerContext, "client" | "events">;

export async function createPod({ client, events }: Writer, owner: KubeObject, pod: NewPod): Promise<Pod> {
  try {
    const made = await client.create(pods, pod);
    events.event(owner, "Normal", "SuccessfulCreate", `Created pod: ${made.metadata.name}`);
    return made;
  } catch (error) {
    if (!isNamespaceTerminating(error))
      events.event(owner, "Warning", "FailedCreate", `Error creating: ${errorText(error)}`);
    throw error;
  }
}

/** False when it had gone already. */
export async function deletePod({ client, events }: Writer, owner: KubeObject, pod: Pod): Promise<boolean> {
  try {
    await client.delete(pods, keyIn(pod), { preconditions: { uid: pod.metadata.uid } });
    events.event(owner, "Normal", "SuccessfulDelete", `Deleted pod: ${pod.metadata.name}`);
    return true;
  } catch (error) {
    // Of another pod that took its name it is none of our business.
    if (isReason(error, "NotFound") || isReason(error, "Conflict")) return false;
    events.event(owner, "Warning", "FailedDelete", `Error deleting: ${errorText(error)}`);
    throw error;
  }
}

interface BatchOutcome {
  readonly succeeded: number;
  /** How many were not even tried, as one before them failed. */
  readonly skipped: number;
  readonly error?: unknown;
}

export async function inDoublingBatches(
  count: number,
  run: (index: number) => Promise<unknown>,
): Promise<BatchOutcome> {
  let done = 0;
  for (let size = Math.min(count, 1); size > 0; size = Math.min(2 * size, count - done)) {
    const from = done;
    const results = await Promise.allSettled(Array.from({ length: size }, (_, i) => run(from + i)));
    const failed = results.find((result) => result.status === "rejected");
    const succeeded = results.filter(({ status }) => status === "fulfilled").length;
    if (failed) return { succeeded: done + succeeded, skipped: count - done - size, error: failed.reason };
    done += size;
  }
  return { succeeded: done, skipped: 0 };
}
