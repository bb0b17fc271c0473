/**
 * All that programs of the machine add to its kubelet, put together: storage drivers, drivers of claimed devices, device plugins; and who is told what
 * containers have of them.
 * Holds: what was given out before is known from `load` on; nobody can register before `start`.
 */
import { join } from "node:path";
import type { Pod } from "@kubets/api/generated/types/core-v1";
import { isOpen } from "@kubets/machinery/given-gates";
import { CsiVolumes, type CsiVolumesOptions } from "../csi/csi-volumes.ts";
import { CsiDrivers, type DriversOptions } from "../csi/drivers.ts";
import { VolumesInUse } from "../csi/volumes-in-use.ts";
import { DeviceHealth } from "../dra/device-health.ts";
import { DraDrivers, type DraDriversOptions } from "../dra/drivers.ts";
import { DynamicResources } from "../dra/dynamic-resources.ts";
import { nodeResources, type ResourceParts } from "../resources/assemble.ts";
import { servePodResources } from "../resources/pod-resources.ts";
import { PluginWatcher } from "./plugin-watcher.ts";

type NodePluginsOptions = Omit<CsiVolumesOptions, "drivers" | "inUse"> &
  DriversOptions &
  Omit<DraDriversOptions, "health"> &
  Omit<ResourceParts, "root">;

export function nodePlugins(options: NodePluginsOptions) {
  const { paths, disk, log, clock, signal } = options;
  const { root } = paths;
  const { resources, plugins, store } = nodeResources({ ...options, root });
  const csiDrivers = new CsiDrivers(options);
  const volumesInUse = new VolumesInUse(options.changed);
  const csi = new CsiVolumes({ ...options, drivers: csiDrivers, inUse: volumesInUse });
  const { featureGates } = options.config.file;
  const health = new DeviceHealth({
    clock,
    log,
    tells: {
      health: isOpen("ResourceHealthStatus", featureGates),
      message: isOpen("ResourceHealthStatusMessage", featureGates),
    },
    changed: (driver) => dynamicResources.podsOf(driver).forEach(options.wake),
  });
  const hasGroups = isOpen("DRAWorkloadResourceClaims", featureGates);
  const draDrivers = new DraDrivers({ ...options, health });
  const dynamicResources = new DynamicResources({ ...options, drivers: draDrivers, health, root, hasGroups });
  const kinds = { CSIPlugin: csiDrivers, DRAPlugin: draDrivers };
  const watcher = new PluginWatcher({ folder: join(root, "plugins_registry"), kinds, disk, clock, log, signal });
  return {
    resources,
    dynamicResources,
    csi,
    volumesInUse,
    devices: () => plugins.amounts(),

    async load(): Promise<void> {
      await Promise.all([store.load(), dynamicResources.load(), csi.load()]);
    },

    async start(pods: () => readonly Pod[]): Promise<void> {
      await watcher.start();
      await plugins.start();
      const served = await servePodResources({ root, disk, resources, dynamicResources, plugins, pods });
      signal.addEventListener("abort", () => {
        draDrivers.close();
        void served.close();
      });
    },
  };
}
