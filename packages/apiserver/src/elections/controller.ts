/**
 * Chooses who leads where candidates leave that to the API server (gate CoordinatedLeaderElection): the one of the oldest emulated version, so that a
 * cluster in the middle of an upgrade behaves as the version it comes from.
 * Owns: who holds the leases that LeaseCandidates name. Watches: Leases, LeaseCandidates.
 */
import { leasecandidates, leases } from "@kubets/api/generated/refs";
import type { Client } from "@kubets/client/client";
import { type Controller, on, onRelated } from "@kubets/client/controller";
import { splitKey } from "@kubets/client/informer";
import { isAsked } from "@kubets/client/lease-candidate";
import { deepEqual, isReason } from "@kubets/machinery";
import { formatMicroTime } from "@kubets/machinery/time";
import { type Choice, ELECTION_MS, electedSpec, planElection } from "./plan.ts";

const AGAIN = { requeueAfterMs: ELECTION_MS };

export const elections: Controller = {
  name: "leader-election",
  watches: [
    on(leases),
    // Who is asked just now is waited for already.
    onRelated(leasecandidates, (candidate) =>
      isAsked(candidate) ? [] : [`${candidate.metadata.namespace}/${candidate.spec.leaseName}`],
    ),
  ],
  async reconcile(key, { cache, client, clock }) {
    const { namespace, name } = splitKey(key);
    const candidates = cache.list(leasecandidates, namespace).filter(({ spec }) => spec.leaseName === name);
    const step = planElection(cache.get(leases, key), candidates, clock.now());
    if (step.kind === "rest") return;
    if (step.kind === "ask") {
      const pingTime = formatMicroTime(clock.now());
      for (const candidate of step.candidates)
        await client.update(leasecandidates, { ...candidate, spec: { ...candidate.spec, pingTime } });
    }
    if (step.kind === "elect") await elect(client, { namespace, name }, step, clock.now());
    return AGAIN;
  },
};

async function elect(
  client: Client,
  key: { readonly namespace: string; readonly name: string },
  choice: Choice,
  now: number,
): Promise<void> {
  const lease = await client.get(leases, key).catch((error: unknown) => {
    if (isReason(error, "NotFound")) return undefined;
    throw error;
  });
  const spec = electedSpec(lease, choice, now);
  if (!lease) await client.create(leases, { metadata: key, spec });
  else if (!deepEqual(spec, lease.spec)) await client.update(leases, { ...lease, spec });
}
