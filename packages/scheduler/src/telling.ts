/** What the scheduler tells others of pods: events, the PodScheduled condition, the node where a pod will go. Nothing waits for it, and what cannot be told is logged. */
import type { Pod } from "@kubets/api/generated/types/core-v1";
import type { Client } from "@kubets/client/client";
import type { EventRecorder } from "@kubets/client/event-recorder";
import type { Clock, Logger } from "@kubets/machinery";
import { isReason } from "@kubets/machinery/status-error";
import type { PodInfo } from "./framework/pod-info.ts";
import { patchStatus, statusPatch, truncated, type Verdict } from "./pod-status.ts";

const SCHEDULING = { action: "Scheduling" };
const BINDING = { action: "Binding" };

export class Telling {
  readonly #client: Client;
  readonly #clock: Clock;
  readonly #events: EventRecorder;
  readonly #log: Logger;

  constructor({ client, clock, events, log }: { client: Client; clock: Clock; events: EventRecorder; log: Logger }) {
    this.#client = client;
    this.#clock = clock;
    this.#events = events;
    this.#log = log;
  }

  refused({ pod, key }: PodInfo, verdict: Verdict): void {
    this.#warn(pod, truncated(verdict.message));
    const body = statusPatch(pod, verdict, this.#clock.now());
    if (!body) return;
    patchStatus(this.#client, pod, body).catch((error: unknown) => {
      if (!isReason(error, "NotFound"))
        this.#log.error("the pod's condition could not be written", { pod: key, error });
    });
  }

  leaving({ pod, key }: PodInfo): void {
    this.#warn(pod, `skip schedule deleting pod: ${key}`);
  }

  bound({ pod, key }: PodInfo, node: string): void {
    this.#events.event(pod, "Normal", "Scheduled", `Successfully assigned ${key} to ${node}`, BINDING);
  }

  /** Before a binding that takes its time. What fails here keeps no pod from being bound. */
  async expected({ pod, key }: PodInfo, node: string): Promise<void> {
    if (pod.status.nominatedNodeName === node) return;
    const body = { metadata: { uid: pod.metadata.uid }, status: { nominatedNodeName: node } };
    await patchStatus(this.#client, pod, body).catch((error: unknown) => {
      this.#log.error("the pod's node could not be told of before", { pod: key, node, error });
    });
  }

  #warn(pod: Pod, message: string): void {
    this.#events.event(pod, "Warning", "FailedScheduling", message, SCHEDULING);
  }
}
