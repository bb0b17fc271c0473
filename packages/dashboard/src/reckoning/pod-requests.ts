/**
 * What a pod holds of its node, as the scheduler counts it: its containers together with its sidecars, or what an init container needs beside the
 * sidecars before it, if that is more; what is set for the pod as a whole stands above both, overhead comes on top.
 */
import type { Container, PodSpec } from "@kubets/api/generated/types/core-v1";
import { amountOf, sum } from "./amounts.ts";

export function podRequest(spec: PodSpec, resource: string): number {
  const overhead = amountOf(spec.overhead?.[resource]);
  const whole = spec.resources?.requests?.[resource];
  if (whole !== undefined) return amountOf(whole) + overhead;
  const need = ({ resources }: Container) => amountOf(resources?.requests?.[resource]);
  let sidecars = 0;
  let most = 0;
  for (const container of spec.initContainers ?? []) {
    if (container.restartPolicy === "Always") sidecars += need(container);
    most = Math.max(most, sidecars + (container.restartPolicy === "Always" ? 0 : need(container)));
  }
  return Math.max(most, sum(spec.containers.map(need)) + sidecars) + overhead;
}

/** How much its containers may take together; undefined where one of them may take any amount. */
export function podLimit(spec: PodSpec, resource: string): number | undefined {
  const whole = spec.resources?.limits?.[resource];
  if (whole !== undefined) return amountOf(whole);
  const sidecars = (spec.initContainers ?? []).filter(({ restartPolicy }) => restartPolicy === "Always");
  const limits = [...spec.containers, ...sidecars].map(({ resources }) => resources?.limits?.[resource]);
  return limits.includes(undefined) ? undefined : sum(limits.map(amountOf));
}

/** Pods that have ended hold nothing. */
export const holdsResources = (phase: string | undefined): boolean => phase !== "Succeeded" && phase !== "Failed";
