/** The containers of a pod, and how each of them does. Pure. */
import type { ContainerStatus, Pod } from "@kubets/api/generated/types/core-v1";
import type { KubeObject } from "./object.ts";

/** Of a pod as lists and watches tell it. */
export type SomePod = KubeObject & { readonly spec?: Partial<Pod["spec"]>; readonly status?: Partial<Pod["status"]> };

export interface ContainerName {
  readonly name: string;
  /** What it is besides an ordinary one. */
  readonly role: "" | "init" | "ephemeral";
}

/** The ordinary ones first. */
export function containersOf({ spec }: SomePod): ContainerName[] {
  const as = (role: ContainerName["role"], all: readonly { readonly name: string }[] = []) =>
    all.map(({ name }) => ({ name, role }));
  return [
    ...as("", spec?.containers),
    ...as("init", spec?.initContainers),
    ...as("ephemeral", spec?.ephemeralContainers),
  ];
}

/** Whether it is a container for debugging, whose own program has a terminal that one joins. */
export const hasOwnTerminal = ({ spec }: SomePod, container: string): boolean =>
  spec?.ephemeralContainers?.some(({ name, stdin, tty }) => name === container && stdin && tty) ?? false;

const DEFAULT = "kubectl.kubernetes.io/default-container";

/** Which one is meant where none is named. */
export function defaultContainer(pod: SomePod): string {
  const names = containersOf(pod).map(({ name }) => name);
  const wanted = pod.metadata.annotations?.[DEFAULT] ?? "";
  return names.includes(wanted) ? wanted : (names[0] ?? "");
}

export function statusOf({ status }: SomePod, container: string): ContainerStatus | undefined {
  const all = [
    ...(status?.containerStatuses ?? []),
    ...(status?.initContainerStatuses ?? []),
    ...(status?.ephemeralContainerStatuses ?? []),
  ];
  return all.find(({ name }) => name === container);
}

/** In words; empty while it runs. */
export function stateText(pod: SomePod, container: string): string {
  const { state } = statusOf(pod, container) ?? {};
  if (state?.running) return "";
  if (state?.terminated) {
    const { exitCode, reason, finishedAt } = state.terminated;
    return `ended with exit code ${exitCode}${reason ? ` (${reason})` : ""}${finishedAt ? ` at ${finishedAt}` : ""}`;
  }
  const { reason = "", message = "" } = state?.waiting ?? {};
  return `waits to start${reason && `: ${reason}`}${message && `, ${message}`}`;
}
