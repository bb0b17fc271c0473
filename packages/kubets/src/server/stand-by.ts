/**
 * Of several servers one runs the control plane, and another takes over when it is gone: by the lease of the controller manager, as the original's do.
 * Where elections are coordinated, the API's servers choose which.
 * Holds: who loses the lease serves the API on; its control plane asks nothing more from then on, and once it has ended the server stands by again.
 */
import { hostname } from "node:os";
import type { ApiServer } from "@kubets/apiserver/api-server";
import { runLeaderElection } from "@kubets/client/leader-election";
import { clientAs } from "../control-plane/control-plane.ts";
import type { RunningControlPlane } from "./run-control-plane.ts";
import type { ServerParts } from "./run-server.ts";

/** Of the server that leads. */
export const LEADER_LEASE = { namespace: "kube-system", name: "kube-controller-manager" };

export function standBy(
  server: ApiServer,
  work: (leading: AbortSignal) => RunningControlPlane,
  { clock, random, log: serverLog, signal, coordinated = false }: ServerParts & { readonly coordinated?: boolean },
): Pick<RunningControlPlane, "ended"> {
  const log = serverLog.with({ component: "election" });
  const client = clientAs({ server, clock }, { name: "system:kube-controller-manager", groups: [] }, "leader-election");
  const identity = `${hostname()}_${random.uuid()}`;
  const lead = async (leading: AbortSignal) => {
    const { ready, ended } = work(leading);
    await Promise.race([ready, ended]).catch((error: unknown) => {
      if (!leading.aborted) throw error;
    });
    await ended;
  };
  const stand = async () => {
    const election = { client, clock, random, log, ...LEADER_LEASE, coordinated, signal };
    const candidate = { ...election, identity, releaseOnStop: true, lead };
    while ((await runLeaderElection(candidate)) === "lost") log.info("standing by again");
  };
  return { ended: stand() };
}
