/** How the controllers and the scheduler of a cluster do, for component statuses: those of this process, or of whichever server leads. */
import { leases } from "@kubets/api/generated/refs";
import type { ComponentCheck } from "@kubets/apiserver/component-statuses";
import type { Client } from "@kubets/client/client";
import type { Clock } from "@kubets/machinery";

/** Wrong until the promise is kept. A part that fails later ends the process, and its status with it. */
export function startedCheck(started: Promise<unknown>): ComponentCheck {
  let wrong: string | undefined = "it has not started yet";
  started.then(
    () => (wrong = undefined),
    () => {},
  );
  return () => wrong;
}

/** By whether the lease of the server that leads still changes: its times are of another machine's clock. What is new to this check was renewed now. */
export function leaderCheck(client: Client, lease: { namespace: string; name: string }, clock: Clock): ComponentCheck {
  let seen: { readonly version: string; readonly at: number } | undefined;
  const ofLease = async () => {
    const { metadata, spec } = await client.get(leases, lease);
    if (!spec?.holderIdentity) return "no server leads";
    if (seen?.version !== metadata.resourceVersion) seen = { version: metadata.resourceVersion, at: clock.monotonic() };
    const silentMs = clock.monotonic() - seen.at;
    if (silentMs < (spec.leaseDurationSeconds ?? 0) * 1000) return undefined;
    return `${spec.holderIdentity} leads, but has not renewed its lease`;
  };
  return () => ofLease().catch((error: unknown) => `its lease cannot be read: ${(error as Error).message}`);
}
