/** The resources of a node, put together: what its configuration wants of the machine, its device plugins, and what was given out before. */
import { join } from "node:path";
import type { Clock, Logger } from "@kubets/machinery";
import { isOpen } from "@kubets/machinery/given-gates";
import type { MetricsRegistry } from "@kubets/machinery/metrics";
import type { KubeletConfig } from "../config.ts";
import type { Disk } from "../disk/disk.ts";
import type { MachineFacts } from "../node/machine.ts";
import type { RuntimeCache } from "../pod-workers/runtime-cache.ts";
import type { Runtime } from "../runtime/runtime.ts";
import { AllotmentStore } from "./allotment.ts";
import { AllotmentCounts } from "./allotment-counts.ts";
import { DevicePlugins } from "./devices/device-plugins.ts";
import type { MachineTopology } from "./machine-topology.ts";
import { NodeResources } from "./node-resources.ts";
import { policiesOf, supplyOf } from "./policies.ts";

export interface ResourceParts {
  readonly config: KubeletConfig;
  readonly machine: MachineFacts;
  readonly topology?: MachineTopology;
  readonly root: string;
  readonly disk: Disk;
  readonly clock: Clock;
  readonly log: Logger;
  readonly signal: AbortSignal;
  readonly runtime: Runtime;
  readonly registry: MetricsRegistry;
  cache(): RuntimeCache;
  /** What there is of some resource has changed. */
  changed(): void;
  /** A pod is to be looked at again. */
  wake(uid: string): void;
}

export function nodeResources(parts: ResourceParts) {
  const { config, machine, root, disk, clock, log, signal } = parts;
  const tellsHealth = isOpen("ResourceHealthStatus", config.file.featureGates);
  const policies = policiesOf(config);
  const store = new AllotmentStore(disk, root);
  const changed = () => {
    parts.changed();
    if (tellsHealth) for (const [uid] of store.all()) parts.wake(uid);
  };
  const plugins = new DevicePlugins({ folder: join(root, "device-plugins"), disk, clock, log, signal, changed });
  const running = () =>
    parts
      .cache()
      .all()
      .flatMap(([uid, { containers }]) =>
        containers.flatMap(({ name, id, phase }) => (phase === "running" ? [{ uid, name, id }] : [])),
      );
  const supply = supplyOf(config, policies, machine, parts.topology ?? flat(machine));
  const { runtime } = parts;
  const counts = policies.podLevel ? new AllotmentCounts(parts.registry) : undefined;
  const resources = new NodeResources({ policies, supply, plugins, store, runtime, log, tellsHealth, counts, running });
  return { resources, plugins, store };
}

/** A machine of which only the size is known. */
const flat = ({ cpuMilli, memoryBytes }: MachineFacts): MachineTopology => ({
  cpus: Array.from({ length: Math.floor(cpuMilli / 1000) }, (_, id) => ({
    id,
    core: id,
    socket: 0,
    node: 0,
    cache: 0,
  })),
  nodes: [{ id: 0, memoryBytes }],
});
