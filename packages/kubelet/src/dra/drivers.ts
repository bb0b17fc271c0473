/**
 * The drivers of dynamically allocated resources on this node.
 * Holds: when a driver has been gone for a while the API is told that its devices are: they would be given out in vain.
 */
import { resourceslices } from "@kubets/api/generated/refs";
import type { Client } from "@kubets/client/client";
import type { Clock, Logger, Timer } from "@kubets/machinery";
import * as v1 from "@kubets/wire/generated/kubelet/dra";
import * as v1beta1 from "@kubets/wire/generated/kubelet/dra-v1beta1";
import { type GrpcClient, grpcClient } from "@kubets/wire/grpc";
import type { Plugin, PluginKind } from "../plugins/plugin-watcher.ts";
import type { PreparedDevice } from "./claims.ts";
import type { DeviceHealth } from "./device-health.ts";

export interface DraDriversOptions {
  readonly client: Pick<Client, "deleteCollection">;
  readonly nodeName: string;
  readonly clock: Clock;
  readonly log: Logger;
  readonly health: DeviceHealth;
}

interface ClaimName {
  readonly namespace: string;
  readonly name: string;
  readonly uid: string;
}

interface Driver {
  readonly client: GrpcClient;
  readonly service: typeof v1.DRAPlugin | typeof v1beta1.DRAPlugin;
  readonly endpoint: string;
}

const FORGET_MS = 30_000;
const TIMEOUT_MS = 45_000;

export class DraDrivers implements PluginKind {
  readonly #options: DraDriversOptions;
  readonly #drivers = new Map<string, Driver>();
  readonly #forgetting = new Map<string, Timer>();

  constructor(options: DraDriversOptions) {
    this.#options = options;
  }

  async register({ name, endpoint, versions }: Plugin): Promise<void> {
    const service = versions.includes("v1.DRAPlugin")
      ? v1.DRAPlugin
      : versions.includes("v1beta1.DRAPlugin")
        ? v1beta1.DRAPlugin
        : undefined;
    if (!service)
      throw new Error(
        `DRA driver ${name} speaks ${versions.join(", ") || "nothing"}; v1.DRAPlugin or v1beta1.DRAPlugin is wanted`,
      );
    this.#forgetting.get(name)?.cancel();
    this.#drivers.get(name)?.client.close();
    const client = grpcClient({ target: `unix://${endpoint}` });
    this.#drivers.set(name, { client, service, endpoint });
    this.#options.health.follow(name, client);
  }

  async unregister({ name, endpoint }: Plugin): Promise<void> {
    const driver = this.#drivers.get(name);
    // A newer instance may have taken over before the older one went.
    if (driver?.endpoint !== endpoint) return;
    this.#options.health.forget(name);
    driver.client.close();
    this.#drivers.delete(name);
    const { clock, client, nodeName, log } = this.#options;
    const forget = () => {
      const fieldSelector = `spec.nodeName=${nodeName},spec.driver=${name}`;
      client
        .deleteCollection(resourceslices, { fieldSelector })
        .catch((error: unknown) =>
          log.warn("the devices of a driver that has gone could not be withdrawn", { driver: name, error }),
        );
    };
    this.#forgetting.set(name, clock.after(FORGET_MS, forget));
  }

  async prepare(name: string, claim: ClaimName): Promise<PreparedDevice[]> {
    const { client, service } = this.#driver(name);
    const { claims } = await client.unary(service.nodePrepareResources, { claims: [claim] }, { timeoutMs: TIMEOUT_MS });
    const answer = claims[claim.uid];
    if (!answer) throw new Error(`DRA driver ${name} said nothing of the claim ${claim.namespace}/${claim.name}`);
    if (answer.error) throw new Error(answer.error);
    return answer.devices.map((device) => ({
      driver: name,
      pool: device.poolName,
      device: device.deviceName,
      shareId: "shareId" in device ? String(device.shareId) : "",
      requests: device.requestNames,
      cdiDevices: device.cdiDeviceIds,
    }));
  }

  async unprepare(name: string, claim: ClaimName): Promise<void> {
    const { client, service } = this.#driver(name);
    const { claims } = await client.unary(
      service.nodeUnprepareResources,
      { claims: [claim] },
      { timeoutMs: TIMEOUT_MS },
    );
    const { error } = claims[claim.uid] ?? {};
    if (error) throw new Error(error);
  }

  close(): void {
    this.#options.health.close();
    for (const timer of this.#forgetting.values()) timer.cancel();
    for (const { client } of this.#drivers.values()) client.close();
  }

  #driver(name: string): Driver {
    const driver = this.#drivers.get(name);
    if (!driver) throw new Error(`DRA driver ${name} is not registered`);
    return driver;
  }
}
