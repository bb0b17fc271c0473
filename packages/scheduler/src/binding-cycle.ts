/**
 * What follows a decision: the place is reserved, permitted, and bound through the API. Everything that was reserved is given back, in
 * reverse order, when a step fails. A scheduler that has ended begins no further step: another may have begun to decide.
 */
import type { Pod } from "@kubets/api/generated/types/core-v1";
import type { Clock } from "@kubets/machinery";
import type { CycleState } from "./framework/cycle-state.ts";
import { signed } from "./framework/filtering.ts";
import { inPoint } from "./framework/instrumented.ts";
import type { Permission, Wait } from "./framework/plugin.ts";
import type { PodInfo } from "./framework/pod-info.ts";
import type { Profile } from "./framework/profile.ts";
import type { Refusal } from "./framework/refusals.ts";
import type { WaitingAtPermit } from "./framework/waiting-at-permit.ts";

/** A plugin says no after the decision. */
export class RefusedLate extends Error {
  override readonly name = "RefusedLate";
  readonly refusal: Refusal;

  constructor(refusal: Refusal) {
    super(refusal.reasons.join(", "));
    this.refusal = refusal;
  }
}

export interface Placement {
  readonly profile: Profile;
  readonly info: PodInfo;
  readonly node: string;
  readonly state: CycleState;
  /** Binds in the place of the plugins. */
  readonly binder?: ((pod: Pod, node: string) => Promise<void>) | undefined;
}

/** Synchronous: the next pod's cycle sees what was reserved. Gives what to wait for before binding. */
export function reserve(placement: Placement): Waits {
  const { profile, info, node, state } = placement;
  inPoint(profile, "reserve", () => {
    for (const plugin of profile.points.reserve) refuseIf(plugin.reserve(info.pod, node, state), plugin.name);
  });
  return inPoint(profile, "permit", () => permitted(placement));
}

/** By plugin. */
export type Waits = ReadonlyMap<string, Wait>;

export function permitted({ profile, info: { pod }, node, state }: Placement): Waits {
  const waits = new Map<string, Wait>();
  for (const plugin of profile.points.permit) {
    const permission: Permission = plugin.permit(pod, node, state);
    if (permission === "allow") continue;
    if ("refusal" in permission) refuseIf(permission.refusal, plugin.name);
    else waits.set(plugin.name, { ...permission, waitMs: Math.min(permission.waitMs, LONGEST_WAIT_MS) });
  }
  return waits;
}

const LONGEST_WAIT_MS = 15 * 60_000;

export function unreserve({ profile, info: { pod }, node, state }: Placement): void {
  inPoint(profile, "unreserve", () => {
    for (const plugin of profile.plugins.toReversed()) plugin.unreserve?.(pod, node, state);
  });
}

export interface BindOptions {
  /** What `reserve` gave. */
  readonly waits: Waits;
  readonly waiting: WaitingAtPermit;
  readonly signal: AbortSignal;
  /** Wraps the writing itself, without what is waited for before. */
  readonly counted: <T>(write: () => Promise<T>) => Promise<T>;
  /** Tells of the node before the pod is bound, because that will take its time. */
  readonly expected: (placement: Placement) => Promise<void>;
  /** Told how a wait at permit ended. */
  readonly waited: (result: string, ms: number) => void;
  readonly clock: Clock;
}

export async function bind(placement: Placement, options: BindOptions): Promise<void> {
  const { waits, waiting, signal, counted, expected, waited, clock } = options;
  const { profile, info, node, state } = placement;
  const { pod } = info;
  const began = clock.monotonic();
  // Waits from now on: it may be allowed before anything else is written.
  const permission = waits.size ? waiting.wait(pod.metadata.uid, waits) : undefined;
  const takesTime = profile.points.preBind.some((plugin) => plugin.preBindPreFlight?.(pod, node, state));
  if (takesTime || permission) await expected(placement);
  if (permission) {
    const refusal = await permission;
    waited(refusal ? "Unschedulable" : "Success", clock.monotonic() - began);
    refuseIf(refusal, "");
  }
  await inPoint(profile, "preBind", async () => {
    for (const plugin of profile.points.preBind) {
      signal.throwIfAborted();
      await named(`running PreBind plugin "${plugin.name}"`, plugin.preBind(pod, node, state, signal));
    }
    signal.throwIfAborted();
  });
  await counted(() => inPoint(profile, "bind", () => write(placement, signal)));
  inPoint(profile, "postBind", () => {
    for (const plugin of profile.points.postBind) plugin.postBind(pod, node);
  });
}

async function write({ profile, info: { pod }, node, state, binder }: Placement, signal: AbortSignal): Promise<void> {
  if (binder) return named("binding rejected", binder(pod, node));
  for (const plugin of profile.points.bind) {
    const step = `binding rejected: running Bind plugin "${plugin.name}"`;
    if (await named(step, plugin.bind(pod, node, state, signal))) return;
  }
  throw new Error("binding rejected: no plugin took the binding");
}

function refuseIf(refusal: Refusal | undefined, plugin: string): void {
  if (refusal) throw new RefusedLate(signed(refusal, plugin));
}

/** Awaits only what there is to wait for, and says in whose step it failed. */
async function named<T>(step: string, work: Promise<T> | undefined): Promise<T> {
  try {
    return (await work) as T;
  } catch (error) {
    throw new Error(`${step}: ${error instanceof Error ? error.message : String(error)}`, { cause: error });
  }
}
