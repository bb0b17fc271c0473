/**
 * Which users of the node a pod with a user namespace of its own (`hostUsers: false`) gets: 65,536 that no other pod has.
 * Holds: a pod keeps its users for as long as its folder is there, also over restarts of the kubelet: they are written into it.
 */
import { basename, join } from "node:path";
import type { Pod } from "@kubets/api/generated/types/core-v1";
import { type Disk, isMissing } from "../disk/disk.ts";
import { type KubeletPaths, podFolder, podsFolder } from "../paths.ts";

export interface IdMapping {
  readonly hostId: number;
  readonly containerId: number;
  readonly length: number;
}

/** As the original writes it, so that either finds what the other left. */
interface UserNamespaceFile {
  readonly uidMappings: readonly IdMapping[];
  readonly gidMappings: readonly IdMapping[];
}

const LENGTH = 65_536;

/** The first range above the node's own users that nobody has. */
export function freeRange(taken: Iterable<number>, most: number): number {
  const used = new Set(taken);
  for (let n = 1; n <= most; n++) if (!used.has(n * LENGTH)) return n * LENGTH;
  throw new Error(`no range of users is left for another user namespace: ${most} are in use`);
}

export class UserNamespaces {
  readonly #disk: Disk;
  readonly #paths: KubeletPaths;
  readonly #most: number;
  readonly #known = new Map<string, number>();
  #loading: Promise<void> | undefined;

  constructor(disk: Disk, paths: KubeletPaths, most: number) {
    this.#disk = disk;
    this.#paths = paths;
    this.#most = most;
  }

  /** Undefined for a pod that shares the users of the node. */
  async of({ metadata, spec }: Pod): Promise<readonly IdMapping[] | undefined> {
    if (spec.hostUsers !== false) return undefined;
    this.#loading ??= this.#load();
    await this.#loading;
    const known = this.#known.get(metadata.uid);
    const hostId = known ?? freeRange(this.#known.values(), this.#most);
    const mapping = [{ hostId, containerId: 0, length: LENGTH }];
    if (known === undefined) {
      this.#known.set(metadata.uid, hostId);
      const file: UserNamespaceFile = { uidMappings: mapping, gidMappings: mapping };
      await this.#disk.writeFile(this.#file(metadata.uid), JSON.stringify(file), 0o600);
    }
    return mapping;
  }

  release(uid: string): void {
    this.#known.delete(uid);
  }

  async #load(): Promise<void> {
    for (const path of await this.#disk.list(podsFolder(this.#paths))) {
      const uid = basename(path);
      try {
        const { uidMappings } = JSON.parse(
          (await this.#disk.readFile(this.#file(uid))).toString(),
        ) as UserNamespaceFile;
        if (uidMappings[0]) this.#known.set(uid, uidMappings[0].hostId);
      } catch (error) {
        if (!isMissing(error)) throw error;
      }
    }
  }

  #file = (uid: string): string => join(podFolder(this.#paths, uid), "userns");
}
