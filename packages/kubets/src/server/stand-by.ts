/** Of several servers one runs the control plane, and another takes over when it is gone: by the lease of the controller manager, as the original's do. */
import { hostname } from "node:os";
import type { ApiServer } from "@kubets/apiserver/api-server";
import { runLeaderElection } from "@kubets/client/leader-election";
import { ExitError, exitCode } from "@kubets/machinery/exit-codes";
import { clientAs } from "../control-plane/control-plane.ts";
import type { RunningControlPlane } from "./run-control-plane.ts";
import type { ServerParts } from "./run-server.ts";

export function standBy(
  server: ApiServer,
  work: (leading: AbortSignal) => Promise<RunningControlPlane>,
  { clock, random, log: serverLog, signal }: ServerParts,
): RunningControlPlane {
  const log = serverLog.with({ component: "election" });
  const client = clientAs({ server, clock }, { name: "system:kube-controller-manager", groups: [] }, "leader-election");
  const identity = `${hostname()}_${random.uuid()}`;
  const candidate = { client, clock, random, log, identity, namespace: "kube-system", name: "kube-controller-manager" };
  const lead = async (leading: AbortSignal) => (await work(leading)).ended;
  const stand = async () => {
    const outcome = await runLeaderElection({ ...candidate, signal, releaseOnStop: true, lead });
    if (outcome === "lost")
      throw new ExitError(exitCode.leaseLost, "another server runs the control plane now: start again to stand by");
  };
  return { ended: stand() };
}
