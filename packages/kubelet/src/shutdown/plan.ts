/** In which order, and with how much time, pods end when the machine shuts down: the least important first. Pure. */
import type { Pod } from "@kubets/api/generated/types/core-v1";
import type { FileConfig } from "../config-shape.ts";

export interface ShutdownStep {
  /** Pods of this priority and above, up to the next step's. */
  readonly priority: number;
  readonly seconds: number;
}

const SYSTEM_CRITICAL = 2_000_000_000;

type Settings = Pick<
  FileConfig,
  "shutdownGracePeriod" | "shutdownGracePeriodCriticalPods" | "shutdownGracePeriodByPodPriority"
>;

/** Empty when nothing is to be waited for. */
export function shutdownSteps(settings: Settings): ShutdownStep[] {
  const { shutdownGracePeriod: all, shutdownGracePeriodCriticalPods: critical } = settings;
  const steps = settings.shutdownGracePeriodByPodPriority.map(({ priority, shutdownGracePeriodSeconds: seconds }) => ({
    priority,
    seconds,
  }));
  if (steps.length === 0 && all > 0)
    steps.push(
      { priority: 0, seconds: Math.floor((all - critical) / 1000) },
      { priority: SYSTEM_CRITICAL, seconds: Math.floor(critical / 1000) },
    );
  return steps.sort((a, b) => a.priority - b.priority);
}

export const totalSeconds = (steps: readonly ShutdownStep[]): number =>
  steps.reduce((sum, { seconds }) => sum + seconds, 0);

/** The pods of each step; one below the lowest priority belongs to the first. */
export function podsByStep(
  steps: readonly ShutdownStep[],
  pods: readonly Pod[],
): { step: ShutdownStep; pods: Pod[] }[] {
  const groups = steps.map((step) => ({ step, pods: [] as Pod[] }));
  for (const pod of pods) {
    const priority = pod.spec.priority ?? 0;
    (groups.findLast(({ step }) => step.priority <= priority) ?? groups[0])?.pods.push(pod);
  }
  return groups.filter((group) => group.pods.length > 0);
}
