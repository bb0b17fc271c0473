/** The pod resources API (v1) on its socket: which devices, CPUs and memory each container has, and what there is to be had. */
import { join } from "node:path";
import type { Pod } from "@kubets/api/generated/types/core-v1";
import { workingContainers } from "@kubets/api/pod/containers";
import {
  type ContainerDevices,
  type PodResources,
  PodResourcesLister,
} from "@kubets/wire/generated/kubelet/pod-resources";
import { GrpcError, type GrpcServer, grpcServer, serve } from "@kubets/wire/grpc";
import type { Init } from "@kubets/wire/proto";
import type { Disk } from "../disk/disk.ts";
import type { DynamicResources } from "../dra/dynamic-resources.ts";
import type { Allotment } from "./allotment.ts";
import type { Device } from "./devices/choose.ts";
import type { DevicePlugins } from "./devices/device-plugins.ts";
import type { NodeResources } from "./node-resources.ts";
import { freeCpus } from "./supply.ts";

interface PodResourcesOptions {
  readonly root: string;
  readonly disk: Disk;
  readonly resources: NodeResources;
  readonly plugins: DevicePlugins;
  readonly dynamicResources: DynamicResources;
  pods(): readonly Pod[];
}

export async function servePodResources(options: PodResourcesOptions): Promise<GrpcServer> {
  const { root, disk, resources, plugins, dynamicResources, pods } = options;
  const folder = join(root, "pod-resources");
  const socket = join(folder, "kubelet.sock");
  await disk.makeFolder(folder, 0o750);
  await disk.remove(socket);
  const of = (pod: Pod): Init<PodResources> => ({
    name: pod.metadata.name,
    namespace: pod.metadata.namespace,
    containers: workingContainers(pod.spec).map((container) => ({
      name: container.name,
      ...shown(resources.of(pod.metadata.uid)?.[container.name] ?? {}, (resource) => plugins.devices(resource) ?? []),
      dynamicResources: dynamicResources.of(pod, container).map(({ claim, devices }) => ({
        claimName: claim.name,
        claimNamespace: claim.namespace,
        claimResources: devices.map(({ driver, pool, device, shareId, cdiDevices }) => ({
          driverName: driver,
          poolName: pool,
          deviceName: device,
          shareId,
          cdiDevices: cdiDevices.map((name) => ({ name })),
        })),
      })),
    })),
  });
  return await grpcServer({
    listen: `unix:${socket}`,
    services: [
      serve(PodResourcesLister, {
        list: async () => ({ podResources: pods().map(of) }),
        async get({ podName, podNamespace }) {
          const found = pods().find(({ metadata }) => metadata.name === podName && metadata.namespace === podNamespace);
          if (!found) throw new GrpcError("UNKNOWN", `pod ${podName} in namespace ${podNamespace} not found`);
          return { podResources: of(found) };
        },
        async getAllocatableResources() {
          const { cpus, reservedCpus, nodes } = resources.supply;
          const all = plugins.amounts().flatMap(({ resource }) =>
            devicesOf(
              resource,
              (plugins.devices(resource) ?? []).filter(({ healthy }) => healthy),
            ),
          );
          const isStatic = resources.policies.memory === "Static";
          return {
            cpuIds: [...freeCpus(cpus, reservedCpus, [])],
            devices: all,
            memory: isStatic ? nodes.map(({ id, allocatable }) => memoryOf([id], allocatable)) : [],
          };
        },
      }),
    ],
  });
}

const shown = ({ cpus, memory, devices = {} }: Allotment, known: (resource: string) => readonly Device[]) => ({
  cpuIds: cpus ?? [],
  memory: memory ? [memoryOf(memory.nodes, memory.bytes)] : [],
  devices: Object.entries(devices).flatMap(([resource, ids]) => {
    const all = new Map(known(resource).map((device) => [device.id, device]));
    return devicesOf(
      resource,
      ids.map((id) => all.get(id) ?? { id, healthy: false, nodes: [] }),
    );
  }),
});

const memoryOf = (nodes: readonly number[], size: number) => ({
  memoryType: "memory",
  size,
  topology: { nodes: nodes.map((ID) => ({ ID })) },
});

/** Those that lie at the same place are told of together. */
const devicesOf = (resourceName: string, devices: readonly Device[]): Init<ContainerDevices>[] =>
  [...Map.groupBy(devices, ({ nodes }) => nodes.join(","))].map(([, group]) => {
    const nodes = group[0]?.nodes ?? [];
    return {
      resourceName,
      deviceIds: group.map(({ id }) => id),
      ...(nodes.length > 0 && { topology: { nodes: nodes.map((ID) => ({ ID })) } }),
    };
  });
