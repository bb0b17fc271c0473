/** What the framework lends to plugins when it makes them: a factory takes it and its arguments, and gives the plugin. */
import type { Pod } from "@kubets/api/generated/types/core-v1";
import type { Client } from "@kubets/client/client";
import type { Cache } from "@kubets/client/controller";
import type { EventRecorder } from "@kubets/client/event-recorder";
import type { Clock, Logger, Random } from "@kubets/machinery";
import type { SchedulerGates } from "../feature-gates.ts";
import type { ClusterState } from "./cluster-state.ts";
import type { Nominator } from "./nominator.ts";
import type { Plugin } from "./plugin.ts";
import type { PodGroups } from "./pod-groups.ts";
import type { PodInfo } from "./pod-info.ts";

/** A node with the pods that would have to go so that another fits. */
export interface PreemptionCandidate {
  readonly node: string;
  /** The most important one first. */
  readonly victims: readonly PodInfo[];
  /** How many of them a disruption budget protects. */
  readonly violations: number;
  /** All pods that stand there. */
  readonly standing: readonly PodInfo[];
}

export type AskAboutVictims = (candidates: readonly PreemptionCandidate[]) => Promise<readonly PreemptionCandidate[]>;

/** What plugins tell that the framework cannot see. */
export interface HandleMetrics {
  /** So many pods have to go for another. */
  preempted(victims: number): void;
  /** They were asked to. */
  evicted(result: "success" | "error", ms: number): void;
  /** Volumes were held for a pod, or bound. */
  volumes(operation: "assume" | "bind"): void;
  /** Something went wrong while volumes were looked for, held or bound. */
  volumesFailed(operation: "predicate" | "assume" | "bind"): void;
  /** A claim was made for extended resources. */
  claimCreated(status: "success" | "failure"): void;
  /** A pod waited for its device. */
  awaitedDevice(profile: string, driver: string, status: "success" | "failure" | "timeout", ms: number): void;
}

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
  readonly groups: PodGroups;
  /** Which features are on. */
  readonly featureGates: SchedulerGates;
  /** Ends with the scheduler. */
  readonly signal: AbortSignal;
  /** No further pod is decided until the work has come to an end, good or bad. */
  holdUntil(work: Promise<unknown>): void;
  /** Tries a waiting pod at once. */
  activate(uid: string): void;
  /** A pod that waits at permit may go on, as far as this plugin is concerned. */
  allowWaiting(uid: string, plugin: string): void;
  /** A pod that waits at permit is refused; false where it does not wait. */
  rejectWaiting(uid: string, plugin: string, reason: string): boolean;
  /** How to ask the extenders that have a say in who goes for this pod, if there are any. */
  askAboutVictims(pod: Pod): AskAboutVictims | undefined;
  readonly metrics: HandleMetrics;
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
