/**
 * Starts controllers over one set of informers, alone or as the leader among several processes.
 * Holds: each has a queue of its own; with `clientFor` each acts under a service account of its own, with that account's rights and no
 * more; who loses the lease stops them all, and `stopped` says so.
 */
import { type Client, createEventRecorder, runControllers, runLeaderElection, SharedInformers } from "@kubets/client";
import type { Clock, Logger, Random } from "@kubets/machinery";
import { type ControllerEntry, chooseControllers } from "./index.ts";
import { type ControllerOptions, defaultOptions } from "./options.ts";

export interface StartOptions {
  /** Reads for all; writes for those that have no client of their own. */
  readonly client: Client;
  /** A client that acts as that service account of kube-system. */
  clientFor?(account: string): Client;
  readonly clock: Clock;
  readonly random: Random;
  readonly log: Logger;
  readonly signal: AbortSignal;
  /** As --controllers: ["*"] by default. */
  readonly controllers?: readonly string[];
  readonly options?: Partial<ControllerOptions>;
  /** With it they run only while this process holds the lease. */
  readonly leaderElection?: LeaderElectionSettings;
}

export interface LeaderElectionSettings {
  /** Unique among the candidates. */
  readonly identity: string;
  readonly namespace?: string;
  readonly name?: string;
  readonly leaseDurationMs?: number;
  readonly renewDeadlineMs?: number;
  readonly retryPeriodMs?: number;
}

export interface StartedControllers {
  readonly names: readonly string[];
  /** Resolves when all have synced and work. */
  readonly started: Promise<void>;
  /** "lost": another process leads now, and this one is expected to end. */
  readonly stopped: Promise<"stopped" | "lost">;
}

export function startControllers(given: StartOptions): StartedControllers {
  const options: ControllerOptions = { ...defaultOptions, ...given.options };
  const chosen = chooseControllers(given.controllers ?? ["*"]);
  const started = Promise.withResolvers<void>();
  const lead = async (signal: AbortSignal) => {
    const running = run(chosen, options, { ...given, signal });
    void running.started.then(started.resolve);
    await running.stopped;
  };
  const { leaderElection, client, clock, random, log, signal } = given;
  const stopped = leaderElection
    ? runLeaderElection({
        namespace: "kube-system",
        name: "kube-controller-manager",
        releaseOnStop: true,
        ...leaderElection,
        client,
        clock,
        random,
        log,
        signal,
        lead: (leading) => lead(AbortSignal.any([signal, leading])),
      })
    : lead(signal).then(() => "stopped" as const);
  return { names: chosen.map(({ name }) => name), started: started.promise, stopped };
}

function run(
  chosen: readonly ControllerEntry[],
  options: ControllerOptions,
  { client, clientFor, clock, random, log, signal }: StartOptions,
) {
  const cache = new SharedInformers({ client, clock, random, log, signal });
  const running = chosen.flatMap(({ account, make }) => {
    const controller = make(options);
    if (!controller) return [];
    const own = (account && clientFor?.(account)) || client;
    const events = createEventRecorder({ client: own, clock, random, log, signal, component: "controller-manager" });
    return [runControllers([controller], { client: own, cache, clock, random, log, events, signal })];
  });
  return {
    started: Promise.all(running.map((each) => each.started)).then(() => {}),
    stopped: Promise.all(running.map((each) => each.stopped)).then(() => {}),
  };
}
