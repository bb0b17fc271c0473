/** Which volumes the pods of a node need to have attached: those of CSI drivers that attach at all, by their claims. */
import { createHash } from "node:crypto";
import { csidrivers, persistentvolumes } from "@kubets/api/generated/refs";
import type { PersistentVolume, Pod } from "@kubets/api/generated/types/core-v1";
import { isFinished } from "@kubets/api/pod/state";
import type { Cache } from "@kubets/client";
import { foundClaims } from "../pods/claims.ts";
import type { Needed } from "./plan.ts";

const SHARED_MODES: readonly string[] = ["ReadWriteMany", "ReadOnlyMany"];

export const uniqueName = ({ spec }: PersistentVolume): string | undefined =>
  spec.csi && `kubernetes.io/csi/${spec.csi.driver}^${spec.csi.volumeHandle}`;

/** The same for everybody, so that two copies make one attachment. */
export const attachmentName = ({ driver, volumeHandle }: NonNullable<PersistentVolume["spec"]["csi"]>, node: string) =>
  `csi-${createHash("sha256").update(`${volumeHandle}${driver}${node}`).digest("hex")}`;

/** One that is on its way out has them mounted until it is gone. */
export const needsVolumes = (pod: Pod): boolean => !isFinished(pod);

export function neededOf(cache: Cache, pods: readonly Pod[]): Map<string, Needed & { readonly pods: readonly Pod[] }> {
  const needed = new Map<string, Needed & { pods: Pod[] }>();
  for (const pod of pods.filter(needsVolumes))
    for (const { spec, status } of foundClaims(cache, pod)) {
      const volume =
        status.phase === "Bound" && spec.volumeName ? cache.get(persistentvolumes, spec.volumeName) : undefined;
      const name = volume && uniqueName(volume);
      const driver = volume?.spec.csi?.driver;
      if (!volume || !name || !driver || cache.get(csidrivers, driver)?.spec.attachRequired === false) continue;
      const modes = volume.spec.accessModes ?? [];
      const known = needed.get(volume.metadata.name);
      if (known) known.pods.push(pod);
      else
        needed.set(volume.metadata.name, {
          volume: volume.metadata.name,
          driver,
          uniqueName: name,
          shared: modes.length === 0 || modes.some((mode) => SHARED_MODES.includes(mode)),
          pods: [pod],
        });
    }
  return needed;
}
