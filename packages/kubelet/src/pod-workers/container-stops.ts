/** Stops of a pod's containers that are under way: each is begun once, and once more only with a shorter grace time. */
import type { Pod } from "@kubets/api/generated/types/core-v1";
import { killContainer } from "./kill-container.ts";
import type { KillContainer } from "./plan.ts";
import { containerOf } from "./pod-report.ts";
import type { PodTools } from "./tools.ts";

export class ContainerStops {
  readonly #tools: PodTools;
  /** By container, with what grace time. */
  readonly #under = new Map<string, number>();

  constructor(tools: PodTools) {
    this.#tools = tools;
  }

  /** Resolves when the container has stopped and that is known; undefined when it is being stopped as quickly already. */
  begin(pod: Pod, kill: KillContainer, graceSeconds: number, podIP: string): Promise<void> | undefined {
    const { id } = kill.record;
    const before = this.#under.get(id);
    if (before !== undefined && before <= graceSeconds) return undefined;
    this.#under.set(id, graceSeconds);
    return this.#stop(pod, kill, graceSeconds, podIP, before === undefined);
  }

  async #stop(pod: Pod, kill: KillContainer, graceSeconds: number, podIP: string, first: boolean): Promise<void> {
    const { cache, runtime } = this.#tools;
    const { id } = kill.record;
    try {
      // A shorter grace comes on top: the hook ran already.
      await (first
        ? killContainer(pod, kill, graceSeconds, podIP, this.#tools)
        : runtime.stopContainer(id, graceSeconds));
      await cache.refresh(pod.metadata.uid);
    } catch (error) {
      this.#under.delete(id);
      throw error;
    }
  }
}

/** Of a container that ends while its pod lives on: a probe may have a grace time of its own, and where all begins anew there is none. */
export function graceOf(pod: Pod, { record, reason }: KillContainer): number {
  if (reason === "RestartAll") return 0;
  const container = containerOf(pod, record.name);
  const probes = { LivenessProbe: container?.livenessProbe, StartupProbe: container?.startupProbe };
  const own = reason in probes ? probes[reason as keyof typeof probes]?.terminationGracePeriodSeconds : undefined;
  return own ?? pod.spec.terminationGracePeriodSeconds ?? 30;
}
