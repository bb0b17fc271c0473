/** What the framework lends to plugins when it makes them: a factory takes it and its arguments, and gives the plugin. */
import type { Client } from "@kubets/client/client";
import type { Cache } from "@kubets/client/controller";
import type { EventRecorder } from "@kubets/client/event-recorder";
import type { Clock, Logger, Random } from "@kubets/machinery";
import type { ClusterState } from "./cluster-state.ts";
import type { Nominator } from "./nominator.ts";
import type { Plugin } from "./plugin.ts";

export interface Handle {
  readonly client: Client;
  /** Informers; all that plugins look at has synced before the first cycle. */
  readonly cache: Cache;
  readonly clock: Clock;
  readonly random: Random;
  readonly log: Logger;
  readonly events: EventRecorder;
  readonly cluster: ClusterState;
  readonly nominator: Nominator;
  /** Ends with the scheduler. */
  readonly signal: AbortSignal;
  /** Tries a waiting pod at once. */
  activate(uid: string): void;
  /** A pod that waits at permit may go on, as far as this plugin is concerned. */
  allowWaiting(uid: string, plugin: string): void;
  /** A pod that waits at permit is refused; false where it does not wait. */
  rejectWaiting(uid: string, plugin: string, reason: string): boolean;
  /** Counts the pods that have to go for another. */
  preempted(victims: number): void;
}

/** What all profiles of a scheduler share of a plugin: made once for each handle. */
export function shared<T>(make: (handle: Handle) => T): (handle: Handle) => T {
  const made = new WeakMap<Handle, T>();
  return (handle) => {
    const known = made.get(handle) ?? make(handle);
    made.set(handle, known);
    return known;
  };
}

/** `args` is the plugin's part of the configuration, with its defaults filled in by the factory. */
export type PluginFactory = (handle: Handle, args: Readonly<Record<string, unknown>>) => Plugin;

export type Registry = Readonly<Record<string, PluginFactory>>;
