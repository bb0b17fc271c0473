/** What every kind of volume is made of: a setting up that may be repeated, and for those made of files, their contents. */
import type { Pod, Volume } from "@kubets/api/generated/types/core-v1";
import type { Client } from "@kubets/client/client";
import type { Addresses } from "../container-config/field-values.ts";
import type { MountedVolume } from "../container-config/mounts.ts";
import type { Allocatable } from "../container-config/resource-values.ts";
import type { Disk } from "../disk/disk.ts";
import type { ReferencedObjects } from "../objects/referenced-objects.ts";
import type { KubeletPaths } from "../paths.ts";
import type { PodCertificates } from "./pod-certificates.ts";
import type { ServiceAccountTokens } from "./tokens.ts";

export interface VolumeContext {
  readonly pod: Pod;
  readonly volume: Volume;
  /** Of this volume in the pod's folder. */
  readonly folder: string;
  readonly disk: Disk;
  readonly paths: KubeletPaths;
  readonly objects: ReferencedObjects;
  readonly tokens: ServiceAccountTokens;
  readonly certificates: PodCertificates;
  readonly addresses: Addresses;
  readonly allocatable: Allocatable;
  readonly now: number;
  /** Of the persistent volume behind a claim. */
  readonly mountOptions: readonly string[];
  readonly client: Pick<Client, "get" | "list">;
}

export interface VolumePlugin {
  /** `kubernetes.io/empty-dir`: names the folder. */
  readonly name: string;
  supports(volume: Volume): boolean;
  /** Makes the volume, or finds it made. */
  setUp(context: VolumeContext): Promise<MountedVolume>;
}

/** The text of a FailedMount event. */
export class VolumeError extends Error {
  override readonly name = "VolumeError";
}

export interface VolumeFile {
  readonly content: Buffer;
  readonly mode: number;
  readonly owner?: number;
}

/** By path within the volume. */
export type VolumeFiles = ReadonlyMap<string, VolumeFile>;
