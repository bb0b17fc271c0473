/**
 * Plugins that offer devices of the node (v1beta1): each registers at the kubelet's socket, and is then asked what it has and told what is used.
 * Holds: a plugin that has gone leaves its devices unhealthy for a while, for it may be back; then the resource is gone. A plugin that registers
 * again takes the place of the one before.
 */
import { join } from "node:path";
import type { Clock, Logger, Timer } from "@kubets/machinery";
import {
  type ContainerAllocateResponse,
  DevicePlugin,
  Registration,
} from "@kubets/wire/generated/kubelet/device-plugin";
import { type GrpcClient, GrpcError, type GrpcServer, grpcClient, grpcServer, serve } from "@kubets/wire/grpc";
import type { Disk } from "../../disk/disk.ts";
import type { ContainerExtras } from "../allotment.ts";
import type { Device } from "./choose.ts";

interface DevicePluginsOptions {
  readonly folder: string;
  readonly disk: Disk;
  readonly clock: Clock;
  readonly log: Logger;
  readonly signal: AbortSignal;
  /** What the node has of some resource is other than before. */
  changed(): void;
}

interface Endpoint {
  readonly resource: string;
  readonly client: GrpcClient;
  readonly stop: AbortController;
  readonly prefers: boolean;
  readonly preStart: boolean;
  devices: readonly Device[];
  goneTimer?: Timer;
}

const VERSION = "v1beta1";
const FORGET_MS = 5 * 60_000;
const TIMEOUT_MS = 30_000;

export class DevicePlugins {
  readonly #options: DevicePluginsOptions;
  readonly #endpoints = new Map<string, Endpoint>();
  readonly #known = new Set<string>();
  #server: GrpcServer | undefined;

  constructor(options: DevicePluginsOptions) {
    this.#options = options;
  }

  /** Plugins that were there before register again when they see the socket made anew. */
  async start(): Promise<void> {
    const { folder, disk, signal } = this.#options;
    await disk.makeFolder(folder, 0o750);
    for (const name of await disk.list(folder))
      if ((await disk.stat(join(folder, name)))?.kind === "socket") await disk.remove(join(folder, name));
    this.#server = await grpcServer({
      listen: `unix:${join(folder, "kubelet.sock")}`,
      services: [
        serve(Registration, {
          register: async ({ version, endpoint, resourceName, options }) => {
            if (version !== VERSION)
              throw new GrpcError(
                "INVALID_ARGUMENT",
                `requested API version ${JSON.stringify(version)} is not supported by kubelet. Supported version is ["${VERSION}"]`,
              );
            if (!/^[^/]+\/[^/]+$/.test(resourceName) || /(^|\.)kubernetes\.io\//.test(resourceName))
              throw new GrpcError(
                "INVALID_ARGUMENT",
                `the ResourceName ${JSON.stringify(resourceName)} is invalid: the name of an extended resource is wanted`,
              );
            this.#add(resourceName, join(folder, endpoint), options);
            return {};
          },
        }),
      ],
    });
    signal.addEventListener("abort", () => void this.#close());
  }

  /** Undefined for a resource that no plugin offers. */
  devices(resource: string): readonly Device[] | undefined {
    return this.#endpoints.get(resource)?.devices;
  }

  /** Of each resource how much there is, and how much of it can be used; nothing of those that are gone. */
  amounts(): { resource: string; capacity: number; allocatable: number }[] {
    return [...this.#known].map((resource) => {
      const devices = this.devices(resource) ?? [];
      return { resource, capacity: devices.length, allocatable: devices.filter(({ healthy }) => healthy).length };
    });
  }

  /** What the plugin would choose of these; the choice stands when it has no say. */
  async preferred(
    resource: string,
    available: readonly string[],
    must: readonly string[],
    count: number,
  ): Promise<readonly string[] | undefined> {
    const endpoint = this.#endpoints.get(resource);
    if (!endpoint?.prefers) return undefined;
    const request = { availableDeviceIDs: available, mustIncludeDeviceIDs: must, allocationSize: count };
    const { containerResponses } = await endpoint.client.unary(
      DevicePlugin.getPreferredAllocation,
      { containerRequests: [request] },
      { timeoutMs: TIMEOUT_MS },
    );
    const chosen = containerResponses[0]?.deviceIDs ?? [];
    const isPossible = chosen.length === count && new Set(chosen).size === count;
    const isAllowed = chosen.every((id) => available.includes(id)) && must.every((id) => chosen.includes(id));
    return isPossible && isAllowed ? chosen : undefined;
  }

  async allocate(resource: string, ids: readonly string[]): Promise<ContainerExtras> {
    const { client } = this.#endpoint(resource);
    const { containerResponses } = await client.unary(
      DevicePlugin.allocate,
      { containerRequests: [{ devicesIds: ids }] },
      { timeoutMs: TIMEOUT_MS },
    );
    return extrasOf(containerResponses[0]);
  }

  /** Tells the plugin that a container is about to start, when it wants to know. */
  async preStart(resource: string, ids: readonly string[]): Promise<void> {
    const endpoint = this.#endpoint(resource);
    if (endpoint.preStart)
      await endpoint.client.unary(DevicePlugin.preStartContainer, { devicesIds: ids }, { timeoutMs: TIMEOUT_MS });
  }

  #endpoint(resource: string): Endpoint {
    const endpoint = this.#endpoints.get(resource);
    if (!endpoint) throw new Error(`no device plugin offers ${resource}`);
    return endpoint;
  }

  #add(
    resource: string,
    socket: string,
    options: { preStartRequired: boolean; getPreferredAllocationAvailable: boolean } | undefined,
  ): void {
    const before = this.#endpoints.get(resource);
    before?.stop.abort();
    before?.goneTimer?.cancel();
    const endpoint: Endpoint = {
      resource,
      client: grpcClient({ target: `unix://${socket}` }),
      stop: new AbortController(),
      prefers: options?.getPreferredAllocationAvailable ?? false,
      preStart: options?.preStartRequired ?? false,
      devices: before?.devices ?? [],
    };
    this.#endpoints.set(resource, endpoint);
    this.#known.add(resource);
    this.#options.log.info("a device plugin is registered", { resource });
    void this.#follow(endpoint);
  }

  async #follow(endpoint: Endpoint): Promise<void> {
    const { signal, log, changed, clock } = this.#options;
    const stop = AbortSignal.any([signal, endpoint.stop.signal]);
    try {
      const lists = endpoint.client.serverStream(DevicePlugin.listAndWatch, {}, { signal: stop, waitForReady: true });
      for await (const { devices } of lists) {
        endpoint.devices = devices.map(({ ID, health, topology }) => ({
          id: ID,
          healthy: health === "Healthy",
          nodes: (topology?.nodes ?? []).map((node) => Number(node.ID)),
        }));
        changed();
      }
    } catch (error) {
      if (!stop.aborted) log.info("a device plugin broke off", { resource: endpoint.resource, error });
    }
    endpoint.client.close();
    if (stop.aborted || this.#endpoints.get(endpoint.resource) !== endpoint) return;
    endpoint.devices = endpoint.devices.map((device) => ({ ...device, healthy: false }));
    changed();
    endpoint.goneTimer = clock.after(FORGET_MS, () => {
      if (this.#endpoints.get(endpoint.resource) === endpoint) this.#endpoints.delete(endpoint.resource);
      changed();
    });
  }

  async #close(): Promise<void> {
    for (const { client, goneTimer } of this.#endpoints.values()) {
      goneTimer?.cancel();
      client.close();
    }
    await this.#server?.close();
  }
}

const extrasOf = (response: ContainerAllocateResponse | undefined): ContainerExtras => ({
  envs: response?.envs ?? {},
  mounts: (response?.mounts ?? []).map(({ containerPath, hostPath, readOnly }) => ({
    containerPath,
    hostPath,
    readOnly,
  })),
  devices: (response?.devices ?? []).map(({ containerPath, hostPath, permissions }) => ({
    containerPath,
    hostPath,
    permissions: permissions || "mrw",
  })),
  annotations: response?.annotations ?? {},
  cdiDevices: (response?.cdiDevices ?? []).map(({ name }) => name),
});
