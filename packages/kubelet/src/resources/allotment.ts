/**
 * What containers were given for themselves: CPUs, memory of NUMA nodes, devices. Kept in one file, so that a later kubelet goes on with it.
 * Holds: what is in here is taken, and what is not is free; there is no other account.
 */
import { dirname, join } from "node:path";
import { type Disk, isMissing } from "../disk/disk.ts";

export interface Allotment {
  readonly cpus?: readonly number[];
  /** Those that it had at its beginning, where a resize gave it others since. */
  readonly promised?: readonly number[];
  readonly memory?: { readonly nodes: readonly number[]; readonly bytes: number };
  /** Ids by resource. */
  readonly devices?: Readonly<Record<string, readonly string[]>>;
  readonly extras?: ContainerExtras;
  /** It ends before others of its pod begin: they may have it after. */
  readonly passedOn?: boolean;
  /** CPUs and memory are a part of what the pod has as a whole. */
  readonly ofPod?: boolean;
  /** Its CPUs are not its own: others of its pod have them too. */
  readonly sharesCpus?: boolean;
  readonly sharesMemory?: boolean;
}

/** What a container gets from the plugins of its devices. */
export interface ContainerExtras {
  readonly envs: Readonly<Record<string, string>>;
  readonly mounts: readonly { readonly containerPath: string; readonly hostPath: string; readonly readOnly: boolean }[];
  readonly devices: readonly {
    readonly containerPath: string;
    readonly hostPath: string;
    readonly permissions: string;
  }[];
  readonly annotations: Readonly<Record<string, string>>;
  readonly cdiDevices: readonly string[];
}

export const noExtras: ContainerExtras = { envs: {}, mounts: [], devices: [], annotations: {}, cdiDevices: [] };

/** By container, and what the pod has as a whole. */
export type PodAllotments = Readonly<Record<string, Allotment>>;

/** What the pod has as a whole stands where no container can. */
export const POD_POOL = "";

/** What is taken by it that is not taken by its pod already. */
const counted = ({ devices, ...allotment }: Allotment): Allotment =>
  allotment.ofPod ? { ...(devices && { devices }) } : { ...(devices && { devices }), ...allotment };

const FILE = "allotments.json";

export class AllotmentStore {
  readonly #disk: Disk;
  readonly #path: string;
  #pods = new Map<string, PodAllotments>();
  #writing: Promise<void> = Promise.resolve();

  constructor(disk: Disk, root: string) {
    this.#disk = disk;
    this.#path = join(root, FILE);
  }

  async load(): Promise<void> {
    try {
      const found = JSON.parse((await this.#disk.readFile(this.#path)).toString()) as Record<string, PodAllotments>;
      this.#pods = new Map(Object.entries(found));
    } catch (error) {
      if (!isMissing(error))
        throw new Error(`${this.#path} cannot be read; remove it when no pod of the node runs`, { cause: error });
    }
  }

  of(uid: string): PodAllotments | undefined {
    return this.#pods.get(uid);
  }

  all(): [uid: string, PodAllotments][] {
    return [...this.#pods];
  }

  /** What is taken by all pods but that. */
  taken(uid = ""): Allotment[] {
    return this.all().flatMap(([pod, containers]) => (pod === uid ? [] : Object.values(containers).map(counted)));
  }

  async set(uid: string, containers: PodAllotments): Promise<void> {
    this.#pods.set(uid, containers);
    await this.#write();
  }

  /** Gives whether there was anything. */
  async remove(uid: string): Promise<boolean> {
    const was = this.#pods.delete(uid);
    if (was) await this.#write();
    return was;
  }

  /** One after the other; the new file takes the place of the old one whole. */
  #write(): Promise<void> {
    const next = `${this.#path}.next`;
    const write = async () => {
      await this.#disk.makeFolder(dirname(this.#path));
      await this.#disk.writeFile(next, JSON.stringify(Object.fromEntries(this.#pods)), 0o600);
      await this.#disk.rename(next, this.#path);
    };
    this.#writing = this.#writing.then(write, write);
    return this.#writing;
  }
}
