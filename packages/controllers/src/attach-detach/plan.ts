/**
 * What is to be attached to a node and what to be taken off it. Pure.
 * Holds: nothing is taken off that the node says it uses, unless the node is lost; a volume that only one node may have is attached to no second
 * one while the first has it.
 */
import type { VolumeAttachment } from "@kubets/api/generated/types/storage-v1";

/** A volume that pods of the node need. */
export interface Needed {
  /** The PersistentVolume's name. */
  readonly volume: string;
  readonly driver: string;
  /** As nodes call it in their status. */
  readonly uniqueName: string;
  /** May be attached to several nodes at once. */
  readonly shared: boolean;
}

export interface NodeState {
  readonly needed: readonly Needed[];
  /** Of this node. */
  readonly attachments: readonly VolumeAttachment[];
  /** Whether another node has the volume, or is getting it. */
  readonly isElsewhere: (volume: string) => boolean;
  /** How the node calls what an attachment attaches; undefined when its volume is gone. */
  readonly nameOf: (attachment: VolumeAttachment) => string | undefined;
  readonly inUse: ReadonlySet<string>;
  /** The node is gone, or was declared out of service, or has been unwell for too long: what it says no longer counts. */
  readonly lost: (attachment: VolumeAttachment) => boolean;
}

interface AttachPlan {
  readonly attach: readonly Needed[];
  /** Wanted, and held by another node. */
  readonly blocked: readonly Needed[];
  readonly detach: readonly VolumeAttachment[];
  /** Not needed, and still in use. */
  readonly waiting: readonly VolumeAttachment[];
  /** For the node's status. */
  readonly attached: readonly string[];
}

export function planNode({ needed, attachments, isElsewhere, nameOf, inUse, lost }: NodeState): AttachPlan {
  const present = new Map(attachments.map((each) => [each.spec.source.persistentVolumeName, each]));
  const missing = needed.filter(({ volume }) => !present.has(volume));
  const wanted = new Set(needed.map(({ volume }) => volume));
  const surplus = attachments.filter(
    ({ spec, metadata }) => !wanted.has(spec.source.persistentVolumeName ?? "") && !metadata.deletionTimestamp,
  );
  const mayGo = (attachment: VolumeAttachment) => !inUse.has(nameOf(attachment) ?? "") || lost(attachment);
  const [detach, waiting] = [surplus.filter(mayGo), surplus.filter((each) => !mayGo(each))];
  const going = new Set(detach);
  return {
    attach: missing.filter(({ volume, shared }) => shared || !isElsewhere(volume)),
    blocked: missing.filter(({ volume, shared }) => !shared && isElsewhere(volume)),
    detach,
    waiting,
    attached: attachments
      .filter((each) => each.status?.attached && !each.metadata.deletionTimestamp && !going.has(each))
      .flatMap((each) => nameOf(each) ?? [])
      .toSorted(),
  };
}
