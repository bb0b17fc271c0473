/**
 * What is told of one pod: its status, made of what its containers do, of what went wrong when they were started, and of what they left as
 * their last words.
 */
import type { Container, Pod, PodStatus } from "@kubets/api/generated/types/core-v1";
import { isFinished } from "@kubets/api/pod/state";
import { ImageError } from "../images/image-puller.ts";
import { resizeVerdicts } from "../resize/advance.ts";
import type { PodResize } from "../resize/pod-resize.ts";
import { fieldPathOf } from "./about.ts";
import type { Verdict } from "./conditions.ts";
import { lastWords } from "./last-words.ts";
import type { Waiting } from "./plan.ts";
import type { VolumeImages } from "./pod-images.ts";
import type { Refusal } from "./refusal.ts";
import { type ContainerRecord, isRunning, noRuntimeState, type PodRuntimeState } from "./runtime-state.ts";
import { mergedConditions, podStatus } from "./status.ts";
import type { PodTools } from "./tools.ts";

interface PodReportOptions {
  readonly tools: PodTools;
  readonly resize: PodResize;
  readonly startedAt: number;
  /** Who stands for the pod in the API. */
  apiPod(pod: Pod): Pod | undefined;
}

interface ReportedState {
  readonly runtime: PodRuntimeState;
  readonly waiting?: ReadonlyMap<string, Waiting>;
  /** It ends: what could not be started is of no interest any more. */
  readonly ending: boolean;
  readonly failure?: Refusal | undefined;
  readonly over: boolean;
}

export class PodReport {
  readonly #options: PodReportOptions;
  readonly #startFailures = new Map<string, Waiting>();
  readonly #messages = new Map<string, string>();
  readonly #toldBackoff = new Set<string>();
  readonly #volumeImages = new Map<string, string>();
  #status: PodStatus | undefined;

  constructor(options: PodReportOptions) {
    this.#options = options;
  }

  /** What was told last, also of a pod that nobody stands for in the API. */
  get status(): PodStatus | undefined {
    return this.#status;
  }

  /** Of a start that was tried, what went wrong. */
  tried(container: string, failure: Waiting | undefined): void {
    if (failure) this.#startFailures.set(container, failure);
    else this.#startFailures.delete(container);
  }

  /** Images that volumes show: as their registries know them, where they do. */
  shown(images: VolumeImages): void {
    if (!this.#options.tools.node.tellsVolumeImages) return;
    for (const [volume, image] of images)
      if (!(image instanceof ImageError)) this.#volumeImages.set(volume, image.digests[0] ?? image.id);
  }

  async hearLastWords(pod: Pod, runtime: PodRuntimeState): Promise<void> {
    const { disk, paths } = this.#options.tools;
    for (const record of runtime.containers) {
      if (record.phase !== "exited" || this.#messages.has(record.id)) continue;
      this.#messages.set(record.id, await lastWords(pod, record, disk, paths).catch(() => ""));
    }
  }

  tellBackoffs(pod: Pod, waiting: ReadonlyMap<string, Waiting>, runtime: PodRuntimeState): void {
    const { name, namespace, uid } = pod.metadata;
    for (const [container, { reason }] of waiting) {
      if (reason !== "CrashLoopBackOff") continue;
      const id = runtime.containers.find((record) => record.name === container)?.id ?? "";
      if (this.#toldBackoff.has(id)) continue;
      this.#toldBackoff.add(id);
      const message = `Back-off restarting failed container ${container} in pod ${name}_${namespace}(${uid})`;
      this.#options.tools.events.event(fieldPathOf(pod, container), "Warning", "BackOff", message);
    }
  }

  write(pod: Pod, state: ReportedState): void {
    const target = this.#options.apiPod(pod);
    const { statuses } = this.#options.tools;
    const known = target ? statuses.current(target) : (this.#status ?? {});
    const metadata = { ...pod.metadata, generation: target?.metadata.generation };
    const own = podStatus({ ...pod, metadata, status: known }, this.#facts(pod, state));
    this.#status = { ...known, ...own, conditions: mergedConditions(known.conditions, own.conditions ?? []) };
    if (target) statuses.set(target, this.#status);
  }

  /** The node does not take the pod. */
  refuse(pod: Pod, failure: Refusal): void {
    const target = this.#options.apiPod(pod);
    const facts = this.#facts(pod, { runtime: noRuntimeState, ending: false, over: true, failure });
    this.#status = { ...podStatus(target ?? pod, { ...facts, failure, rejected: true }), conditions: [] };
    if (target && !isFinished(target)) this.#options.tools.statuses.set(target, this.#status);
  }

  hasStarted(pod: Pod, record: ContainerRecord | undefined): boolean {
    if (record === undefined || !isRunning(record)) return false;
    return this.#options.tools.prober.hasStarted(pod.metadata.uid, record, containerOf(pod, record.name));
  }

  #facts(pod: Pod, { runtime, waiting = new Map(), ending, failure, over }: ReportedState) {
    const { tools, resize, startedAt } = this.#options;
    const { clock, node, prober } = tools;
    return {
      runtime,
      now: clock.now(),
      startedAt,
      hostIPs: node.hostIPs(),
      runtimeName: node.runtimeName,
      waiting: new Map([...waiting, ...(ending ? [] : this.#startFailures)]),
      ...(failure && { failure }),
      over,
      messages: this.#messages,
      volumeImages: this.#volumeImages,
      tellsSignals: node.tellsStopSignals,
      hasStarted: (record: ContainerRecord) => this.hasStarted(pod, record),
      resources: (name: string) => resize.inEffect(name),
      health: (container: Container) => [
        ...tools.resources.healthOf(pod.metadata.uid, container.name),
        ...tools.dynamicResources.healthOf(pod, container),
      ],
      more: [...resizeVerdicts(resize), ...disruptionOf(failure)],
      isReady: (record: ContainerRecord) => prober.isReady(pod.metadata.uid, record, containerOf(pod, record.name)),
    };
  }
}

export const containerOf = ({ spec }: Pod, name: string) =>
  [...spec.containers, ...(spec.initContainers ?? [])].find((container) => container.name === name);

const disruptionOf = (failure: Refusal | undefined): Verdict[] =>
  failure?.disruption
    ? [
        {
          type: "DisruptionTarget",
          status: "True",
          reason: "TerminationByKubelet",
          message: failure.disruption === true ? failure.message : failure.disruption,
        },
      ]
    : [];
