/** Ends a container: preStop hook, then the stop signal, then KILL when the grace time is over. */
import type { Container, LifecycleHandler, Pod } from "@kubets/api/generated/types/core-v1";
import { sleep } from "@kubets/machinery";
import { runHook } from "../hooks/lifecycle.ts";
import { PRE_STOP_HANDLER } from "../runtime/names.ts";
import { fieldPathOf } from "./about.ts";
import type { KillContainer } from "./plan.ts";
import type { ContainerRecord } from "./runtime-state.ts";
import type { PodTools } from "./tools.ts";

/** What is left at least when the hook took all the time. */
const LEAST_GRACE_SECONDS = 2;

export async function killContainer(
  pod: Pod,
  { record, message }: KillContainer,
  graceSeconds: number,
  podIP: string,
  tools: PodTools,
): Promise<void> {
  const about = fieldPathOf(pod, record.name);
  tools.events.event(about, "Normal", "Killing", message);
  let left = graceSeconds;
  const hook = hookOf(pod, record);
  if (hook && graceSeconds > 0) {
    const begun = tools.clock.monotonic();
    const container = containerOf(pod, record.name) ?? ({ name: record.name, resources: {} } as Container);
    const timeoutMs = graceSeconds * 1000;
    const stop = new AbortController();
    try {
      const target = { container, containerId: record.id, podIP, timeoutMs };
      const inTime = sleep(tools.clock, timeoutMs, stop.signal).catch(() => {});
      await Promise.race([runHook(hook, target, tools), inTime]);
    } catch (error) {
      tools.log.info("a preStop hook failed", { pod: pod.metadata.name, container: record.name, error });
      tools.events.event(about, "Warning", "FailedPreStopHook", "PreStopHook failed");
    } finally {
      stop.abort();
    }
    left -= Math.floor((tools.clock.monotonic() - begun) / 1000);
    left = Math.max(left, LEAST_GRACE_SECONDS);
  }
  await tools.runtime.stopContainer(record.id, left);
}

const containerOf = ({ spec }: Pod, name: string): Container | undefined =>
  [...spec.containers, ...(spec.initContainers ?? [])].find((container) => container.name === name);

/** Of the spec; for a pod that is known by its containers alone, what they carry. */
function hookOf(pod: Pod, record: ContainerRecord): LifecycleHandler | undefined {
  const container = containerOf(pod, record.name);
  if (container) return container.lifecycle?.preStop;
  const kept = record.annotations[PRE_STOP_HANDLER];
  return kept ? (JSON.parse(kept) as LifecycleHandler) : undefined;
}
