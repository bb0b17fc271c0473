/**
 * A node holds only so many volumes of a CSI driver as its CSINode says; volumes that stand there already cost nothing more. A driver may
 * say that nothing of it goes where the CSINode does not name it: a new node would take any number before it has told.
 */
import {
  csidrivers,
  csinodes,
  persistentvolumeclaims,
  persistentvolumes,
  storageclasses,
} from "@kubets/api/generated/refs";
import type { Pod } from "@kubets/api/generated/types/core-v1";
import type { CSINodeDriver } from "@kubets/api/generated/types/storage-v1";
import type { Cache } from "@kubets/client/controller";
import { claimKeys } from "../../framework/claim-index.ts";
import { stateKey } from "../../framework/cycle-state.ts";
import type { PluginFactory } from "../../framework/handle.ts";

const NAME = "NodeVolumeLimits";
const FULL = { plugin: NAME, reasons: ["node(s) exceed max volume count"] };

/** Volumes by a name that two uses of one volume share, with their drivers. */
type Volumes = ReadonlyMap<string, string>;

const WANTED = stateKey<Volumes>(NAME);

export const nodeVolumeLimits: PluginFactory = ({ cache, featureGates }) => ({
  name: NAME,
  hints: [
    {
      events: ["csinode/add", "csinode/update", "pod/bound-delete", "pvc/add", "pvc/update", "volumeattachment/delete"],
    },
    { events: ["csidriver/update"] },
  ],
  preFilter(pod, _, state) {
    if (!pod.spec.volumes) return { skip: true };
    const wanted = volumesOf(pod, cache);
    if (wanted.size === 0) return { skip: true };
    state.set(WANTED, wanted);
    return undefined;
  },
  filter(_, { name, pods }, state) {
    const drivers = cache.get(csinodes, name)?.spec.drivers ?? [];
    const missing = featureGates.enabled("VolumeLimitScaling") && missingDriver(state.get(WANTED), drivers, cache);
    if (missing) return { plugin: NAME, reasons: [`${missing} CSI driver is not installed on the node`] };
    const limits = limitsOf(drivers);
    if (limits.size === 0) return undefined;
    const there = new Map<string, string>();
    for (const { pod } of pods)
      if (pod.spec.volumes) for (const [id, driver] of volumesOf(pod, cache)) there.set(id, driver);
    const counts = new Map<string, number>();
    for (const driver of there.values()) counts.set(driver, (counts.get(driver) ?? 0) + 1);
    for (const [id, driver] of state.get(WANTED) ?? []) {
      if (there.has(id)) continue;
      const count = (counts.get(driver) ?? 0) + 1;
      if (count > (limits.get(driver) ?? Infinity)) return FULL;
      counts.set(driver, count);
    }
    return undefined;
  },
});

/** The first that has to be on a node before its volumes are, and is not. */
function missingDriver(wanted: Volumes | undefined, there: readonly CSINodeDriver[], cache: Cache): string | undefined {
  return wanted
    ?.values()
    .find(
      (driver) =>
        cache.get(csidrivers, driver)?.spec.preventPodSchedulingIfMissing && !there.some(({ name }) => name === driver),
    );
}

function limitsOf(drivers: readonly CSINodeDriver[]): Map<string, number> {
  const limits = new Map<string, number>();
  for (const { name, allocatable } of drivers)
    if (allocatable?.count !== undefined) limits.set(name, allocatable.count);
  return limits;
}

/** A claim that is not bound yet counts for the driver that its class will use. */
function volumesOf(pod: Pod, cache: Cache): Volumes {
  const volumes = new Map<string, string>();
  for (const key of claimKeys(pod)) {
    const claim = cache.get(persistentvolumeclaims, key);
    const csi = cache.get(persistentvolumes, claim?.spec.volumeName ?? "")?.spec.csi;
    if (csi) volumes.set(`${csi.driver}/${csi.volumeHandle}`, csi.driver);
    else if (claim && !claim.spec.volumeName) {
      const driver = cache.get(storageclasses, claim.spec.storageClassName ?? "")?.provisioner;
      if (driver) volumes.set(`${driver}//${key}`, driver);
    }
  }
  return volumes;
}
