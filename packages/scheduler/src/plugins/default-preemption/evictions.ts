/**
 * Carries a preemption out, aside of the cycles: each victim is marked as disrupted and deleted. Until all are asked for, the pod or the
 * group that makes them go is held; when something fails it is tried again.
 */
import { pods } from "@kubets/api/generated/refs";
import type { Pod } from "@kubets/api/generated/types/core-v1";
import type { PodGroup } from "@kubets/api/generated/types/scheduling-v1alpha2";
import { podCondition } from "@kubets/api/pod/state";
import { isReason } from "@kubets/machinery/status-error";
import { formatTime } from "@kubets/machinery/time";
import type { Handle } from "../../framework/handle.ts";
import type { PodInfo } from "../../framework/pod-info.ts";
import type { Refusal } from "../../framework/refusals.ts";
import type { Candidate } from "./candidate.ts";

/** What stands for the node where the victims of a group are on many. */
const CLUSTER = "cluster";

/** Who makes others go. */
interface Preemptor {
  readonly uid: string;
  readonly key: string;
  readonly type: "pod" | "podgroup";
  readonly object: Pod | PodGroup;
  readonly pods: readonly Pod[];
}

const podPreemptor = ({ pod, key }: PodInfo): Preemptor => ({
  uid: pod.metadata.uid,
  key,
  type: "pod",
  object: pod,
  pods: [pod],
});

export class Evictions {
  readonly #handle: Handle;
  readonly #plugin: string;
  /** Those that make others go, and whether one of them asked for its turn meanwhile. */
  readonly #running = new Map<string, { held: boolean }>();

  constructor(handle: Handle, plugin: string) {
    this.#handle = handle;
    this.#plugin = plugin;
  }

  holds(uid: string, what = "pod"): Refusal | undefined {
    const running = this.#running.get(uid);
    if (!running) return undefined;
    running.held = true;
    return { plugin: this.#plugin, reasons: [`waiting for the preemption for this ${what} to be finished`] };
  }

  begin(preemptor: PodInfo, candidate: Candidate): void {
    this.#run(podPreemptor(preemptor), candidate.node, this.#evictAll(preemptor, candidate));
  }

  beginForGroup(group: PodGroup, pods: readonly Pod[], victims: readonly PodInfo[]): void {
    const { namespace, name, uid } = group.metadata;
    const preemptor = { uid, key: `${namespace}/${name}`, type: "podgroup", object: group, pods } as const;
    const staying = victims.filter(({ pod }) => !pod.metadata.deletionTimestamp);
    if (staying.length === 0) return;
    this.#handle.metrics.preempted(victims.length);
    const work = Promise.all(staying.map(({ pod }) => this.#evict(preemptor, pod, CLUSTER)));
    this.#run(preemptor, CLUSTER, work);
  }

  /** Others have to be asked first; the pod is nominated when they have answered. */
  beginAfter(preemptor: PodInfo, choose: () => Promise<Candidate | undefined>): void {
    const { metadata } = preemptor.pod;
    const chosen = choose().then(async (candidate) => {
      if (!candidate || !this.#running.has(metadata.uid)) return;
      this.#handle.nominator.set(preemptor, candidate.node);
      await this.#nominate(preemptor, candidate.node);
      await this.#evictAll(preemptor, candidate);
    });
    this.#run(podPreemptor(preemptor), "", chosen);
  }

  #run({ uid, key, type, pods }: Preemptor, node: string, work: Promise<unknown>): void {
    this.#running.set(uid, { held: false });
    const { clock, metrics } = this.#handle;
    const began = clock.monotonic();
    const done = work
      .then(
        () => {
          metrics.evicted("success", clock.monotonic() - began);
          return this.#running.get(uid)?.held ?? false;
        },
        (error: unknown) => {
          metrics.evicted("error", clock.monotonic() - began);
          this.#handle.log.error("preemption failed", { [type]: key, node, error });
          return true;
        },
      )
      .then((again) => {
        this.#running.delete(uid);
        if (again) for (const { metadata } of pods) this.#handle.activate(metadata.uid);
      })
      .catch((error: unknown) => this.#handle.log.error("a pod could not be tried again", { error }));
    if (!this.#handle.featureGates.enabled("SchedulerAsyncPreemption")) this.#handle.holdUntil(done);
  }

  async #evictAll(preemptor: PodInfo, { node, victims }: Candidate): Promise<void> {
    this.#handle.metrics.preempted(victims.length);
    await Promise.all([
      ...this.#handle.nominator
        .on(node)
        .filter(({ priority }) => priority < preemptor.priority)
        .map((other) => this.#takeNominationBack(other)),
      ...victims.map((victim) => this.#evict(podPreemptor(preemptor), victim.pod, node)),
    ]);
  }

  async #evict(preemptor: Preemptor, victim: Pod, node: string): Promise<void> {
    const { client, events, rejectWaiting } = this.#handle;
    if (!rejectWaiting(victim.metadata.uid, this.#plugin, "preempted")) {
      const { namespace, name, uid } = victim.metadata;
      try {
        await this.#mark(preemptor, victim);
        await client.delete(pods, { namespace, name }, { preconditions: { uid } });
      } catch (error) {
        if (isReason(error, "NotFound")) return;
        throw error;
      }
    }
    const note = `Preempted by ${preemptor.type} ${preemptor.uid} on node ${node}`;
    events.event(victim, "Normal", "Preempted", note, { action: "Preempting", related: preemptor.object });
  }

  async #mark({ type, pods: [first] }: Preemptor, victim: Pod): Promise<void> {
    const { client, clock } = this.#handle;
    const { namespace, name, uid, generation } = victim.metadata;
    if (podCondition(victim.status, "DisruptionTarget")?.status === "True") return;
    const condition = {
      type: "DisruptionTarget",
      ...(generation ? { observedGeneration: generation } : {}),
      status: "True",
      lastTransitionTime: formatTime(clock.now()),
      reason: "PreemptionByScheduler",
      message: `${first?.spec.schedulerName}: preempting to accommodate a higher priority ${type}`,
    };
    const body = { metadata: { uid }, status: { conditions: [condition] } };
    await client.patch(pods, { namespace, name }, { type: "strategic", body }, { subresource: "status" });
  }

  /** A pod of lower priority will not get the place that it waits for. */
  async #takeNominationBack(info: PodInfo): Promise<void> {
    this.#handle.nominator.delete(info.pod.metadata.uid);
    await this.#nominate(info, null);
  }

  async #nominate({ pod }: PodInfo, nominatedNodeName: string | null): Promise<void> {
    const { namespace, name, uid } = pod.metadata;
    const body = { metadata: { uid }, status: { nominatedNodeName } };
    try {
      await this.#handle.client.patch(
        pods,
        { namespace, name },
        { type: "strategic", body },
        { subresource: "status" },
      );
    } catch (error) {
      if (!isReason(error, "NotFound")) throw error;
    }
  }
}
