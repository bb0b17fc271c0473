/**
 * The next steps of a pod's resize: it is asked of the node, noted, and put into effect in the containers that need not be made anew for it.
 * Holds: the pod's cgroup grows before its containers and shrinks after them; a limit of memory is never set below what is in use.
 */
import type { Pod, ResourceRequirements } from "@kubets/api/generated/types/core-v1";
import { parseQuantity } from "@kubets/machinery/quantity";
import { containerResources } from "../container-config/resources.ts";
import type { Verdict } from "../pod-workers/conditions.ts";
import { restarts } from "../pod-workers/restart-policy.ts";
import { type ContainerRecord, latest, type PodRuntimeState } from "../pod-workers/runtime-state.ts";
import type { PodTools } from "../pod-workers/tools.ts";
import { resizeText } from "./allotment.ts";
import type { Pending, PodResize } from "./pod-resize.ts";

interface ResizeStep {
  readonly resize: PodResize;
  readonly runtime: PodRuntimeState;
  readonly tools: PodTools;
  judge(pod: Pod): Pending | undefined;
}

/** Gives whether a step failed and is to be tried again. */
export async function advanceResize(step: ResizeStep): Promise<boolean> {
  const { resize, runtime, tools } = step;
  await resize.load();
  const begun = runtime.containers.length > 0;
  if (!begun) {
    // What does not run yet is simply begun with what it wants, unless it holds something of its own already.
    if (resize.isWanted && tools.resources.hasOwn(resize.pod.metadata.uid)) await ask(step);
    else if (resize.isWanted) resize.grant();
    resize.moving = false;
    if (runtime.sandboxes.length === 0) await resize.save();
    return false;
  }
  if (resize.isWanted) await ask(step);
  else resize.pending = undefined;
  if (!resize.moving) return false;
  await ensureCgroup(step);
  await apply(step);
  if (resize.error) return true;
  if (isSettled(step)) {
    resize.moving = false;
    await resize.save();
    tools.events.event(resize.wanted, "Normal", "ResizeCompleted", `Pod resize completed: ${resizeText(resize.pod)}`);
  }
  return false;
}

async function ask(step: ResizeStep): Promise<void> {
  const { resize, judge, tools } = step;
  const { wanted, pod } = resize;
  const before = resize.pending;
  const pending = infeasible(tools.resources.fixed(wanted, pod)) ?? judge(wanted) ?? (await take(step));
  if (!pending) {
    await resize.save();
    tools.events.event(wanted, "Normal", "ResizeStarted", `Pod resize started: ${resizeText(wanted)}`);
    return;
  }
  resize.pending = pending;
  if (before?.message === pending.message) return;
  const text = `Pod resize ${pending.cause}: ${resizeText(wanted, pending.message)}`;
  tools.events.event(wanted, "Warning", `Resize${pending.reason}`, text);
}

const ensureCgroup = ({ resize: { pod }, tools: { cgroups, resources } }: ResizeStep): Promise<void> =>
  cgroups.ensure(pod, resources.hasCpusAlone(pod.metadata.uid));

/** Others must not take the room meanwhile: it is given before it is known whether the CPUs and the memory of its own can be had. */
async function take({ resize, tools }: ResizeStep): Promise<Pending | undefined> {
  const { wanted, pod } = resize;
  const takeBack = resize.grant();
  const pending = infeasible(await tools.resources.resize(wanted, pod));
  if (pending) takeBack();
  return pending;
}

const infeasible = (message: string | undefined): Pending | undefined =>
  message === undefined ? undefined : { reason: "Infeasible", message, cause: "infeasible" };

async function apply(step: ResizeStep): Promise<void> {
  const { resize, runtime, tools } = step;
  const before = resize.error;
  resize.error = undefined;
  for (const { record, resources } of resize.outstanding(runtime.containers)) {
    const container = containerOf(resize.pod, record.name);
    if (!container || resize.needsRestart(container)) continue;
    try {
      await checkMemory(record, resources, tools);
      const changed = {
        ...containerResources(resize.pod, { ...container, resources }, tools.node.facts),
        ...tools.resources.quotaOf(resize.pod.metadata.uid, record.name),
      };
      await tools.runtime.updateResources(record.id, changed);
      resize.took(record.name, resources);
    } catch (error) {
      resize.error = (error as Error).message;
      if (resize.error !== before)
        tools.events.event(
          resize.wanted,
          "Warning",
          "ResizeError",
          `Pod resize error: ${resizeText(resize.wanted, resize.error)}`,
        );
    }
  }
  await ensureCgroup(step);
  await resize.save();
}

async function checkMemory({ id, name }: ContainerRecord, { limits }: ResourceRequirements, { runtime }: PodTools) {
  if (!limits?.memory) return;
  const limit = parseQuantity(limits.memory).value();
  const stats = (await runtime.containerStats()).find((each) => each.id === id);
  const used = stats?.memoryWorkingSetBytes ?? 0;
  if (used >= limit)
    throw new Error(
      `cannot decrease memory limits: attempting to set container "${name}" memory limit (${limit}) below current usage (${used})`,
    );
}

/** Whether all that goes on running has what it was given. */
function isSettled({ resize, runtime }: ResizeStep): boolean {
  const { pod } = resize;
  return runtime.containers.every((record) => {
    if (latest(runtime, record.name) !== record || !resize.differs(record.name)) return true;
    const container = containerOf(pod, record.name);
    return record.phase === "exited" && container !== undefined && !restarts(pod.spec, container, record.exitCode);
  });
}

const containerOf = ({ spec }: Pod, name: string) =>
  [...spec.containers, ...(spec.initContainers ?? [])].find((container) => container.name === name);

/** What the status says of a resize. */
export function resizeVerdicts({ pending, moving, error }: PodResize): Verdict[] {
  return [
    ...(pending
      ? [{ type: "PodResizePending", status: "True" as const, reason: pending.reason, message: pending.message }]
      : []),
    ...(moving
      ? [
          {
            type: "PodResizeInProgress",
            status: "True" as const,
            ...(error && { reason: "Error", message: error }),
          },
        ]
      : []),
  ];
}
