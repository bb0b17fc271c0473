/**
 * The storage drivers of this node: what each can do, and what the API is told of them (a CSINode and labels of the node).
 * Holds: a driver is known here only while its socket is there; a call to one that is not says so in the original's words.
 */
import type { Client } from "@kubets/client/client";
import type { Logger } from "@kubets/machinery";
import { type GrpcClient, grpcClient } from "@kubets/wire/grpc";
import type { Init, Method } from "@kubets/wire/proto";
import type { Plugin, PluginKind } from "../plugins/plugin-watcher.ts";
import { publishDriver, withdrawDriver } from "./csi-node.ts";
import { CAPABILITY, Node } from "./messages.ts";

export interface DriversOptions {
  readonly client: Pick<Client, "get" | "create" | "update" | "patch">;
  readonly nodeName: string;
  readonly log: Logger;
}

export class CsiDriver {
  readonly name: string;
  readonly #client: GrpcClient;
  readonly #can: ReadonlySet<number>;

  constructor(name: string, client: GrpcClient, can: ReadonlySet<number>) {
    this.name = name;
    this.#client = client;
    this.#can = can;
  }

  can(capability: keyof typeof CAPABILITY): boolean {
    return this.#can.has(CAPABILITY[capability]);
  }

  async call<Q, R>(method: Method<Q, R, "unary">, request: Init<Q>): Promise<R> {
    return await this.#client.unary(method, request, { timeoutMs: CALL_TIMEOUT_MS });
  }

  close(): void {
    this.#client.close();
  }
}

const CALL_TIMEOUT_MS = 120_000;
const FIRST_VERSION = "1.";

export class CsiDrivers implements PluginKind {
  readonly #options: DriversOptions;
  readonly #drivers = new Map<string, CsiDriver>();

  constructor(options: DriversOptions) {
    this.#options = options;
  }

  /** Throws when there is none of this name, with the original's word for what wants it. */
  get(name: string, step: "mounter.SetUpAt" | "Unmounter.TearDownAt"): CsiDriver {
    const driver = this.#drivers.get(name);
    if (!driver) {
      const why = `driver name ${name} not found in the list of registered CSI drivers`;
      throw new Error(`kubernetes.io/csi: ${step} failed to get CSI client: ${why}`);
    }
    return driver;
  }

  find(name: string): CsiDriver | undefined {
    return this.#drivers.get(name);
  }

  async register({ name, endpoint, versions }: Plugin): Promise<void> {
    if (!versions.some((version) => version.replace(/^v/, "").startsWith(FIRST_VERSION)))
      throw new Error(
        `CSI driver ${name} speaks ${versions.join(", ") || "no version"}; version 1 of the interface is wanted`,
      );
    const client = grpcClient({ target: `unix://${endpoint}` });
    try {
      const call = { timeoutMs: CALL_TIMEOUT_MS, waitForReady: true };
      const { capabilities } = await client.unary(Node.capabilities, {}, call);
      const info = await client.unary(Node.info, {}, call);
      if (!info.nodeId) throw new Error(`CSI driver ${name} gave no id of the node`);
      await publishDriver(this.#options.client, this.#options.nodeName, {
        name,
        nodeID: info.nodeId,
        topology: info.accessibleTopology?.segments ?? {},
        mostVolumes: Number(info.maxVolumesPerNode),
      });
      this.#drivers.get(name)?.close();
      this.#drivers.set(name, new CsiDriver(name, client, new Set(capabilities.flatMap(({ rpc }) => rpc?.type ?? []))));
    } catch (error) {
      client.close();
      throw error;
    }
  }

  async unregister({ name }: Plugin): Promise<void> {
    this.#drivers.get(name)?.close();
    this.#drivers.delete(name);
    const { client, nodeName, log } = this.#options;
    await withdrawDriver(client, nodeName, name).catch((error: unknown) =>
      log.warn("the API could not be told that a driver has gone", { driver: name, error }),
    );
  }
}
