/** Runs behaviours on a cluster: several at a time, those that must be alone after the others; none runs longer than it may. */
import { PATIENCE } from "../cluster.ts";
import type { Behaviour } from "./behaviour.ts";
import { type BehaviourCluster, whyNotOn } from "./clusters.ts";
import { inContext } from "./context.ts";

export interface Outcome {
  readonly name: string;
  readonly result: "passed" | "failed" | "skipped";
  readonly on: BehaviourCluster["kind"];
  readonly seconds: number;
  /** Why it failed or was skipped. */
  readonly message?: string;
}

const TIMEOUT_SECONDS = 120;

/** Throws what the behaviour found wrong. */
export async function perform(behaviour: Behaviour, cluster: BehaviourCluster): Promise<void> {
  const timeoutSeconds = (behaviour.timeoutSeconds ?? TIMEOUT_SECONDS) * PATIENCE;
  const { promise: over, reject } = Promise.withResolvers<never>();
  const timer = setTimeout(
    () => reject(new Error(`it was not done within ${timeoutSeconds} s`)),
    timeoutSeconds * 1000,
  );
  try {
    await Promise.race([inContext(cluster, behaviour.run), over]);
  } finally {
    clearTimeout(timer);
  }
}

export async function performAll(
  behaviours: readonly Behaviour[],
  cluster: BehaviourCluster,
  atATime: number,
  tell: (outcome: Outcome) => void,
): Promise<void> {
  const together = behaviours.filter(({ alone }) => !alone);
  const alone = behaviours.filter((each) => each.alone);
  const waiting = together.values();
  const worker = async () => {
    for (const behaviour of waiting) tell(await outcomeOf(behaviour, cluster));
  };
  await Promise.all(Array.from({ length: atATime }, worker));
  for (const behaviour of alone) tell(await outcomeOf(behaviour, cluster));
}

async function outcomeOf(behaviour: Behaviour, cluster: BehaviourCluster): Promise<Outcome> {
  const { name } = behaviour;
  const why = whyNotOn(behaviour, cluster);
  if (why) return { name, result: "skipped", on: cluster.kind, seconds: 0, message: why };
  const began = performance.now();
  const seconds = () => Math.round((performance.now() - began) / 100) / 10;
  try {
    await perform(behaviour, cluster);
    return { name, result: "passed", on: cluster.kind, seconds: seconds() };
  } catch (error) {
    const message = error instanceof Error ? (error.stack ?? error.message) : String(error);
    return { name, result: "failed", on: cluster.kind, seconds: seconds(), message };
  }
}
