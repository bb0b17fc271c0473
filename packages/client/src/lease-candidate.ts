/**
 * Puts one forward for a lease whose holder the API server chooses (gate CoordinatedLeaderElection): by a LeaseCandidate of its name, which it renews
 * now and then, and at once when it is asked whether it lives.
 * Holds: never rejects; ends with the signal. The object stays: it counts for half an hour.
 */
import { leasecandidates } from "@kubets/api/generated/refs";
import type { LeaseCandidate } from "@kubets/api/generated/types/coordination-v1beta1";
import type { Clock, Logger, Random } from "@kubets/machinery";
import { RELEASE } from "@kubets/machinery/release";
import { formatMicroTime, parseTime } from "@kubets/machinery/time";
import { WorkQueue } from "@kubets/machinery/work-queue";
import type { Client } from "./client.ts";
import { SharedInformer } from "./informer/shared-informers.ts";
import { keyOf } from "./informer.ts";

/** The gate of these elections. */
export const COORDINATED = "CoordinatedLeaderElection";

export interface CandidateOptions {
  readonly client: Client;
  readonly clock: Clock;
  readonly random: Random;
  readonly log: Logger;
  readonly namespace: string;
  /** The identity under which it would hold the lease. */
  readonly name: string;
  readonly leaseName: string;
  readonly signal: AbortSignal;
}

const RENEW_MS = 5 * 60_000;

/** Whether it has been asked, and has not answered yet. */
export function isAsked({ spec: { pingTime, renewTime } }: LeaseCandidate): boolean {
  return pingTime !== undefined && (renewTime === undefined || parseTime(renewTime) < parseTime(pingTime));
}

export async function putForward(options: CandidateOptions): Promise<void> {
  const { clock, log, namespace, name, signal } = options;
  const own = new SharedInformer(leasecandidates, { namespace, fieldSelector: `metadata.name=${name}` }, options);
  const key = keyOf({ metadata: { namespace, name } });
  const queue = new WorkQueue<string>(clock);
  own.subscribe({ changed: (candidate) => void (isAsked(candidate) && queue.add(key)) });
  void own.synced.then(() => queue.add(key));
  signal.addEventListener("abort", () => queue.shutDown(), { once: true });
  while (!signal.aborted && (await queue.take())) {
    try {
      await renew(options, own.get(key));
      queue.forget(key);
      queue.addAfter(key, RENEW_MS);
    } catch (error) {
      if (!signal.aborted) log.warn("could not stand as a candidate", { lease: options.leaseName, error });
      queue.addRateLimited(key);
    }
    queue.done(key);
  }
}

async function renew(
  { client, clock, namespace, name, leaseName, signal }: CandidateOptions,
  known: LeaseCandidate | undefined,
): Promise<void> {
  const renewTime = formatMicroTime(clock.now());
  const versions = {
    binaryVersion: `${RELEASE}.0`,
    emulationVersion: `${RELEASE}.0`,
    strategy: "OldestEmulationVersion",
  };
  await (known
    ? client.update(leasecandidates, { ...known, spec: { ...known.spec, renewTime } }, { signal })
    : client.create(
        leasecandidates,
        { metadata: { namespace, name }, spec: { leaseName, ...versions, renewTime } },
        { signal },
      ));
}
