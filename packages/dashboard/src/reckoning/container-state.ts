/** In words what state a container is in, or was before. */
import type { ContainerState } from "@kubets/api/generated/types/core-v1";
import type { Tone } from "../parts/tone.ts";

export interface StateWords {
  readonly tone: Tone;
  readonly word: string;
  readonly message: string;
  /** Since when it has been so, or when it ended. */
  readonly since?: string | null | undefined;
  readonly ended?: string | null | undefined;
}

/** Reasons to wait that are no trouble. */
const STARTING = new Set(["", "ContainerCreating", "PodInitializing"]);
export const isStarting = (reason = ""): boolean => STARTING.has(reason);

/** Undefined where there was none. */
export function stateWords({ waiting, running, terminated }: ContainerState): StateWords | undefined {
  if (running) return { tone: "good", word: "Running", message: "", since: running.startedAt };
  if (terminated) {
    const { exitCode, signal, reason, message = "", finishedAt } = terminated;
    const how = signal ? `signal ${signal}` : `exit code ${exitCode}`;
    const word = `${reason || "Terminated"} (${how})`;
    return { tone: exitCode === 0 && !signal ? "good" : "bad", word, message, ended: finishedAt };
  }
  if (waiting) {
    const { reason, message = "" } = waiting;
    return { tone: isStarting(reason) ? "busy" : "bad", word: reason || "Waiting", message };
  }
  return undefined;
}
