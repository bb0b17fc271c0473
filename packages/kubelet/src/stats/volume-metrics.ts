/** How full the volumes behind claims are, and whether they are well, as `kubelet_volume_stats_*`. */
import type { MetricsRegistry } from "@kubets/machinery/metrics";
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

/** The result takes what is so when the metrics are asked for. */
export function volumeMetrics(registry: MetricsRegistry): (volumes: readonly VolumeReading[]) => void {
  const labels = ["namespace", "persistentvolumeclaim"];
  const figures = FIGURES.map(([name, help, of]) => {
    const family = registry.gauge({ name: `kubelet_volume_stats_${name}`, help, labels });
    return { family, of };
  });
  return (volumes) => {
    for (const { family, of } of figures) {
      family.clear();
      for (const volume of volumes) {
        const value = of(volume);
        if (volume.claim && value !== undefined) family.values(volume.claim.namespace, volume.claim.name).set(value);
      }
    }
  };
}
