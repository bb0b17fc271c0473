/**
 * Finds a volume for each of some claims on a node: the smallest free one that suits, else one to be made by the class's provisioner.
 * A volume that is held for one pod is free for no other until it is released or bound.
 */
import { persistentvolumes, storageclasses } from "@kubets/api/generated/refs";
import type { Node, PersistentVolume, PersistentVolumeClaim } from "@kubets/api/generated/types/core-v1";
import type { StorageClass } from "@kubets/api/generated/types/storage-v1";
import { matchesNodeSelector } from "@kubets/api/pod/node-affinity";
import type { Cache } from "@kubets/client/controller";
import { labelSelectorOf } from "@kubets/machinery/label-selector";
import { parseQuantity } from "@kubets/machinery/quantity";
import type { Handle } from "../../framework/handle.ts";
import { StorageCapacities } from "./storage-capacities.ts";
import { VolumeIndex } from "./volume-index.ts";

export interface Choice {
  readonly claim: PersistentVolumeClaim;
  /** Absent where one is to be made. */
  readonly volume: PersistentVolume | undefined;
  /** All that is left where it is to be made, if its driver tells. */
  readonly room?: string | undefined;
}

export const SELECTED_NODE = "volume.kubernetes.io/selected-node";
const NO_PROVISIONER = "kubernetes.io/no-provisioner";

/** Why some claim finds no volume on a node. */
export type Lack = "no volume" | "no room";

export class VolumeChooser {
  readonly #cache: Cache;
  readonly #volumes: VolumeIndex;
  readonly #capacities: StorageCapacities;
  /** Volumes by name, with the uid of the claim that they are held for. */
  readonly #held = new Map<string, string>();

  constructor(handle: Pick<Handle, "cache" | "signal">) {
    this.#cache = handle.cache;
    this.#volumes = new VolumeIndex(handle);
    this.#capacities = new StorageCapacities(handle);
  }

  choose(claims: readonly PersistentVolumeClaim[], node: Node): Choice[] | Lack {
    const choices: Choice[] = [];
    const taken = new Set<string>();
    for (const claim of [...claims].sort(bySize)) {
      const volume = this.#freeVolume(claim, node, taken);
      const choice = volume ? { claim, volume } : this.#toBeMade(claim, node);
      if (typeof choice === "string") return choice;
      if (volume) taken.add(volume.metadata.name);
      choices.push(choice);
    }
    return choices;
  }

  hold(choices: readonly Choice[]): void {
    for (const { claim, volume } of choices) if (volume) this.#held.set(volume.metadata.name, claim.metadata.uid);
  }

  release(choices: readonly Choice[]): void {
    for (const { volume } of choices) if (volume) this.#held.delete(volume.metadata.name);
  }

  /** What the watch shows as claimed needs no holding any more. */
  forgetBound(): void {
    for (const name of this.#held.keys()) {
      const volume = this.#cache.get(persistentvolumes, name);
      if (!volume || volume.spec.claimRef) this.#held.delete(name);
    }
  }

  #freeVolume(claim: PersistentVolumeClaim, node: Node, taken: ReadonlySet<string>): PersistentVolume | undefined {
    let best: PersistentVolume | undefined;
    for (const volume of this.#volumes.candidates(claim.spec.storageClassName ?? "", node)) {
      const holder = this.#held.get(volume.metadata.name);
      if (taken.has(volume.metadata.name) || (holder !== undefined && holder !== claim.metadata.uid)) continue;
      if (!suits(volume, claim) || !reaches(volume, node)) continue;
      if (isFor(volume, claim)) return volume;
      if (!best || capacity(volume).compare(capacity(best)) < 0) best = volume;
    }
    return best;
  }

  #toBeMade(claim: PersistentVolumeClaim, node: Node): Choice | Lack {
    const selected = claim.metadata.annotations?.[SELECTED_NODE];
    if (selected !== undefined && selected !== node.metadata.name) return "no volume";
    const storageClass = this.#cache.get(storageclasses, claim.spec.storageClassName ?? "");
    if (!storageClass?.provisioner || storageClass.provisioner === NO_PROVISIONER) return "no volume";
    if (!isAllowed(storageClass, node)) return "no volume";
    const room = this.#capacities.roomFor(storageClass, requested(claim), node);
    if (!room) return "no room";
    return { claim, volume: undefined, room: room === "untold" ? undefined : room.capacity };
  }
}

function suits({ metadata, spec, status }: PersistentVolume, claim: PersistentVolumeClaim): boolean {
  const { accessModes = [], selector, storageClassName = "", volumeMode = "Filesystem" } = claim.spec;
  const forThis = isFor({ spec }, claim);
  if (metadata.deletionTimestamp || (spec.claimRef && !forThis)) return false;
  if (!spec.claimRef && status?.phase !== undefined && status.phase !== "Available") return false;
  return (
    (spec.storageClassName ?? "") === storageClassName &&
    (spec.volumeMode ?? "Filesystem") === volumeMode &&
    accessModes.every((mode) => spec.accessModes?.includes(mode)) &&
    capacity({ spec }).compare(requested(claim)) >= 0 &&
    (!selector || labelSelectorOf(selector).matches(metadata.labels))
  );
}

function isFor({ spec }: Pick<PersistentVolume, "spec">, { metadata }: PersistentVolumeClaim): boolean {
  const { claimRef } = spec;
  if (claimRef?.name !== metadata.name || claimRef.namespace !== metadata.namespace) return false;
  return !claimRef.uid || claimRef.uid === metadata.uid;
}

const isAllowed = ({ allowedTopologies }: StorageClass, { metadata }: Node): boolean =>
  !allowedTopologies?.length ||
  allowedTopologies.some(({ matchLabelExpressions = [] }) =>
    matchLabelExpressions.every(({ key, values }) => values.includes(metadata.labels?.[key] ?? "")),
  );

const capacity = ({ spec }: Pick<PersistentVolume, "spec">) => parseQuantity(spec.capacity?.storage ?? "0");
const requested = ({ spec }: PersistentVolumeClaim) => parseQuantity(spec.resources.requests?.storage ?? "0");
const bySize = (a: PersistentVolumeClaim, b: PersistentVolumeClaim) => requested(a).compare(requested(b));

export const reaches = ({ spec }: PersistentVolume, node: Node): boolean =>
  spec.nodeAffinity?.required === undefined || matchesNodeSelector(spec.nodeAffinity.required, node);
