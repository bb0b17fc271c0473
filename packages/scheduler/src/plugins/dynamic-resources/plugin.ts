/**
 * Pods with resource claims go where their claims can be had: a claim that has its devices decides by its node selector; for one that has
 * none, devices are found among those that a node reaches, held from the decision on, and written into the claim before binding. What was
 * decided for one pod of a group holds for the others that share the claim.
 */
import { deviceclasses, devicetaintrules, podgroups, resourceclaims, resourceslices } from "@kubets/api/generated/refs";
import type { Pod } from "@kubets/api/generated/types/core-v1";
import type { AllocationResult, ResourceClaim } from "@kubets/api/generated/types/resource-v1";
import type { KubeObject } from "@kubets/api/meta";
import { matchesNodeSelector } from "@kubets/api/pod/node-affinity";
import { GROUP_CLAIM_GATES, holderFor } from "@kubets/api/resource/group-claims";
import { keyOf } from "@kubets/client/informer";
import { deepEqual } from "@kubets/machinery/deep-equal";
import { parseDuration } from "@kubets/machinery/duration";
import { ANSWERS, type Answers } from "../../framework/answers.ts";
import { CLAIMED_RESOURCES, type ClaimedResources } from "../../framework/claimed-resources.ts";
import { trackExtendedResources } from "../../framework/extended-resources.ts";
import { type Handle, type PluginFactory, shared } from "../../framework/handle.ts";
import { groupOf } from "../../framework/pod-groups.ts";
import { podInfo } from "../../framework/pod-info.ts";
import { normalizeByMax } from "../../framework/scoring.ts";
import type { NodeInfo } from "../../framework/snapshot.ts";
import { AllocatedDevices } from "./allocated-devices.ts";
import { allocationOf } from "./allocation.ts";
import { Allocator, NoSolution } from "./allocator.ts";
import { deallocate } from "./bind-claims.ts";
import { isSpent } from "./binding-conditions.ts";
import { ClaimBinder } from "./claim-binder.ts";
import { claimsOf, hasRoomFor, isOnlyFor, isPod, type PodClaim } from "./claims.ts";
import { devicesSeen } from "./devices-seen.ts";
import { extendedClaim, madeBefore, servedByClasses } from "./extended-claim.ts";
import { claimedResources, givenClaims, refusedResources } from "./node-resources.ts";
import { Pools } from "./pools.ts";
import { prioritizedList, type WantedClaim, wantedClaim } from "./requests.ts";
import { Solutions } from "./solutions.ts";
import { CLAIMS, type Claims, type Way } from "./state.ts";

const NAME = "DynamicResources";
const NONE: readonly string[] = [];
/** The first of so many alternatives is best. */
const MOST_ALTERNATIVES = 8;

const lasting = (reason: string) => ({ plugin: NAME, reasons: [reason], lasting: true });
const ELSEWHERE = lasting("resourceclaim not available on the node");
const TAKEN = lasting("cannot allocate all claims");
const INVALID = lasting("invalid resource pools were encountered");

export interface DynamicResourcesArgs {
  /** How long devices may take to become ready; "10m" unless said. */
  readonly bindingTimeout?: string;
}

export const dynamicResources: PluginFactory = (handle, args) => {
  const { cache, client, clock, random, log, featureGates } = handle;
  const timeoutMs = parseDuration((args as DynamicResourcesArgs).bindingTimeout ?? "10m");
  const { pools, allocated, solutions } = devicesOf(handle);
  const classOf = trackExtendedResources(handle);
  const hasGroups = GROUP_CLAIM_GATES.every((gate) => featureGates.enabled(gate));
  const claimsNow = (pod: Pod): PodClaim[] | string => {
    const key = hasGroups && pod.spec.resourceClaims?.length ? groupOf(pod) : undefined;
    if (key === undefined) return claimsOf(pod, cache);
    const group = cache.get(podgroups, key);
    return group ? claimsOf(pod, cache, group) : `podgroup "${key}" not found`;
  };
  const classNamed = (className: string) => cache.get(deviceclasses, className);

  function wayFor(
    pod: Pod,
    { ways, wanted, served }: Claims,
    { allocatable }: NodeInfo,
    answers: Answers | undefined,
  ): Way {
    const left = served.filter((resource) => !((allocatable.scalar.get(resource) ?? 0) > 0));
    const known = ways.get(left.join());
    if (known) return known;
    const extended = left.length ? extendedClaim(pod, left, classOf) : undefined;
    const more = extended && wantedClaim(extended.claim, classNamed);
    if (typeof more === "string") throw new Error(more);
    const all = more ? [...wanted, more] : wanted;
    const find = all.length
      ? solutions.finder(
          new Allocator(pools, allocated, all, !featureGates.enabled("DRASchedulerFilterTimeout")),
          all,
          answers,
        )
      : undefined;
    const way = { wanted: all, find, extended };
    ways.set(left.join(), way);
    return way;
  }

  const countsResources = featureGates.enabled("DRANodeAllocatableResources");

  /** Finds out what the claims take of the node's own resources; undefined where it has as much. */
  function takeResources(pod: Pod, claims: Claims, node: NodeInfo, claimed: Map<string, ClaimedResources>) {
    const resources = claimedResources(
      pod,
      givenClaims(claims, node.name, (result) => pools.device(result)),
    );
    claimed.set(node.name, resources);
    const refused = refusedResources(podInfo(pod), resources, node);
    return refused && { plugin: NAME, ...refused };
  }

  const binder = new ClaimBinder(handle, allocated, timeoutMs);
  return {
    name: NAME,
    hints: [
      { events: ["node/add", "node/labels", "deviceclass/add", "deviceclass/update"] },
      { events: ["resourceslice/add", "resourceslice/update"] },
      ...(countsResources ? [{ events: ["node/allocatable", "pod/bound-delete", "pod/bound-update"] } as const] : []),
      {
        events: ["pod/self"],
        hint: (_, __, now) => (typeof claimsNow(now as never) === "string" ? "skip" : "queue"),
      },
      {
        events: ["podgroup/add"],
        hint: (pod, _, now) => (groupOf(pod) === keyOf(now as KubeObject) ? "queue" : "skip"),
      },
      {
        events: ["resourceclaim/add", "resourceclaim/update"],
        hint: (pod, old, now) => {
          const claims = claimsNow(pod);
          if (typeof claims === "string") return "skip";
          const [before, claim] = [old as ResourceClaim | undefined, now as ResourceClaim];
          if (before?.status?.allocation && !claim.status?.allocation) return "queue";
          const isOurs = claims.some((ours) => ours.claim.metadata.uid === claim.metadata.uid);
          return isOurs && !deepEqual(before?.status, claim.status) ? "queue" : "skip";
        },
      },
    ],
    preEnqueue(pod) {
      const found = claimsNow(pod);
      return typeof found === "string" ? { plugin: NAME, reasons: [found] } : undefined;
    },
    preFilter(pod, _, state) {
      const asked = podInfo(pod).requests.scalar.size ? servedByClasses(pod, classOf) : NONE;
      if (!pod.spec.resourceClaims?.length && asked.length === 0) return { skip: true };
      const all = claimsNow(pod);
      if (typeof all === "string") return { refusal: lasting(all) };
      const before = asked.length ? madeBefore(pod, cache) : undefined;
      if (before) all.push({ claim: before, holder: holderFor(pod) });
      const served = before ? NONE : asked;
      if (all.length + served.length === 0) return { skip: true };
      const wanted: WantedClaim[] = [];
      const placed: { claim: ResourceClaim; isSpent: boolean }[] = [];
      const joined = new Map<string, AllocationResult>();
      for (const { claim, holder } of all) {
        const { uid, namespace, name } = claim.metadata;
        if (claim.status?.allocation) {
          if (!hasRoomFor(claim, holder)) return { refusal: lasting("resourceclaim in use") };
          placed.push({ claim, isSpent: isSpent(claim, clock.now(), timeoutMs) });
          continue;
        }
        const pending = allocated.pending(uid);
        if (pending && !isPod(holder)) {
          joined.set(uid, pending);
          placed.push({ claim: { ...claim, status: { ...claim.status, allocation: pending } }, isSpent: false });
          continue;
        }
        if (pending)
          return { refusal: lasting(`resource claim ${namespace}/${name} is in the process of being allocated`) };
        const list = featureGates.enabled("DRAPrioritizedList") ? undefined : prioritizedList(claim);
        if (list)
          return {
            refusal: lasting(
              `resource claim ${namespace}/${name}, request ${list}: has subrequests, but the DRAPrioritizedList feature is disabled`,
            ),
          };
        const found = wantedClaim(claim, classNamed);
        if (typeof found === "string") return { refusal: lasting(found) };
        wanted.push(found);
      }
      const found = { ways: new Map(), unavailable: new Set<ResourceClaim>(), picks: new Map(), reserved: new Map() };
      const claimed = countsResources ? new Map<string, ClaimedResources>() : undefined;
      if (claimed) state.set(CLAIMED_RESOURCES, claimed);
      state.set(CLAIMS, { all, wanted, allocated: placed, joined, claimed, served, seen: allocated.changes, ...found });
      return undefined;
    },
    filter(pod, info, state) {
      const { name, node } = info;
      const claims = state.get(CLAIMS) as Claims;
      const { unavailable, picks } = claims;
      let isElsewhere = false;
      for (const { claim, isSpent: hadItsTime } of claims.allocated) {
        const selector = claim.status.allocation?.nodeSelector;
        if (!hadItsTime && (!selector || matchesNodeSelector(selector, node))) continue;
        // What is not written yet cannot be given back.
        if (!claims.joined.has(claim.metadata.uid)) unavailable.add(claim);
        isElsewhere = true;
      }
      try {
        const way = wayFor(pod, claims, info, state.get(ANSWERS));
        const found = way.find?.(info);
        if (found === "taken") return TAKEN;
        if (found === "invalid") return INVALID;
        if (found) picks.set(name, { way, picks: found });
        const refused = claims.claimed && takeResources(pod, claims, info, claims.claimed);
        if (refused) return refused;
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
      const chosen = new Set((state.get(CLAIMS)?.picks.get(name)?.picks ?? []).flat().map(({ wanted }) => wanted));
      let score = 0;
      for (const { rank, name: request } of chosen) if (request.includes("/")) score += MOST_ALTERNATIVES - rank;
      return score;
    },
    normalize: (scores) => normalizeByMax(scores),
    reserve(_, node, state) {
      const claims = state.get(CLAIMS);
      const found = claims?.picks.get(node);
      if (!claims || (!found && claims.joined.size === 0)) return undefined;
      // While extenders were asked, the devices may have gone to others.
      if (allocated.changes !== claims.seen) return TAKEN;
      for (const [uid, allocation] of claims.joined) {
        claims.reserved.set(uid, allocation);
        allocated.join(uid);
      }
      for (const [i, { claim }] of found?.way.wanted.entries() ?? []) {
        const allocation = allocationOf(claim, found?.picks[i] ?? [], node, random);
        claims.reserved.set(claim.metadata.uid, allocation);
        allocated.hold(claim.metadata.uid, allocation);
      }
      return undefined;
    },
    unreserve(pod, _, state) {
      const claims = state.get(CLAIMS);
      if (!claims) return;
      for (const uid of claims.reserved.keys()) allocated.release(uid);
      binder.takeBack(pod, claims);
    },
    preBindPreFlight: (_, __, state) => state.get(CLAIMS) !== undefined,
    preBind(pod, node, state, signal) {
      const claims = state.get(CLAIMS);
      if (!claims) return undefined;
      return binder.bind(claims, pod, node, signal);
    },
  };
};

/** What devices there are and which are taken, in step with the cluster; known before the first pod is tried. */
const devicesOf = shared(({ cache, signal, featureGates }: Handle) => {
  const pools = new Pools(devicesSeen(featureGates));
  const allocated = new AllocatedDevices((pool) => pools.touch(pool));
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
    ...(featureGates.enabled("DRADeviceTaintRules") ? [followRules(cache, pools)] : []),
  ];
  signal.addEventListener("abort", () => subscriptions.forEach((subscription) => subscription.stop()), { once: true });
  return { pools, allocated, solutions: new Solutions(pools) };
});

function followRules(cache: Handle["cache"], pools: Pools) {
  const changed = () => pools.setRules(cache.list(devicetaintrules));
  return cache.informer(devicetaintrules).subscribe({ added: changed, changed, deleted: changed });
}
