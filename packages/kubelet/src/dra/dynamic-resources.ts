/**
 * Claims of pods on this node: made ready by their drivers before the pod begins, given back when the last pod that uses them has ended.
 * Holds: what was made ready is on the disk before any container has it, so that it is given back also after a crash; pods are dealt with one after
 * the other.
 */
import { join } from "node:path";
import { resourceclaims } from "@kubets/api/generated/refs";
import type { Container, Pod, ResourceStatus } from "@kubets/api/generated/types/core-v1";
import type { Client } from "@kubets/client/client";
import { KeyedQueue } from "../csi/keyed-queue.ts";
import { type Disk, isMissing } from "../disk/disk.ts";
import {
  claimsOf,
  devicesOf,
  driversOf,
  type PreparedClaim,
  type PreparedDevice,
  type UsedClaim,
  whyNotUsable,
} from "./claims.ts";
import type { DeviceHealth } from "./device-health.ts";
import type { DraDrivers } from "./drivers.ts";

interface DynamicResourcesOptions {
  readonly client: Pick<Client, "get">;
  readonly drivers: DraDrivers;
  readonly health: DeviceHealth;
  readonly disk: Disk;
  readonly root: string;
  /** Groups hold claims for their pods. */
  readonly hasGroups: boolean;
}

const FILE = "prepared-claims.json";
const ALL = "all";

export class DynamicResources {
  readonly #options: DynamicResourcesOptions;
  readonly #queue = new KeyedQueue();
  #claims = new Map<string, PreparedClaim>();

  constructor(options: DynamicResourcesOptions) {
    this.#options = options;
  }

  async load(): Promise<void> {
    const { disk, root } = this.#options;
    try {
      const found = JSON.parse((await disk.readFile(join(root, FILE))).toString()) as PreparedClaim[];
      this.#claims = new Map(found.map((claim) => [claim.uid, claim]));
    } catch (error) {
      if (!isMissing(error)) throw error;
    }
  }

  /** Resolves when everything that the pod claims is ready. */
  async prepare(pod: Pod): Promise<void> {
    const wanted = claimsOf(pod);
    if (wanted.length > 0)
      await this.#queue.run(ALL, async () => {
        for (const { name } of wanted) await this.#prepareOne(pod, name);
      });
  }

  of(pod: Pod, container: Container): UsedClaim[] {
    return devicesOf(pod, container, (name) => this.#find(pod, name));
  }

  /** How the devices are that a container has by claims. */
  healthOf(pod: Pod, container: Container): ResourceStatus[] {
    const { health } = this.#options;
    // Of a pod that has nothing yet the claims may not even be made.
    if (!health.isTold || !this.#has(pod.metadata.uid)) return [];
    return this.of(pod, container).map(({ called, devices }) => ({
      name: called,
      resources: devices.map(({ driver, pool, device, cdiDevices }) => ({
        resourceID: cdiDevices[0] ?? `${driver}/${pool}/${device}`,
        ...health.of(driver, pool, device),
      })),
    }));
  }

  /** Uids of the pods that have devices of a driver. */
  podsOf(driver: string): string[] {
    return [...this.#claims.values()].flatMap(({ drivers, pods }) => (drivers.includes(driver) ? pods : []));
  }

  cdiDevices(pod: Pod, container: Container): string[] {
    const ids = this.of(pod, container).flatMap(({ devices }) => devices.flatMap(({ cdiDevices }) => cdiDevices));
    return [...new Set(ids)];
  }

  /** The pod has ended. */
  async release(uid: string): Promise<void> {
    if (!this.#has(uid)) return;
    await this.#queue.run(ALL, async () => {
      for (const claim of this.#claims.values()) {
        if (!claim.pods.includes(uid)) continue;
        const pods = claim.pods.filter((each) => each !== uid);
        if (pods.length === 0) {
          for (const driver of claim.drivers) await this.#options.drivers.unprepare(driver, named(claim));
          this.#claims.delete(claim.uid);
        } else this.#claims.set(claim.uid, { ...claim, pods });
        await this.#save();
      }
    });
  }

  #has(uid: string): boolean {
    return [...this.#claims.values()].some(({ pods }) => pods.includes(uid));
  }

  #find({ metadata }: Pod, name: string): PreparedClaim | undefined {
    return [...this.#claims.values()].find(
      (claim) => claim.namespace === metadata.namespace && claim.name === name && claim.pods.includes(metadata.uid),
    );
  }

  async #prepareOne(pod: Pod, name: string): Promise<void> {
    if (this.#find(pod, name)) return;
    const { namespace, uid: podUid } = pod.metadata;
    const found = await this.#options.client.get(resourceclaims, { namespace, name });
    const problem = whyNotUsable(pod, found, this.#options.hasGroups);
    if (problem) throw new Error(problem);
    const { uid } = found.metadata;
    const known = this.#claims.get(uid);
    if (known) this.#claims.set(uid, { ...known, pods: [...known.pods, podUid] });
    else {
      const drivers = driversOf(found);
      // Noted first: a driver that was asked is asked to take it back.
      const claim = { namespace, name, uid, pods: [podUid], drivers, devices: [] };
      await this.#keep(claim);
      const devices: PreparedDevice[] = [];
      try {
        for (const driver of drivers) devices.push(...(await this.#options.drivers.prepare(driver, named(claim))));
      } catch (error) {
        // It is tried again from its beginning; drivers take being asked twice.
        this.#claims.delete(uid);
        throw error;
      }
      await this.#keep({ ...claim, devices });
    }
    await this.#save();
  }

  async #keep(claim: PreparedClaim): Promise<void> {
    this.#claims.set(claim.uid, claim);
    await this.#save();
  }

  async #save(): Promise<void> {
    const { disk, root } = this.#options;
    const path = join(root, FILE);
    await disk.writeFile(`${path}.next`, JSON.stringify([...this.#claims.values()]), 0o600);
    await disk.rename(`${path}.next`, path);
  }
}

const named = ({ namespace, name, uid }: PreparedClaim) => ({ namespace, name, uid });
