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

/** By the lease of the server that leads. */
export function leaderCheck(client: Client, lease: { namespace: string; name: string }, clock: Clock): ComponentCheck {
  const ofLease = async () => {
    const { spec } = await client.get(leases, lease);
    if (!spec?.holderIdentity) return "no server leads";
    const ends = Date.parse(spec.renewTime ?? "") + (spec.leaseDurationSeconds ?? 0) * 1000;
    return ends > clock.now() ? undefined : `${spec.holderIdentity} leads, but has not renewed its lease`;
  };
  return () => ofLease().catch((error: unknown) => `its lease cannot be read: ${(error as Error).message}`);
}
