/** Of several API servers one holds elections, by a lease of its own; it also removes the candidates that have been silent for long. */
import { randomUUID } from "node:crypto";
import { leasecandidates } from "@kubets/api/generated/refs";
import type { ResourceRef } from "@kubets/api/resource-ref";
import type { Client } from "@kubets/client/client";
import { createEventRecorder } from "@kubets/client/cluster-event-recorder";
import { runControllers } from "@kubets/client/controller-runner";
import { SharedInformers } from "@kubets/client/informer/shared-informers";
import { runLeaderElection } from "@kubets/client/leader-election";
import { COORDINATED } from "@kubets/client/lease-candidate";
import { type Clock, isReason, type Logger, type Random, sleep } from "@kubets/machinery";
import { elections } from "./controller.ts";
import { isGone } from "./plan.ts";

interface Parts {
  readonly client: Client;
  readonly clock: Clock;
  readonly random: Random;
  readonly log: Logger;
  readonly signal: AbortSignal;
}

const CLEAN_MS = 30 * 60_000;

/** The gate alone is not enough: candidates are of a version that is served when it is asked for. */
export const holdsElections = (resources: readonly ResourceRef[], featureEnabled: (gate: string) => boolean): boolean =>
  featureEnabled(COORDINATED) &&
  resources.some(
    ({ resource, version }) => resource === leasecandidates.resource && version === leasecandidates.version,
  );

/** Ends with the signal. */
export async function runElections(parts: Parts, hostname: string): Promise<void> {
  const lead = async (leading: AbortSignal) => {
    const term = { ...parts, signal: AbortSignal.any([parts.signal, leading]) };
    const events = createEventRecorder({ ...term, component: "leader-election" });
    const { stopped } = runControllers([elections], { ...term, cache: new SharedInformers(term), events });
    await Promise.all([stopped, removeGone(term)]);
  };
  const lease = { namespace: "kube-system", name: "leader-election-controller" };
  const candidate = { ...parts, ...lease, identity: `${hostname}_${randomUUID()}`, lead };
  while ((await runLeaderElection(candidate)) === "lost") parts.log.info("another server holds the elections now");
}

async function removeGone({ client, clock, log, signal }: Parts): Promise<void> {
  while (!signal.aborted) {
    try {
      for (const candidate of (await client.list(leasecandidates)).items) {
        if (!isGone(candidate, clock.now())) continue;
        const { namespace, name, uid, resourceVersion } = candidate.metadata;
        const preconditions = { uid, resourceVersion };
        await client.delete(leasecandidates, { namespace, name }, { preconditions }).catch(unlessChanged);
      }
    } catch (error) {
      if (!signal.aborted) log.warn("silent candidates could not be removed", { error });
    }
    await sleep(clock, CLEAN_MS, signal).catch(() => {});
  }
}

function unlessChanged(error: unknown): void {
  if (!isReason(error, "NotFound") && !isReason(error, "Conflict")) throw error;
}
