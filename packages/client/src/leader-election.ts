/**
 * One of several leads, by a Lease that it renews.
 * Holds: whether another's lease is over is judged by how long it has not changed on one's own monotonic clock, never by the times
 * written in it, so clocks may differ; who could not renew within the deadline stops leading before the others may take over,
 * as the deadline is shorter than the lease. `lead` is told to stop by its signal, and must then do nothing more.
 * Where the election is coordinated the API server gives the lease to one of the candidates; who holds it only renews it, and gives it up when another
 * is preferred.
 */
import { leases } from "@kubets/api/generated/refs";
import type { Lease, LeaseSpec } from "@kubets/api/generated/types/coordination-v1";
import { type Clock, isReason, type Logger, type Random, sleep } from "@kubets/machinery";
import { formatMicroTime } from "@kubets/machinery/time";
import type { Client } from "./client.ts";
import type { EventRecorder } from "./event-recorder.ts";
import { putForward } from "./lease-candidate.ts";

export interface LeaderElectionOptions {
  readonly client: Client;
  readonly clock: Clock;
  readonly random: Random;
  readonly log: Logger;
  readonly events?: EventRecorder;
  readonly namespace: string;
  readonly name: string;
  /** Unique among the candidates: "<host>_<uuid>". */
  readonly identity: string;
  readonly leaseDurationMs?: number;
  readonly renewDeadlineMs?: number;
  readonly retryPeriodMs?: number;
  /** Give the lease up at the end, so that another need not wait. Only for who has then truly stopped. */
  readonly releaseOnStop?: boolean;
  /** The API server chooses who leads; one stands as a candidate, and takes nothing by oneself. */
  readonly coordinated?: boolean;
  /** Ends the election, and the leading. */
  readonly signal: AbortSignal;
  /** Does the leader's work until its signal; runs once. */
  lead(signal: AbortSignal): Promise<void> | void;
  /** Told of each leader that is seen, oneself too. */
  newLeader?(identity: string): void;
}

/** What chance adds to the waits of those who want to lead, so that they do not all try at once. */
const JITTER = 1.2;

/**
 * Waits until it leads, leads, and resolves when that has ended: by the signal, or because the lease was lost (then it tells "lost").
 * Who loses the lease is expected to end its process, or to call again.
 */
export function runLeaderElection(options: LeaderElectionOptions): Promise<"stopped" | "lost"> {
  const { leaseDurationMs = 15_000, renewDeadlineMs = 10_000, retryPeriodMs = 2000 } = options;
  if (leaseDurationMs <= renewDeadlineMs) throw new RangeError("leaseDuration must be greater than renewDeadline");
  if (renewDeadlineMs <= retryPeriodMs * JITTER)
    throw new RangeError("renewDeadline must be greater than retryPeriod*JitterFactor");
  const filled = { ...options, leaseDurationMs, renewDeadlineMs, retryPeriodMs };
  return options.coordinated ? runAsCandidate(filled) : new Election(filled).run();
}

async function runAsCandidate(options: Filled): Promise<"stopped" | "lost"> {
  const over = new AbortController();
  const signal = AbortSignal.any([options.signal, over.signal]);
  const standing = putForward({ ...options, name: options.identity, leaseName: options.name, signal });
  try {
    return await new Election(options).run();
  } finally {
    over.abort();
    await standing;
  }
}

type Filled = LeaderElectionOptions &
  Required<Pick<LeaderElectionOptions, "leaseDurationMs" | "renewDeadlineMs" | "retryPeriodMs">>;

class Election {
  readonly #options: Filled;
  #observed: Lease | undefined;
  /** When the lease was last seen to change, on the monotonic clock. */
  #observedAt = 0;
  #toldLeader: string | undefined;

  constructor(options: Filled) {
    this.#options = options;
  }

  async run(): Promise<"stopped" | "lost"> {
    const { signal, log, events, identity, name } = this.#options;
    if (!(await this.#acquire())) return "stopped";
    log.info("became leader", { lease: name, identity });
    if (this.#observed) events?.event(this.#observed, "Normal", "LeaderElection", `${identity} became leader`);

    const leading = new AbortController();
    const work = Promise.resolve(this.#options.lead(leading.signal));
    const worked = work.then(
      () => "stopped" as const,
      (error: unknown) => ({ error }),
    );
    const ended = await Promise.race([worked, this.#renew(leading.signal)]);
    leading.abort(new Error("no longer the leader"));
    const outcome = await worked;
    const gone = ended === "lost" || ended === "outvoted";
    if (ended === "lost") log.error("lost the lease", { lease: name, identity });
    else if (ended === "outvoted") log.info("another is preferred as leader", { lease: name, identity });
    if (ended !== "lost" && this.#options.releaseOnStop) await this.#release();
    if (outcome !== "stopped" && !signal.aborted && !gone) throw outcome.error;
    return gone ? "lost" : "stopped";
  }

  async #acquire(): Promise<boolean> {
    const { clock, random, retryPeriodMs, signal } = this.#options;
    while (!signal.aborted) {
      if (await this.#tryOnce(retryPeriodMs * 5)) return true;
      await sleep(clock, retryPeriodMs * (1 + JITTER * random.float()), signal).catch(() => {});
    }
    return false;
  }

  /** Renews until the end; "lost" when it did not succeed for so long as the deadline, "outvoted" when the API server would have another lead. */
  async #renew(leading: AbortSignal): Promise<"stopped" | "lost" | "outvoted"> {
    const { clock, retryPeriodMs, renewDeadlineMs, signal } = this.#options;
    const stop = AbortSignal.any([signal, leading]);
    let renewed = clock.monotonic();
    for (;;) {
      const untilLostMs = renewed + renewDeadlineMs - clock.monotonic();
      await sleep(clock, Math.min(retryPeriodMs, untilLostMs), stop).catch(() => {});
      if (stop.aborted) return "stopped";
      const began = clock.monotonic();
      const leftMs = renewed + renewDeadlineMs - began;
      if (leftMs > 0 && (await this.#tryOnce(leftMs))) renewed = began;
      else if (clock.monotonic() - renewed >= renewDeadlineMs) return stop.aborted ? "stopped" : "lost";
      else if (this.#observed?.spec.holderIdentity !== this.#options.identity) return "lost";
      else if (this.#isOutvoted(this.#observed)) return "outvoted";
    }
  }

  /** Takes or renews the lease if it may, within the time. Never throws. */
  async #tryOnce(withinMs: number): Promise<boolean> {
    const { clock, log, signal, name } = this.#options;
    const late = new AbortController();
    const timer = clock.after(withinMs, () => late.abort(new Error(`no answer within ${withinMs} ms`)));
    const given = AbortSignal.any([signal, late.signal]);
    try {
      const aborted = new Promise<never>((_, reject) => {
        given.addEventListener("abort", () => reject(given.reason as Error), { once: true });
      });
      return await Promise.race([this.#takeOrRenew(given), aborted]);
    } catch (error) {
      if (!signal.aborted) log.warn("could not take or renew the lease", { lease: name, error });
      return false;
    } finally {
      timer.cancel();
      this.#tellLeader();
    }
  }

  async #takeOrRenew(signal: AbortSignal): Promise<boolean> {
    const { client, coordinated, identity, namespace, name } = this.#options;
    if (this.#observed && this.#isMine(this.#observed)) {
      // The usual case needs no read; who was faster makes it a conflict.
      try {
        this.#observe(await client.update(leases, this.#renewed(this.#observed), { signal }));
        return true;
      } catch (error) {
        if (!isReason(error, "Conflict") && !isReason(error, "NotFound")) throw error;
      }
    }
    const found = await this.#read(signal);
    if (!found) {
      if (coordinated) return false;
      const spec = this.#spec({ leaseTransitions: 0 });
      this.#observe(await client.create(leases, { metadata: { namespace, name }, spec }, { signal }));
      return true;
    }
    if (found.metadata.resourceVersion !== this.#observed?.metadata.resourceVersion) this.#observe(found);
    const holder = found.spec.holderIdentity;
    if (coordinated ? !this.#isMine(found) : holder && holder !== identity && !this.#isOver(found)) return false;
    this.#observe(await client.update(leases, this.#renewed(found), { signal }));
    return true;
  }

  async #read(signal: AbortSignal): Promise<Lease | undefined> {
    const { client, namespace, name } = this.#options;
    try {
      return await client.get(leases, { namespace, name }, { signal });
    } catch (error) {
      if (isReason(error, "NotFound")) return undefined;
      throw error;
    }
  }

  #renewed(lease: Lease): Lease {
    const { acquireTime, holderIdentity, leaseTransitions = 0 } = lease.spec ?? {};
    const mine = holderIdentity === this.#options.identity;
    const spec = this.#spec({ leaseTransitions: mine ? leaseTransitions : leaseTransitions + 1 });
    return { ...lease, spec: { ...lease.spec, ...spec, ...(mine && acquireTime && { acquireTime }) } };
  }

  #spec(more: LeaseSpec): LeaseSpec {
    const { clock, identity, leaseDurationMs } = this.#options;
    const now = formatMicroTime(clock.now());
    const leaseDurationSeconds = Math.floor(leaseDurationMs / 1000);
    return { holderIdentity: identity, leaseDurationSeconds, acquireTime: now, renewTime: now, ...more };
  }

  #observe(lease: Lease): void {
    this.#observed = lease;
    this.#observedAt = this.#options.clock.monotonic();
  }

  /** Whether it is there to be renewed. */
  #isMine(lease: Lease): boolean {
    return lease.spec.holderIdentity === this.#options.identity && !this.#isOver(lease) && !this.#isOutvoted(lease);
  }

  #isOutvoted({ spec }: Lease): boolean {
    return Boolean(this.#options.coordinated && spec.preferredHolder);
  }

  #isOver(lease: Lease): boolean {
    const durationMs = (lease.spec?.leaseDurationSeconds ?? 0) * 1000;
    return this.#options.clock.monotonic() - this.#observedAt >= durationMs;
  }

  #tellLeader(): void {
    const holder = this.#observed?.spec?.holderIdentity;
    if (!holder || holder === this.#toldLeader) return;
    this.#toldLeader = holder;
    this.#options.newLeader?.(holder);
  }

  /** Another may take the lease in a second. */
  async #release(): Promise<void> {
    const { client, clock, log, identity, name } = this.#options;
    const lease = this.#observed;
    if (lease?.spec.holderIdentity !== identity) return;
    const now = formatMicroTime(clock.now());
    const released = { holderIdentity: "", leaseDurationSeconds: 1, acquireTime: now, renewTime: now };
    try {
      await client.update(leases, { ...lease, spec: { ...lease.spec, ...released } });
    } catch (error) {
      log.warn("could not release the lease", { lease: name, error });
    }
  }
}
