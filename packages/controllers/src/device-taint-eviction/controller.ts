/**
 * Ends pods that hold a device which bears a NoExecute taint, as far as their claims do not tolerate it.
 * Owns: the end of such pods. Watches: pods, claims, slices (whose devices are told with their taints).
 * Holds: a taint that goes in time, or a claim that is given up, stops it.
 */
import { pods, resourceclaims, resourceslices } from "@kubets/api/generated/refs";
import type { Pod } from "@kubets/api/generated/types/core-v1";
import type { ResourceClaim, ResourceSlice } from "@kubets/api/generated/types/resource-v1";
import { isFinished } from "@kubets/api/pod/state";
import { type Controller, type ControllerContext, keyOf, onRelated, type Requeue } from "@kubets/client";
import { deepEqual } from "@kubets/machinery";
import { unlessGone } from "../error-text.ts";
import { keyIn } from "../keys.ts";
import { disruptionTarget, markDisrupted } from "../pods/disruption-target.ts";
import { type DeviceId, deviceKey, devicesOf, driversOff, leavesAt } from "./plan.ts";

const BY_DEVICE = "device";
const BY_POOL = "pool";
const WORKERS = 10;

export function deviceTaintEviction(): Controller {
  /** Pods whose time runs. */
  const waiting = new Set<string>();

  async function reconcile(key: string, context: ControllerContext): Promise<Requeue | void> {
    const { cache, clock, events } = context;
    const pod = cache.get(pods, key);
    const lives = pod && !pod.metadata.deletionTimestamp && !isFinished(pod) ? pod : undefined;
    const at = lives && leavesAt(claimsHeld(cache, lives), (device) => taintsOf(cache, device));
    if (!lives || at === undefined) {
      if (waiting.delete(key) && lives)
        events.as("device-taint-eviction").event(lives, "Normal", "DeviceTaintManagerEviction", "Cancelling deletion");
      return undefined;
    }
    if (at > clock.now()) {
      waiting.add(key);
      return { requeueAfterMs: at - clock.now() };
    }
    waiting.delete(key);
    await evict(lives, context);
    return undefined;
  }

  return {
    name: "device-taint-eviction",
    workers: WORKERS,
    watches: [
      onRelated(pods, (pod) => (pod.spec.resourceClaims?.length ? [keyOf(pod)] : [])),
      onRelated(resourceclaims, (claim, old) => [...holdersOf(claim), ...(old ? holdersOf(old) : [])]),
      onRelated(resourceslices, (slice, old, { cache }) => concerned(cache, slice, old)),
    ],
    start({ cache }) {
      cache.informer(resourceclaims).addIndex(BY_DEVICE, (claim) => devicesOf(claim).map(deviceKey));
      cache.informer(resourceslices).addIndex(BY_POOL, ({ spec }) => [`${spec.driver}/${spec.pool.name}`]);
    },
    reconcile,
  };
}

const holdersOf = ({ metadata, status }: ResourceClaim): string[] =>
  (status?.reservedFor ?? []).flatMap(({ resource, name }) =>
    resource === "pods" ? [`${metadata.namespace}/${name}`] : [],
  );

/** The pods that hold a device whose taints are others now. */
function concerned(cache: ControllerContext["cache"], slice: ResourceSlice, old: ResourceSlice | undefined): string[] {
  const [now, before] = [driversOff(slice), old ? driversOff(old) : new Map<string, never>()];
  const changed = [...new Set([...now.keys(), ...before.keys()])].filter(
    (device) => !old || !deepEqual(now.get(device), before.get(device)),
  );
  return changed.flatMap((device) => cache.informer(resourceclaims).indexed(BY_DEVICE, device).flatMap(holdersOf));
}

/** What a driver says anew of a pool, under a higher generation, stands above what it said before. */
function taintsOf(cache: ControllerContext["cache"], device: DeviceId) {
  const slices = cache.informer(resourceslices).indexed(BY_POOL, `${device.driver}/${device.pool}`);
  const newest = Math.max(...slices.map(({ spec }) => Number(spec.pool.generation)));
  const current = slices.filter(({ spec }) => Number(spec.pool.generation) === newest);
  return current.flatMap((slice) => driversOff(slice).get(deviceKey(device)) ?? []);
}

function claimsHeld(cache: ControllerContext["cache"], { metadata, spec, status }: Pod): ResourceClaim[] {
  return (spec.resourceClaims ?? []).flatMap(({ name, resourceClaimName }) => {
    const made = status.resourceClaimStatuses?.find((each) => each.name === name)?.resourceClaimName;
    const claim = cache.get(resourceclaims, `${metadata.namespace}/${resourceClaimName ?? made}`);
    return claim?.status?.reservedFor?.some(({ uid }) => uid === metadata.uid) ? [claim] : [];
  });
}

async function evict(pod: Pod, { client, clock, events }: ControllerContext): Promise<void> {
  events.as("device-taint-eviction").event(pod, "Normal", "DeviceTaintManagerEviction", "Marking for deletion");
  const message = "Device Taint manager: deleting due to NoExecute taint";
  const condition = disruptionTarget("DeletionByDeviceTaintManager", message, clock.now());
  if (!(await unlessGone(markDisrupted(client, pod, condition)))) return;
  await unlessGone(client.delete(pods, keyIn(pod), { preconditions: { uid: pod.metadata.uid } }));
}
