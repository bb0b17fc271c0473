/**
 * Of several servers one runs the control plane, and another takes over when it is gone: by the lease of the controller manager, as the original's do.
 * Holds: who loses the lease serves the API on and stands by again; one whose control plane has not ended by the time at which another may begin ends as a whole.
 */
import { hostname } from "node:os";
import type { ApiServer } from "@kubets/apiserver/api-server";
import { runLeaderElection } from "@kubets/client/leader-election";
import { ExitError, exitCode } from "@kubets/machinery/exit-codes";
import { clientAs } from "../control-plane/control-plane.ts";
import type { RunningControlPlane } from "./run-control-plane.ts";
import type { ServerParts } from "./run-server.ts";

const LEASE_MS = 15_000;
const RENEW_DEADLINE_MS = 10_000;

export function standBy(
  server: ApiServer,
  work: (leading: AbortSignal) => Promise<RunningControlPlane>,
  { clock, random, log: serverLog, signal }: ServerParts,
): RunningControlPlane {
  const log = serverLog.with({ component: "election" });
  const client = clientAs({ server, clock }, { name: "system:kube-controller-manager", groups: [] }, "leader-election");
  const identity = `${hostname()}_${random.uuid()}`;
  const lease = { namespace: "kube-system", name: "kube-controller-manager" };
  const timing = { leaseDurationMs: LEASE_MS, renewDeadlineMs: RENEW_DEADLINE_MS, releaseOnStop: true };
  const overdue = Promise.withResolvers<never>();
  const lead = async (leading: AbortSignal) => {
    const led = work(leading).then(({ ended }) => ended);
    leading.addEventListener("abort", () => {
      const timer = clock.after(LEASE_MS - RENEW_DEADLINE_MS, () => overdue.reject(tooLate()));
      const done = () => timer.cancel();
      void led.then(done, done);
    });
    await led;
  };
  const stand = async () => {
    const candidate = { client, clock, random, log, identity, ...lease, ...timing, signal, lead };
    while ((await runLeaderElection(candidate)) === "lost") log.info("standing by again");
  };
  return { ended: Promise.race([stand(), overdue.promise]) };
}

const tooLate = () =>
  new ExitError(
    exitCode.leaseLost,
    "another server runs the control plane now, and this one's did not end in time: start again to stand by",
  );
