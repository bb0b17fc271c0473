/** Every kind of volume that this kubelet mounts. */
import { emptyDirVolume } from "./empty-dir.ts";
import { configMapVolume, downwardApiVolume, projectedVolume, secretVolume } from "./file-volumes.ts";
import { hostPathVolume } from "./host-path.ts";
import { nfsVolume } from "./nfs.ts";
import type { VolumePlugin } from "./volume.ts";

export const volumePlugins: readonly VolumePlugin[] = [
  emptyDirVolume,
  hostPathVolume,
  configMapVolume,
  secretVolume,
  downwardApiVolume,
  projectedVolume,
  nfsVolume,
];
