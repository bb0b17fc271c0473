/** Devices that are made ready only when they are wanted somewhere: the pod is bound when their drivers have told that they are, and tried again if not. */
import { resourceclaims } from "@kubets/api/generated/refs";
import type { ResourceClaim } from "@kubets/api/generated/types/resource-v1";
import type { Handle } from "../../framework/handle.ts";
import { deviceId } from "./pools.ts";

export type Readiness = "ready" | "waiting" | { readonly failed: string };

export const hasConditions = ({ status }: ResourceClaim): boolean =>
  status?.allocation?.devices?.results?.some(({ bindingConditions }) => bindingConditions?.length) ?? false;

export function readiness({ metadata, status }: ResourceClaim): Readiness {
  for (const result of status?.allocation?.devices?.results ?? []) {
    const { bindingConditions = [], bindingFailureConditions = [] } = result;
    if (bindingConditions.length === 0) continue;
    const told = status.devices?.find((device) => deviceId(device) === deviceId(result));
    const isTrue = (name: string) => told?.conditions?.find(({ type, status: is }) => type === name && is === "True");
    for (const name of bindingFailureConditions) {
      const failed = isTrue(name);
      if (failed)
        return {
          failed: `claim ${metadata.name} binding failed: reason=${failed.reason}, message=${JSON.stringify(failed.message)}`,
        };
    }
    if (!bindingConditions.every(isTrue)) return "waiting";
  }
  return "ready";
}

/** Its devices have had their time, or failed: others have to be found. */
export function isSpent(claim: ResourceClaim, now: number, timeoutMs: number): boolean {
  if (!hasConditions(claim)) return false;
  const state = readiness(claim);
  const since = claim.status.allocation?.allocationTimestamp;
  return (
    typeof state === "object" || (state === "waiting" && since !== undefined && Date.parse(since) + timeoutMs < now)
  );
}

/** Resolves when all claims are ready. */
export function allReady(
  { cache, clock }: Pick<Handle, "cache" | "clock">,
  claims: readonly ResourceClaim[],
  timeoutMs: number,
  signal: AbortSignal,
): Promise<void> {
  return new Promise((resolve, reject) => {
    const left = new Set(claims.map(({ metadata }) => metadata.uid));
    const end = (settle: () => void) => {
      timer.cancel();
      signal.removeEventListener("abort", onAbort);
      queueMicrotask(() => subscription.stop());
      settle();
    };
    const fail = (message: string) => end(() => reject(new Error(message)));
    const onAbort = () => fail("the scheduler stops");
    const timer = clock.after(timeoutMs, () => fail("device binding timeout"));
    signal.addEventListener("abort", onAbort, { once: true });
    const look = (claim: ResourceClaim) => {
      if (!left.has(claim.metadata.uid)) return;
      const state = readiness(claim);
      if (typeof state === "object") fail(state.failed);
      else if (state === "ready" && claim.status?.allocation) left.delete(claim.metadata.uid);
      if (left.size === 0) end(resolve);
    };
    const subscription = cache.informer(resourceclaims).subscribe({
      added: look,
      changed: look,
      deleted: ({ metadata }) => {
        if (left.has(metadata.uid)) fail(`resourceclaim "${metadata.name}" is gone`);
      },
    });
  });
}
