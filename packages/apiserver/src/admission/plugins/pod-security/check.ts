/**
 * One demand of the Pod Security Standards on a pod: baseline keeps out known ways to the node, restricted follows today's hardening. A check is
 * pure, and knows since which release it demands what.
 */
import type { Container, EphemeralContainer, PodSpec } from "@kubets/api/generated/types/core-v1";

export interface PodUnderCheck {
  readonly annotations: Readonly<Record<string, string>>;
  readonly spec: PodSpec;
  /** In the order of messages: init containers, containers, ephemeral ones. */
  readonly containers: readonly (Container | EphemeralContainer)[];
}

export interface Violation {
  readonly reason: string;
  readonly detail: string;
}

export interface Check {
  readonly id: string;
  readonly level: "baseline" | "restricted";
  /** The minor version from which on it is asked. */
  readonly since: number;
  /** The baseline check that this one stands in for. */
  readonly overrides?: string;
  /** `minor` is the version of the standards that the namespace wants. */
  check(pod: PodUnderCheck, minor: number): Violation | undefined;
}

export function podUnderCheck(spec: PodSpec, annotations: Readonly<Record<string, string>> | undefined): PodUnderCheck {
  return {
    spec,
    annotations: annotations ?? {},
    containers: [...(spec.initContainers ?? []), ...spec.containers, ...(spec.ephemeralContainers ?? [])],
  };
}

export const plural = (one: string, many: string, count: number): string => (count === 1 ? one : many);
export const quoted = (values: readonly string[]): string => values.map((v) => JSON.stringify(v)).join(", ");
export const sortedSet = (values: Iterable<string>): string[] => [...new Set(values)].sort();

/** `container "a"`, `containers "a", "b"`. */
export const named = (containers: readonly { readonly name: string }[]): string =>
  `${plural("container", "containers", containers.length)} ${quoted(containers.map((c) => c.name))}`;

/** Who set something: the pod, some containers, or both. */
export const setters = (pod: boolean, containers: readonly { readonly name: string }[]): string =>
  [...(pod ? ["pod"] : []), ...(containers.length ? [named(containers)] : [])].join(" and ");

/** From 1.25 on what only Linux has is not asked of pods for Windows. */
export const isWindows = ({ spec }: PodUnderCheck, minor: number): boolean =>
  minor >= 25 && spec.os?.name === "windows";

/** From 1.35 on root inside a user namespace of its own is nobody outside. */
export const isInUserNamespace = ({ spec }: PodUnderCheck, minor: number): boolean =>
  minor >= 35 && spec.hostUsers === false;
