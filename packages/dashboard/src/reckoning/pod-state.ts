/** How a pod is, in one word, and whether somebody should look at it. */
import type { ContainerStatus, Pod } from "@kubets/api/generated/types/core-v1";
import { isStarting } from "./container-state.ts";

type PodState = Pick<Pod, "metadata" | "spec" | "status">;

/** The word that stands in the column STATUS of `kubectl get pods`. */
export function podWord({ metadata, spec, status }: PodState): string {
  if (metadata.deletionTimestamp) return "Terminating";
  const word = initWord(spec, status);
  if (word) return word;
  for (const { state } of (status.containerStatuses ?? []).toReversed()) {
    const reason = state.waiting?.reason || endWord(state.terminated);
    if (reason) return reason === "Completed" && status.phase === "Running" ? "Running" : reason;
  }
  return status.reason || status.phase || "Unknown";
}

/** Of the first init container that is not done yet. */
function initWord(spec: PodState["spec"], status: PodState["status"]): string | undefined {
  const all = spec.initContainers ?? [];
  for (const [at, { name, restartPolicy }] of all.entries()) {
    const found = status.initContainerStatuses?.find((each) => each.name === name);
    if (!found) continue;
    if (found.state.terminated?.exitCode === 0 || (restartPolicy === "Always" && found.started)) continue;
    const { waiting, terminated } = found.state;
    const reason = endWord(terminated) || (isStarting(waiting?.reason) ? "" : waiting?.reason);
    return `Init:${reason || `${at}/${all.length}`}`;
  }
  return undefined;
}

const endWord = (terminated: ContainerStatus["state"]["terminated"]): string =>
  terminated
    ? terminated.reason || (terminated.signal ? `Signal:${terminated.signal}` : `ExitCode:${terminated.exitCode}`)
    : "";

export interface Trouble {
  readonly reason: string;
  readonly message: string;
  /** It is none before this moment: much takes its time. */
  readonly from: number;
}

/** Pods may be pending, not ready or going for so long. */
const PATIENCE_MS = 60_000;

export function podTrouble(pod: PodState): Trouble | undefined {
  const { metadata, status } = pod;
  const { phase = "Unknown", conditions = [], reason = "", message = "" } = status;
  const patiently = (since: string | null | undefined) => Date.parse(since ?? "") + PATIENCE_MS || 0;
  if (metadata.deletionTimestamp)
    return { reason: "Terminating", message: waitsFor(metadata), from: patiently(metadata.deletionTimestamp) };
  if (phase === "Succeeded") return undefined;
  if (phase === "Failed" || phase === "Unknown") return { reason: reason || podWord(pod), message, from: 0 };
  const statuses = [...(status.initContainerStatuses ?? []), ...(status.containerStatuses ?? [])];
  const stuck = statuses.find(({ state }) => state.waiting && !isStarting(state.waiting.reason));
  if (stuck)
    return {
      reason: stuck.state.waiting?.reason ?? "",
      message: stuck.state.waiting?.message || ended(stuck),
      from: 0,
    };
  const condition = (type: string) => conditions.find((each) => each.type === type && each.status === "False");
  if (phase === "Pending") {
    const unplaced = condition("PodScheduled");
    return {
      reason: unplaced?.reason || "Pending",
      message: unplaced?.message ?? "",
      from: patiently(metadata.creationTimestamp),
    };
  }
  const unready = condition("Ready");
  return (
    unready && { reason: "Not ready", message: unready.message ?? "", from: patiently(unready.lastTransitionTime) }
  );
}

const waitsFor = ({ finalizers = [] }: { readonly finalizers?: readonly string[] }): string =>
  finalizers.length > 0 ? `waits for ${finalizers.join(", ")}` : "";

const ended = ({ lastState }: ContainerStatus): string =>
  lastState?.terminated ? `ended with ${lastState.terminated.exitCode} last time` : "";
