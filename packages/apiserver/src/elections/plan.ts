/**
 * What comes next in the election for a lease: nothing, a wait, the question to candidates whether they live, or the choice of the best of those that do.
 * Holds: it follows from the lease and the candidates alone; nothing is remembered from step to step.
 */
import type { Lease, LeaseSpec } from "@kubets/api/generated/types/coordination-v1";
import type { LeaseCandidate } from "@kubets/api/generated/types/coordination-v1beta1";
import { compareSemvers, semverValue } from "@kubets/cel/cel";
import { TerminalError } from "@kubets/client/controller";
import { isAsked } from "@kubets/client/lease-candidate";
import { formatMicroTime, parseTime } from "@kubets/machinery/time";

export type ElectionStep =
  /** Until something changes. */
  | { readonly kind: "rest" }
  | { readonly kind: "wait" }
  | { readonly kind: "ask"; readonly candidates: readonly LeaseCandidate[] }
  | ({ readonly kind: "elect" } & Choice);

export interface Choice {
  readonly strategy: string;
  /** None where the strategy is somebody else's, who then names the leader. */
  readonly leader?: string;
}

const OLDEST = "OldestEmulationVersion";
/** So long a candidate has to answer, and so long its answer counts. */
export const ELECTION_MS = 5000;
/** So long a candidate that is silent is one. */
const CANDIDATE_MS = 30 * 60_000;
/** Until the leader has renewed it for the first time. */
const FIRST_LEASE_SECONDS = 5;

const REST: ElectionStep = { kind: "rest" };
const WAIT: ElectionStep = { kind: "wait" };

export const isGone = ({ spec }: LeaseCandidate, now: number): boolean => !isWithin(spec.renewTime, CANDIDATE_MS, now);

/** `all`: those for this lease. Throws a TerminalError when they do not agree how to choose. */
export function planElection(lease: Lease | undefined, all: readonly LeaseCandidate[], now: number): ElectionStep {
  const candidates = all.filter((each) => !isGone(each, now));
  if (candidates.length === 0) return REST;
  if (!isNeeded(lease, candidates, now)) return WAIT;

  const answered = candidates.filter(({ spec }) => isWithin(spec.renewTime, ELECTION_MS, now));
  const unasked = candidates.filter((each) => !answered.includes(each) && !isAsked(each));
  if (unasked.length) return { kind: "ask", candidates: unasked };
  if (candidates.some((each) => isAsked(each) && isWithin(each.spec.pingTime, ELECTION_MS, now))) return WAIT;
  if (answered.length === 0) return REST;

  const strategy = strategyOf(answered);
  const leader = strategy === OLDEST ? oldest(answered)?.metadata.name : undefined;
  return { kind: "elect", strategy, ...(leader && { leader }) };
}

/** What the lease says after the choice: who leads is told that another is preferred, and a lease that nobody holds is given at once. */
export function electedSpec(lease: Lease | undefined, { strategy, leader }: Choice, now: number): LeaseSpec {
  const { holderIdentity, preferredHolder: _preferred, acquireTime: _acquired, ...rest } = lease?.spec ?? {};
  if (lease && !leader) return { ...lease.spec, strategy };
  if (lease && holderIdentity && !isOver(lease, now))
    return { ...lease.spec, strategy, ...(leader && holderIdentity !== leader && { preferredHolder: leader }) };
  const given = { leaseDurationSeconds: FIRST_LEASE_SECONDS, renewTime: formatMicroTime(now) };
  return { ...rest, strategy, ...given, ...(leader && { holderIdentity: leader }) };
}

function isNeeded(lease: Lease | undefined, candidates: readonly LeaseCandidate[], now: number): boolean {
  if (!lease?.spec?.holderIdentity || isOver(lease, now)) return true;
  // All are asked now and then, before they would count as gone.
  if (candidates.some(({ spec }) => !isWithin(spec.renewTime, CANDIDATE_MS / 2, now))) return true;
  if (strategyOf(candidates) !== OLDEST) return false;
  const best = oldest(candidates)?.metadata.name;
  return best !== undefined && best !== lease.spec.holderIdentity;
}

/** As the newest binaries would have it. */
function strategyOf(candidates: readonly LeaseCandidate[]): string {
  const [first, ...others] = candidates.toSorted((a, b) => compareVersions(b.spec.binaryVersion, a.spec.binaryVersion));
  const { strategy = "", binaryVersion } = first?.spec ?? {};
  const other = others.find(({ spec }) => spec.strategy !== strategy);
  if (first && other && compareVersions(other.spec.binaryVersion, binaryVersion) === 0)
    throw new TerminalError(
      `candidates "${first.metadata.name}", "${other.metadata.name}" at same binary version but received differing strategies ${strategy}, ${other.spec.strategy}`,
    );
  return strategy;
}

/** By the version that it behaves as, then its own; of two alike the one that came first. */
function oldest(candidates: readonly LeaseCandidate[]): LeaseCandidate | undefined {
  return candidates
    .filter(({ spec }) => semverValue(spec.emulationVersion ?? "") && semverValue(spec.binaryVersion))
    .toSorted(
      (a, b) =>
        compareVersions(a.spec.emulationVersion, b.spec.emulationVersion) ||
        compareVersions(a.spec.binaryVersion, b.spec.binaryVersion) ||
        parseTime(a.metadata.creationTimestamp) - parseTime(b.metadata.creationTimestamp),
    )[0];
}

/** What is no version stands below all that are. */
function compareVersions(a = "", b = ""): number {
  const [x, y] = [semverValue(a), semverValue(b)];
  return x && y ? compareSemvers(x, y) : Number(Boolean(x)) - Number(Boolean(y));
}

const isOver = ({ spec }: Lease, now: number): boolean =>
  !isWithin(spec.renewTime, (spec.leaseDurationSeconds ?? 0) * 1000, now);

const isWithin = (time: string | undefined, forMs: number, now: number): boolean =>
  time !== undefined && parseTime(time) + forMs >= now;
