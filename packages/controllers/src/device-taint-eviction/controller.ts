/**
 * Ends pods that hold a device which bears a NoExecute taint, as far as their claims do not tolerate it.
 * Owns: the end of such pods, and the status of DeviceTaintRules. Watches: pods, claims, slices (whose devices are told with their taints), rules.
 * Holds: a taint that goes in time, or a claim that is given up, stops it. A rule's status is counted anew every few seconds at most.
 */
import { devicetaintrules, podgroups, pods, resourceclaims, resourceslices } from "@kubets/api/generated/refs";
import type { Pod } from "@kubets/api/generated/types/core-v1";
import type { ResourceClaim, ResourceSlice } from "@kubets/api/generated/types/resource-v1";
import type { DeviceTaintRule } from "@kubets/api/generated/types/resource-v1beta2";
import { isFinished } from "@kubets/api/pod/state";
import { type DeviceId, meansDevice } from "@kubets/api/resource/device-selector";
import { isHeldByGroupOf } from "@kubets/api/resource/group-claims";
import { type Controller, type ControllerContext, keyOf, onRelated, type Requeue } from "@kubets/client";
import { deepEqual } from "@kubets/machinery";
import { isOpen } from "@kubets/machinery/given-gates";
import { unlessGone } from "../error-text.ts";
import { keyIn } from "../keys.ts";
import { disruptionTarget, markDisrupted } from "../pods/disruption-target.ts";
import { groupsOf } from "../pods/group.ts";
import { deviceKey, devicesOf, driversOff, drivesOff, leavesAt } from "./plan.ts";
import { RuleReports } from "./rule-reports.ts";

const BY_DEVICE = "device";
const BY_POOL = "pool";
const BY_GROUP = "holding-by-group";
const WORKERS = 8;

export interface DeviceTaintOptions {
  readonly featureGates: Readonly<Record<string, boolean>>;
}

export function deviceTaintEviction({ featureGates }: DeviceTaintOptions): Controller {
  const hasRules = isOpen("DRADeviceTaintRules", featureGates);
  /** Pods whose time runs. */
  const waiting = new Set<string>();
  const reports = new RuleReports({ claims: (pod, { cache }) => claimsHeld(cache, pod), slicesNow });
  const rulesOf = ({ cache }: ControllerContext) => (hasRules ? cache.list(devicetaintrules) : []);

  async function reconcile(key: string, context: ControllerContext): Promise<Requeue | void> {
    const { cache, clock, events } = context;
    // Names of rules have no namespace before them.
    if (!key.includes("/")) return await reports.tell(key, context);
    const pod = cache.get(pods, key);
    const lives = pod && !pod.metadata.deletionTimestamp && !isFinished(pod) ? pod : undefined;
    const rules = rulesOf(context).filter(({ spec }) => spec.taint.effect === "NoExecute");
    const claims = lives ? claimsHeld(cache, lives) : [];
    const at = leavesAt(claims, (device) => [...taintsOf(cache, device), ...taintsBy(rules, device)]);
    if (!lives || at === undefined) {
      if (waiting.delete(key) && lives)
        events.as("device-taint-eviction").event(lives, "Normal", "DeviceTaintManagerEviction", "Cancelling deletion");
      return undefined;
    }
    const causes = rules.filter((rule) => drivesOff(rule, claims));
    if (at > clock.now()) {
      if (!waiting.has(key)) reports.pending(causes, context);
      waiting.add(key);
      return { requeueAfterMs: at - clock.now() };
    }
    waiting.delete(key);
    if (await evict(lives, context)) reports.evicted(causes, context);
    return undefined;
  }

  return {
    name: "device-taint-eviction",
    workers: WORKERS,
    watches: [
      onRelated(pods, (pod) => (pod.spec.resourceClaims?.length ? [keyOf(pod)] : [])),
      onRelated(resourceclaims, (claim, old, { cache }) => [claim, ...(old ? [old] : [])].flatMap(holdersIn(cache))),
      onRelated(resourceslices, (slice, old, { cache }) => concerned(cache, slice, old)),
      ...(hasRules
        ? [
            onRelated(devicetaintrules, (rule, old, { cache }) =>
              old && deepEqual(rule.spec, old.spec)
                ? [rule.metadata.name]
                : [rule.metadata.name, ...holdersOfMeant(cache, old ? [rule, old] : [rule])],
            ),
          ]
        : []),
    ],
    start({ cache }) {
      cache.informer(resourceclaims).addIndex(BY_DEVICE, (claim) => devicesOf(claim).map(deviceKey));
      cache.informer(pods).addIndex(BY_GROUP, (pod) => (pod.spec.resourceClaims?.length ? groupsOf(pod) : []));
      cache.informer(resourceslices).addIndex(BY_POOL, ({ spec }) => [`${spec.driver}/${spec.pool.name}`]);
    },
    reconcile,
  };
}

const taintsBy = (rules: readonly DeviceTaintRule[], device: DeviceId) =>
  rules.flatMap((rule) => (meansDevice(rule, device) ? [rule.spec.taint] : []));

/** The pods that hold a device which one of the rules means. */
const holdersOfMeant = (cache: ControllerContext["cache"], rules: readonly DeviceTaintRule[]): string[] =>
  cache
    .list(resourceclaims)
    .filter((claim) => devicesOf(claim).some((device) => rules.some((rule) => meansDevice(rule, device))))
    .flatMap(holdersIn(cache));

/** The pods that hold a claim: by themselves, or as those of a group. */
const holdersIn =
  (cache: ControllerContext["cache"]) =>
  ({ metadata, status }: ResourceClaim): string[] =>
    (status?.reservedFor ?? []).flatMap(({ resource, name }) => {
      const key = `${metadata.namespace}/${name}`;
      if (resource === podgroups.resource) return cache.informer(pods).indexed(BY_GROUP, key).map(keyOf);
      return resource === "pods" ? [key] : [];
    });

/** The pods that hold a device whose taints are others now. */
function concerned(cache: ControllerContext["cache"], slice: ResourceSlice, old: ResourceSlice | undefined): string[] {
  const [now, before] = [driversOff(slice), old ? driversOff(old) : new Map<string, never>()];
  const changed = [...new Set([...now.keys(), ...before.keys()])].filter(
    (device) => !old || !deepEqual(now.get(device), before.get(device)),
  );
  return changed.flatMap((device) =>
    cache.informer(resourceclaims).indexed(BY_DEVICE, device).flatMap(holdersIn(cache)),
  );
}

const taintsOf = (cache: ControllerContext["cache"], device: DeviceId) =>
  newest(cache.informer(resourceslices).indexed(BY_POOL, `${device.driver}/${device.pool}`)).flatMap(
    (slice) => driversOff(slice).get(deviceKey(device)) ?? [],
  );

/** What a driver says anew of a pool, under a higher generation, stands above what it said before. */
function newest(slices: readonly ResourceSlice[]): readonly ResourceSlice[] {
  const last = Math.max(...slices.map(({ spec }) => Number(spec.pool.generation)));
  return slices.filter(({ spec }) => Number(spec.pool.generation) === last);
}

function slicesNow({ cache }: ControllerContext): ResourceSlice[] {
  const pools = Map.groupBy(cache.list(resourceslices), ({ spec }) => `${spec.driver}/${spec.pool.name}`);
  return [...pools.values()].flatMap(newest);
}

function claimsHeld(cache: ControllerContext["cache"], pod: Pod): ResourceClaim[] {
  const { metadata, spec, status } = pod;
  return (spec.resourceClaims ?? []).flatMap(({ name, resourceClaimName }) => {
    const made = status.resourceClaimStatuses?.find((each) => each.name === name)?.resourceClaimName;
    const claim = cache.get(resourceclaims, `${metadata.namespace}/${resourceClaimName ?? made}`);
    const holders = claim?.status?.reservedFor ?? [];
    const isHeld = holders.some((holder) => holder.uid === metadata.uid || isHeldByGroupOf(pod, holder));
    return claim && isHeld ? [claim] : [];
  });
}

/** Whether it was there to be ended. */
async function evict(pod: Pod, { client, clock, events }: ControllerContext): Promise<boolean> {
  events.as("device-taint-eviction").event(pod, "Normal", "DeviceTaintManagerEviction", "Marking for deletion");
  const message = "Device Taint manager: deleting due to NoExecute taint";
  const condition = disruptionTarget("DeletionByDeviceTaintManager", message, clock.now());
  if (!(await unlessGone(markDisrupted(client, pod, condition)))) return false;
  return await unlessGone(client.delete(pods, keyIn(pod), { preconditions: { uid: pod.metadata.uid } }));
}
