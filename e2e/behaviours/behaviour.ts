/**
 * A behaviour: one published demand on a cluster, performed by a test of our own. Modules under the folders of the special interest groups register
 * theirs by calling `behaviour`; they are found by their place (see catalogue.ts).
 */
import type { BehaviourContext } from "./context.ts";

/** "api" needs an API server with its controllers, "simulated" nodes too, "containers" what happens inside of containers. */
export type Ground = "api" | "simulated" | "containers";

export interface BehaviourOptions {
  readonly on: Ground;
  /** So many nodes at least; one when it does not matter. */
  readonly nodes?: number;
  /** No other behaviour may run at the same time: it taints nodes, fills them, changes what all share. */
  readonly alone?: boolean;
  /** How long the whole may take; 120 unless told. */
  readonly timeoutSeconds?: number;
}

export interface Behaviour extends BehaviourOptions {
  /** The published codename, letter by letter. */
  readonly name: string;
  readonly run: (t: BehaviourContext) => Promise<void>;
}

export const registered = new Map<string, Behaviour>();

export function behaviour(name: string, options: BehaviourOptions, run: (t: BehaviourContext) => Promise<void>): void {
  if (registered.has(name)) throw new Error(`the behaviour "${name}" is registered twice`);
  registered.set(name, { ...options, name, run });
}
