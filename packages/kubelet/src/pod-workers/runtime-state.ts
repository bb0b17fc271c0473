/** What the runtime holds of one pod, read into one shape: sandboxes and containers, the newest first. */
import * as labels from "../runtime/names.ts";
import type { Runtime, RuntimeContainer, RuntimeContainerStatus, Sandbox, SandboxStatus } from "../runtime/runtime.ts";
import { isRuntimeError } from "../runtime/runtime.ts";

export interface ContainerRecord extends RuntimeContainerStatus {
  readonly name: string;
  readonly sandboxId: string;
  /** How often it was started before. */
  readonly attempt: number;
  readonly hash: string;
}

/** What is told of a container when it is made, or listed. */
export type MadeContainer = Pick<RuntimeContainer, "id" | "sandboxId" | "labels" | "annotations">;

export interface PodRuntimeState {
  readonly sandboxes: readonly SandboxStatus[];
  readonly containers: readonly ContainerRecord[];
}

export const noRuntimeState: PodRuntimeState = { sandboxes: [], containers: [] };

/** Reads what changed anew and takes the rest from what was known: that an ended container ended does not change. */
export async function readPodState(
  runtime: Runtime,
  sandboxes: readonly Sandbox[],
  containers: readonly RuntimeContainer[],
  known: PodRuntimeState,
): Promise<PodRuntimeState> {
  const [read, records] = await Promise.all([
    Promise.all(sandboxes.map((sandbox) => readSandbox(runtime, sandbox, known))),
    Promise.all(containers.map((container) => readContainer(runtime, container, known))),
  ]);
  return {
    sandboxes: newestFirst(read.filter((each) => each !== undefined)),
    containers: newestFirst(records.filter((each) => each !== undefined)),
  };
}

export const newestFirst = <T extends { readonly createdAt: number; readonly attempt: number }>(all: readonly T[]) =>
  all.toSorted((a, b) => b.createdAt - a.createdAt || b.attempt - a.attempt);

async function readSandbox(
  runtime: Runtime,
  sandbox: Sandbox,
  known: PodRuntimeState,
): Promise<SandboxStatus | undefined> {
  const before = known.sandboxes.find(({ id }) => id === sandbox.id);
  if (before && before.ready === sandbox.ready) return before;
  // A sandbox that has ended has no addresses any more; the last ones are still of interest.
  if (!sandbox.ready) return { ...sandbox, ips: before?.ips ?? [] };
  return await runtime.sandboxStatus(sandbox.id).catch(unlessGone);
}

async function readContainer(
  runtime: Runtime,
  container: RuntimeContainer,
  known: PodRuntimeState,
): Promise<ContainerRecord | undefined> {
  const before = known.containers.find(({ id }) => id === container.id);
  if (before && before.phase === container.phase) return before;
  const status = await runtime.containerStatus(container.id).catch(unlessGone);
  return status && recordOf(status, container);
}

/** The CRI's status may leave out what the list tells. */
export const recordOf = (status: RuntimeContainerStatus, listed: MadeContainer): ContainerRecord => ({
  ...status,
  labels: listed.labels,
  annotations: listed.annotations,
  sandboxId: listed.sandboxId,
  name: listed.labels[labels.CONTAINER_NAME] ?? "",
  attempt: Number(listed.annotations[labels.RESTART_COUNT] ?? 0),
  hash: listed.annotations[labels.CONTAINER_HASH] ?? "",
});

function unlessGone(error: unknown): undefined {
  if (isRuntimeError(error, "NotFound")) return undefined;
  throw error;
}

/** The newest sandbox when pods can live in it. */
export const liveSandbox = (state: PodRuntimeState, hostNetwork: boolean): SandboxStatus | undefined => {
  const newest = state.sandboxes[0];
  return newest?.ready && (hostNetwork || newest.ips.length > 0) ? newest : undefined;
};

export const latest = (state: PodRuntimeState, name: string): ContainerRecord | undefined =>
  state.containers.find((container) => container.name === name);

export const isRunning = ({ phase }: ContainerRecord): boolean => phase === "running";
