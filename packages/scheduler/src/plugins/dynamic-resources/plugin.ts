/**
 * Pods with resource claims go where their claims can be had: a claim that has its devices decides by its node selector; for one that has
 * none, devices are found among those that a node reaches, held from the decision on, and written into the claim before binding.
 */
import { deviceclasses, resourceclaims, resourceslices } from "@kubets/api/generated/refs";
import type { AllocationResult, ResourceClaim } from "@kubets/api/generated/types/resource-v1";
import { matchesNodeSelector } from "@kubets/api/pod/node-affinity";
import { deepEqual } from "@kubets/machinery/deep-equal";
import { parseDuration } from "@kubets/machinery/duration";
import { isReason } from "@kubets/machinery/status-error";
import { formatTime } from "@kubets/machinery/time";
import { stateKey } from "../../framework/cycle-state.ts";
import { type Handle, type PluginFactory, shared } from "../../framework/handle.ts";
import { normalizeByMax } from "../../framework/scoring.ts";
import { AllocatedDevices } from "./allocated-devices.ts";
import { allocationOf } from "./allocation.ts";
import { Allocator, NoSolution, type Pick } from "./allocator.ts";
import { bindClaim, deallocate, unreserveClaim } from "./bind-claims.ts";
import { allReady, driversOf, hasConditions, isSpent, TIMED_OUT } from "./binding-conditions.ts";
import { claimsOf, hasRoomFor, isOnlyFor, isReservedFor } from "./claims.ts";
import { Pools } from "./pools.ts";
import { type WantedClaim, wantedClaim } from "./requests.ts";

const NAME = "DynamicResources";
/** The first of so many alternatives is best. */
const MOST_ALTERNATIVES = 8;

const lasting = (reason: string) => ({ plugin: NAME, reasons: [reason], lasting: true });
const ELSEWHERE = lasting("resourceclaim not available on the node");
const TAKEN = lasting("cannot allocate all claims");

interface Claims {
  /** Replaced by what was written. */
  readonly all: ResourceClaim[];
  readonly wanted: readonly WantedClaim[];
  readonly allocator: Allocator | undefined;
  /** How many changes of allocated devices there were by then. */
  readonly seen: number;
  /** Allocated ones that kept a node away. */
  readonly unavailable: Set<ResourceClaim>;
  /** By node, in the order of `wanted`. */
  readonly picks: Map<string, readonly (readonly Pick[])[]>;
  readonly reserved: Map<string, AllocationResult>;
}

const CLAIMS = stateKey<Claims>(NAME);

export interface DynamicResourcesArgs {
  /** How long devices may take to become ready; "10m" unless said. */
  readonly bindingTimeout?: string;
}

export const dynamicResources: PluginFactory = (handle, args) => {
  const { cache, client, clock, random, events, log } = handle;
  const timeoutMs = parseDuration((args as DynamicResourcesArgs).bindingTimeout ?? "10m");
  const { pools, allocated } = devicesOf(handle);
  /** By claim: what is taken back of a try that failed. */
  const unreserving = new Map<string, Promise<void>>();
  return {
    name: NAME,
    hints: [
      { events: ["node/add", "node/labels", "deviceclass/add", "deviceclass/update"] },
      { events: ["resourceslice/add", "resourceslice/update"] },
      {
        events: ["pod/self"],
        hint: (_, __, now) => (typeof claimsOf(now as never, cache) === "string" ? "skip" : "queue"),
      },
      {
        events: ["resourceclaim/add", "resourceclaim/update"],
        hint: (pod, old, now) => {
          const claims = claimsOf(pod, cache);
          if (typeof claims === "string") return "skip";
          const [before, claim] = [old as ResourceClaim | undefined, now as ResourceClaim];
          if (before?.status?.allocation && !claim.status?.allocation) return "queue";
          const isOurs = claims.some(({ metadata }) => metadata.uid === claim.metadata.uid);
          return isOurs && !deepEqual(before?.status, claim.status) ? "queue" : "skip";
        },
      },
    ],
    preEnqueue(pod) {
      const found = claimsOf(pod, cache);
      return typeof found === "string" ? { plugin: NAME, reasons: [found] } : undefined;
    },
    preFilter(pod, _, state) {
      if (!pod.spec.resourceClaims?.length) return { skip: true };
      const all = claimsOf(pod, cache);
      if (typeof all === "string") return { refusal: lasting(all) };
      if (all.length === 0) return { skip: true };
      const wanted: WantedClaim[] = [];
      for (const claim of all) {
        const { uid, namespace, name } = claim.metadata;
        if (claim.status?.allocation) {
          if (!hasRoomFor(claim, pod)) return { refusal: lasting("resourceclaim in use") };
          continue;
        }
        if (allocated.isPending(uid))
          return { refusal: lasting(`resource claim ${namespace}/${name} is in the process of being allocated`) };
        const found = wantedClaim(claim, (className) => cache.get(deviceclasses, className));
        if (typeof found === "string") return { refusal: lasting(found) };
        wanted.push(found);
      }
      const allocator = wanted.length ? new Allocator(pools, allocated, wanted) : undefined;
      const found = { unavailable: new Set<ResourceClaim>(), picks: new Map(), reserved: new Map() };
      state.set(CLAIMS, { all, wanted, allocator, seen: allocated.changes, ...found });
      return undefined;
    },
    filter(_, { name, node }, state) {
      const { all, allocator, unavailable, picks } = state.get(CLAIMS) as Claims;
      let isElsewhere = false;
      for (const claim of all) {
        const selector = claim.status?.allocation?.nodeSelector;
        const fits = !selector || matchesNodeSelector(selector, node);
        if (fits && !isSpent(claim, clock.now(), timeoutMs)) continue;
        unavailable.add(claim);
        isElsewhere = true;
      }
      try {
        if (allocator) picks.set(name, allocator.allocate(node));
      } catch (error) {
        if (error instanceof NoSolution) return lasting(error.message);
        throw new Error(`running "${NAME}" filter plugin: ${(error as Error).message}`, { cause: error });
      }
      return isElsewhere ? ELSEWHERE : undefined;
    },
    postFilter(pod, state) {
      const claims = state.get(CLAIMS);
      if (!claims) return { message: "no new claims to deallocate" };
      const claim = [...claims.unavailable].find((candidate) => isOnlyFor(candidate, pod));
      if (!claim) return { message: "still not schedulable" };
      deallocate(client, claim).catch((error: unknown) => {
        log.error("a claim's devices could not be given back", { claim: claim.metadata.name, error });
      });
      return { message: "deallocation of ResourceClaim completed" };
    },
    preScore(_, __, ___, state) {
      const hasChoice = state.get(CLAIMS)?.wanted.some(({ requests }) => requests.some(({ length }) => length > 1));
      return hasChoice ? undefined : "skip";
    },
    score(_, { name }, state) {
      const chosen = new Set((state.get(CLAIMS)?.picks.get(name) ?? []).flat().map(({ wanted }) => wanted));
      let score = 0;
      for (const { rank, name: request } of chosen) if (request.includes("/")) score += MOST_ALTERNATIVES - rank;
      return score;
    },
    normalize: (scores) => normalizeByMax(scores),
    reserve(_, node, state) {
      const claims = state.get(CLAIMS);
      if (!claims?.allocator) return undefined;
      const picks = claims.picks.get(node) as readonly (readonly Pick[])[];
      // While extenders were asked, the devices may have gone to others.
      if (allocated.changes !== claims.seen) return TAKEN;
      for (const [i, { claim }] of claims.wanted.entries()) {
        const allocation = allocationOf(claim, picks[i] as readonly Pick[], node, random);
        claims.reserved.set(claim.metadata.uid, allocation);
        allocated.hold(claim.metadata.uid, allocation);
      }
      return undefined;
    },
    unreserve(pod, _, state) {
      const { all = [], reserved = new Map<string, AllocationResult>() } = state.get(CLAIMS) ?? {};
      for (const uid of reserved.keys()) allocated.release(uid);
      for (const claim of all) {
        if (!isReservedFor(claim, pod)) continue;
        const { uid, name } = claim.metadata;
        const done = unreserveClaim(client, claim, pod).catch((error: unknown) => {
          if (!isReason(error, "NotFound")) log.error("a claim stays reserved", { claim: name, error });
        });
        unreserving.set(uid, done);
        void done.then(() => unreserving.get(uid) === done && unreserving.delete(uid));
      }
    },
    preBind(pod, node, state, signal) {
      const claims = state.get(CLAIMS);
      if (!claims) return undefined;
      return bindAll(claims).then(async () => {
        const waiting = claims.all.filter(hasConditions);
        if (waiting.length === 0) return;
        const text = `waiting for binding conditions for device on node ${node}`;
        events.event(pod, "Normal", "BindingConditionsPending", text, { action: "Scheduling" });
        const began = clock.monotonic();
        const told = (status: "success" | "failure" | "timeout") => {
          for (const driver of new Set(waiting.flatMap(driversOf)))
            handle.metrics.awaitedDevice(pod.spec.schedulerName ?? "", driver, status, clock.monotonic() - began);
        };
        await allReady(handle, waiting, timeoutMs, signal).catch((error: unknown) => {
          told((error as Error).message === TIMED_OUT ? "timeout" : "failure");
          throw error;
        });
        told("success");
      });

      async function bindAll({ all, reserved }: Claims): Promise<void> {
        for (const [i, claim] of all.entries()) {
          await unreserving.get(claim.metadata.uid);
          const found = reserved.get(claim.metadata.uid);
          const allocation = found && { ...found, allocationTimestamp: formatTime(clock.now()) };
          const written = await bindClaim(client, claim, pod, allocation);
          all[i] = written;
          allocated.written(written);
        }
      }
    },
  };
};

/** What devices there are and which are taken, in step with the cluster; known before the first pod is tried. */
const devicesOf = shared(({ cache, signal }: Handle): { pools: Pools; allocated: AllocatedDevices } => {
  const pools = new Pools();
  const allocated = new AllocatedDevices();
  const subscriptions = [
    cache.informer(resourceslices).subscribe({
      added: (slice) => pools.set(undefined, slice),
      changed: (slice, old) => pools.set(old, slice),
      deleted: (slice) => pools.set(slice, undefined),
    }),
    cache.informer(resourceclaims).subscribe({
      added: (claim) => allocated.told(claim),
      changed: (claim) => allocated.told(claim),
      deleted: ({ metadata }) => allocated.forget(metadata.uid),
    }),
  ];
  signal.addEventListener("abort", () => subscriptions.forEach((subscription) => subscription.stop()), { once: true });
  return { pools, allocated };
});
