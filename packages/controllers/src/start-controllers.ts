/**
 * Starts controllers over one set of informers.
 * Holds: each has a queue of its own; with `clientFor` each acts under a service account of its own, with that account's rights and no more.
 */
import {
  type Client,
  type ControllerMetrics,
  createEventRecorder,
  runControllers,
  SharedInformers,
} from "@kubets/client";
import type { Clock, Logger, Random } from "@kubets/machinery";
import { chooseControllers } from "./index.ts";
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
  readonly metrics?: ControllerMetrics;
}

export interface StartedControllers {
  readonly names: readonly string[];
  /** Resolves when all have synced and work. */
  readonly started: Promise<void>;
  readonly stopped: Promise<void>;
}

export function startControllers({
  client,
  clientFor,
  clock,
  random,
  log,
  signal,
  metrics,
  ...given
}: StartOptions): StartedControllers {
  const options: ControllerOptions = { ...defaultOptions, ...given.options };
  const chosen = chooseControllers(given.controllers ?? ["*"]);
  const cache = new SharedInformers({ client, clock, random, log, signal });
  const running = chosen.flatMap(({ name, account, make }) => {
    const made = make(options);
    if (!made) return [];
    const workers = options.workers[name];
    const controller = workers === undefined ? made : { ...made, workers };
    const own = (account && clientFor?.(account)) || client;
    const events = createEventRecorder({ client: own, clock, random, log, signal, component: "controller-manager" });
    const parts = { client: own, cache, clock, random, log, events, signal };
    return [runControllers([controller], { ...parts, ...(metrics && { metrics }) })];
  });
  return {
    names: chosen.map(({ name }) => name),
    started: Promise.all(running.map((each) => each.started)).then(() => {}),
    stopped: Promise.all(running.map((each) => each.stopped)).then(() => {}),
  };
}
