/**
 * What happens to containers of a simulated runtime. Without a script containers run until they are stopped, images are there at once,
 * commands of hooks and probes succeed, and one that somebody runs says that nothing did.
 */
import type { ContainerConfig } from "../runtime.ts";

export interface SimulatedContainer {
  readonly podName: string;
  readonly podNamespace: string;
  readonly name: string;
  readonly attempt: number;
  readonly config: ContainerConfig;
}

export interface Course {
  /** Ends by itself after so long. */
  readonly exitAfterMs?: number;
  readonly exitCode?: number;
  readonly reason?: string;
  /** Ends so long after it was asked to; KILL at the end of the grace time. */
  readonly stopAfterMs?: number;
  /** 137 after KILL, else this. */
  readonly stopCode?: number;
  /** It cannot be started at all, for this reason. */
  readonly startError?: string;
  /** Lines of its log, each so long after the start. */
  readonly log?: readonly { readonly atMs: number; readonly text: string; readonly stderr?: boolean }[];
  /** Its last words. */
  readonly message?: string;
}

/** Of a command in a container. */
export interface SimulatedResult {
  readonly exitCode: number;
  readonly stdout?: string;
  readonly stderr?: string;
}

export interface SimulationScript {
  course?(container: SimulatedContainer): Course | undefined;
  /** A pull takes so long, or fails. Undefined: at once. */
  pull?(image: string): { readonly delayMs?: number; readonly error?: string; readonly size?: number } | undefined;
  exec?(container: SimulatedContainer, command: readonly string[]): SimulatedResult | undefined;
  /** Making a sandbox takes so long, or fails. */
  sandbox?(name: string): { readonly delayMs?: number; readonly error?: string } | undefined;
}
