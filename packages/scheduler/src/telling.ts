/** What the scheduler tells others of pods and their groups: events, conditions, the node where a pod will go. Nothing waits for it, and what cannot be told is logged. */
import { conditionOf } from "@kubets/api/condition";
import { podgroups } from "@kubets/api/generated/refs";
import type { Pod } from "@kubets/api/generated/types/core-v1";
import type { Condition } from "@kubets/api/generated/types/meta-v1";
import type { PodGroup } from "@kubets/api/generated/types/scheduling-v1alpha2";
import type { Client } from "@kubets/client/client";
import type { EventRecorder } from "@kubets/client/event-recorder";
import type { Clock, Logger } from "@kubets/machinery";
import { isReason } from "@kubets/machinery/status-error";
import { formatTime } from "@kubets/machinery/time";
import type { PodInfo } from "./framework/pod-info.ts";
import { patchStatus, statusPatch, truncated, type Verdict } from "./pod-status.ts";

const SCHEDULING = { action: "Scheduling" };
const BINDING = { action: "Binding" };
const SCHEDULED = "PodGroupScheduled";

export type GroupVerdict = Pick<Condition, "status" | "reason" | "message">;

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

  /** The condition of a group; one that was scheduled once stays so. */
  group({ metadata, status }: PodGroup, verdict: GroupVerdict): void {
    const known = conditionOf(status?.conditions, SCHEDULED);
    const same = known?.status === verdict.status;
    if (known?.status === "True" || (same && known.reason === verdict.reason && known.message === verdict.message))
      return;
    const { namespace, name, uid, generation } = metadata;
    const condition = {
      type: SCHEDULED,
      ...verdict,
      ...(generation ? { observedGeneration: generation } : {}),
      lastTransitionTime: same ? known.lastTransitionTime : formatTime(this.#clock.now()),
    };
    const body = { metadata: { uid }, status: { conditions: [condition] } };
    this.#client
      .patch(podgroups, { namespace, name }, { type: "strategic", body }, { subresource: "status" })
      .catch((error: unknown) => {
        if (!isReason(error, "NotFound"))
          this.#log.error("the group's condition could not be written", { group: `${namespace}/${name}`, error });
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
