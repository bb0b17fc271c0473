/** How full the volumes behind claims are, and whether they are well, as `kubelet_volume_stats_*`. Pure. */
import { exposition, type FigureFamily } from "./exposition.ts";
import type { VolumeReading } from "./volume-usage.ts";

const FIGURES: readonly [name: string, help: string, of: (volume: VolumeReading) => number | undefined][] = [
  ["available_bytes", "Number of available bytes in the volume", ({ availableBytes }) => availableBytes],
  ["capacity_bytes", "Capacity in bytes of the volume", ({ capacityBytes }) => capacityBytes],
  ["used_bytes", "Number of used bytes in the volume", ({ usedBytes }) => usedBytes],
  ["inodes", "Maximum number of inodes in the volume", ({ inodes }) => inodes],
  ["inodes_free", "Number of free inodes in the volume", ({ inodesFree }) => inodesFree],
  ["inodes_used", "Number of used inodes in the volume", ({ inodesUsed }) => inodesUsed],
  [
    "health_status_abnormal",
    "Abnormal volume health status. The count is either 1 or 0. 1 indicates the volume is unhealthy, 0 indicates volume is healthy",
    ({ abnormal }) => (abnormal === undefined ? undefined : Number(abnormal)),
  ],
];

export const volumeMetrics = (volumes: readonly VolumeReading[]): string =>
  exposition(
    FIGURES.map(
      ([name, help, of]): FigureFamily => ({
        name: `kubelet_volume_stats_${name}`,
        kind: "gauge",
        help,
        samples: volumes.flatMap((volume) => {
          const { claim } = volume;
          if (!claim) return [];
          return [{ labels: { namespace: claim.namespace, persistentvolumeclaim: claim.name }, value: of(volume) }];
        }),
      }),
    ),
  );
