/**
 * Ends the pods in good order when the machine is about to shut down: the node is not ready from then on and takes no pods, and each group of
 * pods has its own time.
 * Holds: the machine is held up only while pods end, and no longer than the configured time; a shutdown that is called off makes the node ready again.
 */
import type { Pod } from "@kubets/api/generated/types/core-v1";
import { type Clock, type Logger, sleep } from "@kubets/machinery";
import type { KubeletMetrics } from "../metrics/kubelet-metrics.ts";
import type { PodWorkers } from "../pod-workers/pod-workers.ts";
import { podsByStep, type ShutdownStep } from "./plan.ts";

export const SHUTTING_DOWN = "node is shutting down";
const MESSAGE = "Pod was terminated in response to imminent node shutdown.";
export const SHUTDOWN_REJECTION = {
  reason: "NodeShutdown",
  message: "Pod was rejected as the node is shutting down.",
};

/** Where the machine says that it is about to shut down. */
export interface ShutdownNotices {
  /**
   * Tells until the signal: true when a shutdown begins, false when it was called off. It goes on when `begun` resolves, and waits no longer
   * than it was asked for. Rejects when the machine tells nothing.
   */
  watch(options: {
    readonly seconds: number;
    readonly signal: AbortSignal;
    begun(): Promise<void>;
    calledOff(): void;
  }): Promise<void>;
}

interface NodeShutdownOptions {
  readonly steps: readonly ShutdownStep[];
  readonly workers: Pick<PodWorkers, "all" | "get">;
  readonly clock: Clock;
  readonly log: Logger;
  readonly signal: AbortSignal;
  readonly metrics?: KubeletMetrics;
  /** The node became unready, or ready again. */
  changed(): void;
}

const LOOK_MS = 100;

export class NodeShutdown {
  readonly #options: NodeShutdownOptions;
  #ending: Promise<void> | undefined;

  constructor(options: NodeShutdownOptions) {
    this.#options = options;
  }

  get isUnderWay(): boolean {
    return this.#ending !== undefined;
  }

  /** Resolves when all pods have ended, or their time is over. */
  begin(): Promise<void> {
    this.#ending ??= this.#endAll();
    return this.#ending;
  }

  callOff(): void {
    this.#ending = undefined;
    this.#options.changed();
  }

  async #endAll(): Promise<void> {
    const { steps, workers, log, changed, metrics } = this.#options;
    metrics?.shutdown(true);
    log.info("the machine shuts down: pods are ended");
    changed();
    const pods = workers.all().flatMap(({ isOver, pod }) => (isOver ? [] : [pod]));
    for (const group of podsByStep(steps, pods)) await this.#endGroup(group.step, group.pods);
    metrics?.shutdown(false);
  }

  async #endGroup({ seconds }: ShutdownStep, pods: readonly Pod[]): Promise<void> {
    const { workers, clock, signal, log } = this.#options;
    for (const { metadata, spec } of pods) {
      const grace = Math.min(seconds, spec.terminationGracePeriodSeconds ?? 30);
      const failure = { reason: "Terminated", message: MESSAGE, disruption: true };
      workers.get(metadata.uid)?.end(grace, failure, false);
    }
    const left = () => pods.filter(({ metadata }) => workers.get(metadata.uid)?.isOver === false);
    const until = clock.monotonic() + seconds * 1000;
    while (left().length > 0 && clock.monotonic() < until) await sleep(clock, LOOK_MS, signal);
    for (const { metadata } of left())
      log.warn("a pod did not end in its time", { pod: metadata.name, namespace: metadata.namespace });
  }
}
