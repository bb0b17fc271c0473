/**
 * Probes the containers of pods, each probe on its own beat, and keeps the results.
 * Holds: a probe belongs to one container as it runs: the next one begins anew; readiness fails and liveness passes until the first
 * verdict; while a startup probe has not passed the other two wait; a verdict changes only after its threshold. What an earlier kubelet
 * told of the same container goes on: a restart of the kubelet takes no pod out of its services.
 */
import type { Container, Pod, Probe } from "@kubets/api/generated/types/core-v1";
import { isSidecar } from "@kubets/api/pod/containers";
import type { EventRecorder } from "@kubets/client/event-recorder";
import { type Clock, type Logger, type Random, sleep } from "@kubets/machinery";
import { fieldPathOf } from "../pod-workers/about.ts";
import type { ContainerRecord, PodRuntimeState } from "../pod-workers/runtime-state.ts";
import type { ProbeCount } from "../stats/probe-metrics.ts";
import { attemptProbe, type ProbeOutcome, type ProbeTarget, type ProbeTools } from "./attempt.ts";

export type ProbeType = "liveness" | "readiness" | "startup";

export interface ProberOptions extends ProbeTools {
  readonly clock: Clock;
  readonly random: Random;
  readonly log: Logger;
  readonly events: EventRecorder;
  /** Its address now, empty before it has one. */
  podIP(pod: Pod): string;
  /** A verdict changed. */
  changed(podUid: string): void;
  /** Instead of the real attempt; for simulated runtimes. */
  readonly attempt?: (target: ProbeTarget, type: ProbeType) => Promise<ProbeOutcome>;
}

interface Running {
  readonly stop: AbortController;
  verdict: boolean | undefined;
  readonly labels: Omit<ProbeCount["labels"], "result">;
  readonly counts: { successful: number; failed: number; unknown: number };
}

const TYPES: readonly ProbeType[] = ["startup", "readiness", "liveness"];
const TITLES: Record<ProbeType, string> = { liveness: "Liveness", readiness: "Readiness", startup: "Startup" };

const COUNTED = { success: "successful", warning: "successful", failure: "failed", unknown: "unknown" } as const;

export class Prober {
  readonly #options: ProberOptions;
  /** By pod, then container id and type. */
  readonly #pods = new Map<string, Map<string, Running>>();

  constructor(options: ProberOptions) {
    this.#options = options;
  }

  /** Probes what runs of the pod, and nothing else any more. When the pod ends only readiness goes on, and that it had started stays known. */
  follow(pod: Pod, runtime: PodRuntimeState, ending: boolean): void {
    const { uid } = pod.metadata;
    const probes = this.#pods.get(uid) ?? new Map<string, Running>();
    const wanted = new Set<string>();
    const containers = [...pod.spec.containers, ...(pod.spec.initContainers ?? []).filter(isSidecar)];
    for (const container of containers) {
      const record = runtime.containers.find(({ name }) => name === container.name);
      if (record?.phase !== "running") continue;
      for (const type of TYPES) {
        const probe = probeOf(container, type);
        const key = keyOf(record.id, type);
        const known = probes.get(key);
        const verdict = known ? known.verdict : toldBefore(pod, record, type);
        if (!probe || (ending && !outlivesEnd(type, verdict))) continue;
        wanted.add(key);
        if (!known) probes.set(key, this.#begin(pod, container, record, type, probe, verdict));
      }
    }
    for (const [key, running] of probes) {
      if (wanted.has(key)) continue;
      running.stop.abort();
      probes.delete(key);
    }
    if (probes.size > 0) this.#pods.set(uid, probes);
    else this.#pods.delete(uid);
  }

  forget(podUid: string): void {
    for (const running of this.#pods.get(podUid)?.values() ?? []) running.stop.abort();
    this.#pods.delete(podUid);
  }

  /** Without a startup probe a container has started when it runs. */
  hasStarted(podUid: string, record: ContainerRecord, container: Container | undefined): boolean {
    return !container?.startupProbe || this.#verdict(podUid, record.id, "startup") === true;
  }

  isReady(podUid: string, record: ContainerRecord, container: Container | undefined): boolean {
    return !container?.readinessProbe || this.#verdict(podUid, record.id, "readiness") === true;
  }

  failed(podUid: string, id: string): "liveness" | "startup" | undefined {
    if (this.#verdict(podUid, id, "liveness") === false) return "liveness";
    return this.#verdict(podUid, id, "startup") === false ? "startup" : undefined;
  }

  /** Of the probes that go on, how often each came out how. */
  counts(): ProbeCount[] {
    return [...this.#pods.values()].flatMap((probes) =>
      [...probes.values()].flatMap(({ labels, counts }) =>
        Object.entries(counts)
          .filter(([, value]) => value > 0)
          .map(([result, value]) => ({ labels: { ...labels, result }, value })),
      ),
    );
  }

  stop(): void {
    for (const uid of this.#pods.keys()) this.forget(uid);
  }

  #verdict(podUid: string, id: string, type: ProbeType): boolean | undefined {
    return this.#pods.get(podUid)?.get(keyOf(id, type))?.verdict;
  }

  #begin(
    pod: Pod,
    container: Container,
    record: ContainerRecord,
    type: ProbeType,
    probe: Probe,
    verdict: boolean | undefined,
  ): Running {
    const { name, namespace, uid } = pod.metadata;
    const running: Running = {
      stop: new AbortController(),
      verdict,
      labels: { container: container.name, namespace, pod: name, pod_uid: uid, probe_type: TITLES[type] },
      counts: { successful: 0, failed: 0, unknown: 0 },
    };
    void this.#run(pod, container, record, type, probe, running).catch((error: unknown) => {
      if (!running.stop.signal.aborted) this.#options.log.error("a probe broke off", { pod: pod.metadata.name, error });
    });
    return running;
  }

  async #run(
    pod: Pod,
    container: Container,
    record: ContainerRecord,
    type: ProbeType,
    probe: Probe,
    running: Running,
  ): Promise<void> {
    const { clock } = this.#options;
    const { signal } = running.stop;
    const { uid } = pod.metadata;
    const { initialDelaySeconds = 0, periodSeconds = 10, successThreshold = 1, failureThreshold = 3 } = probe;
    const runsFor = clock.now() - record.startedAt;
    const delayMs = initialDelaySeconds * 1000 - runsFor;
    if (delayMs > 0) await sleep(clock, delayMs, signal);
    let streak = 0;
    let last: boolean | undefined;
    for (;;) {
      if (type !== "startup" && !this.hasStarted(uid, record, container)) {
        await sleep(clock, Math.min(periodSeconds, 1) * 1000, signal);
        continue;
      }
      if (type === "startup" && running.verdict === true) return;
      const outcome = await this.#attempt(pod, container, record, type, probe);
      if (signal.aborted) return;
      running.counts[COUNTED[outcome.result]]++;
      if (outcome.result !== "unknown") {
        const passed = outcome.result !== "failure";
        if (outcome.result !== "success") this.#tell(pod, container, type, outcome);
        streak = passed === last ? streak + 1 : 1;
        last = passed;
        if (streak >= (passed ? successThreshold : failureThreshold) && running.verdict !== passed) {
          running.verdict = passed;
          this.#options.changed(uid);
          // The container is on its way out; its successor is probed anew.
          if (!passed && type !== "readiness") return;
        }
      }
      await sleep(clock, periodSeconds * 1000, signal);
    }
  }

  async #attempt(
    pod: Pod,
    container: Container,
    record: ContainerRecord,
    type: ProbeType,
    probe: Probe,
  ): Promise<ProbeOutcome> {
    const target = { probe, container, containerId: record.id, podIP: this.#options.podIP(pod) };
    return await (this.#options.attempt?.(target, type) ?? attemptProbe(target, this.#options));
  }

  #tell(pod: Pod, container: Container, type: ProbeType, { result, output }: ProbeOutcome): void {
    const about = fieldPathOf(pod, container.name);
    if (result === "warning")
      this.#options.events.event(about, "Warning", "ProbeWarning", `${TITLES[type]} probe warning: ${output}`);
    else this.#options.events.event(about, "Warning", "Unhealthy", `${TITLES[type]} probe failed: ${output}`);
  }
}

const keyOf = (id: string, type: ProbeType): string => `${id} ${type}`;

/** What the pod's status says of this very container; only what is good: what failed is probed anew. */
function toldBefore({ status }: Pod, record: ContainerRecord, type: ProbeType): true | undefined {
  const all = [...(status.containerStatuses ?? []), ...(status.initContainerStatuses ?? [])];
  const told = all.find(({ containerID, state }) => state?.running && containerID?.endsWith(`://${record.id}`));
  return (type === "readiness" && told?.ready) || (type === "startup" && told?.started) || undefined;
}

const outlivesEnd = (type: ProbeType, verdict: boolean | undefined): boolean =>
  type === "readiness" || (type === "startup" && verdict === true);

const probeOf = (container: Container, type: ProbeType): Probe | undefined =>
  type === "liveness"
    ? container.livenessProbe
    : type === "readiness"
      ? container.readinessProbe
      : container.startupProbe;
