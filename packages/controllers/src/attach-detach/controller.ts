/**
 * Has volumes attached to the nodes whose pods need them, and taken off again.
 * Owns: VolumeAttachments, and `volumesAttached` in the status of nodes. Watches: pods, nodes, claims, attachments; reads volumes and drivers.
 * Holds: an attachment that somebody else made is left alone; a volume leaves the node's status before its attachment goes, so that no kubelet mounts what is being taken off.
 */
import {
  csidrivers,
  nodes,
  persistentvolumeclaims,
  persistentvolumes,
  pods,
  volumeattachments,
} from "@kubets/api/generated/refs";
import type { Node, Pod } from "@kubets/api/generated/types/core-v1";
import type { VolumeAttachment } from "@kubets/api/generated/types/storage-v1";
import { type Controller, type ControllerContext, keyOf, onRelated, type Requeue, reads } from "@kubets/client";
import { isReason } from "@kubets/machinery";
import { isTrue } from "../conditions.ts";
import { unlessGone } from "../error-text.ts";
import { podsOnNode } from "../pods/by-node.ts";
import { podsOfClaim } from "../pods/claims.ts";
import { type Needed, planNode } from "./plan.ts";
import { attachmentName, neededOf, needsVolumes, uniqueName } from "./volumes.ts";

const MANAGED = "volumes.kubernetes.io/controller-managed-attach-detach";
const OUT_OF_SERVICE = "node.kubernetes.io/out-of-service";
/** A node that is unwell for so long loses what its pods no longer need, whatever it says. */
const LOST_AFTER_MS = 6 * 60_000;
const BY_NODE = "node";
const BY_VOLUME = "volume";

interface AttachDetachOptions {
  /** Not --disable-force-detach-on-timeout. */
  readonly forceDetach: boolean;
}

export function attachDetach({ forceDetach }: AttachDetachOptions): Controller {
  /** Attachments that nobody needs and their node still uses: since when. */
  const surplusSince = new Map<string, number>();

  async function reconcile(name: string, base: ControllerContext): Promise<Requeue | void> {
    const context = { ...base, events: base.events.as("attachdetach-controller") };
    const { cache, client, clock } = context;
    const node = cache.get(nodes, name);
    if (node && node.metadata.annotations?.[MANAGED] !== "true") return undefined;
    const needed = node ? neededOf(cache, podsOnNode(cache, name)) : new Map<string, never>();
    const informer = cache.informer(volumeattachments);
    const attachments = informer.indexed(BY_NODE, name).filter((each) => isOwn(each, cache));
    const plan = planNode({
      needed: [...needed.values()],
      attachments,
      isElsewhere: (volume) => informer.indexed(BY_VOLUME, volume).some(({ spec }) => spec.nodeName !== name),
      nameOf: ({ spec }) => {
        const volume = cache.get(persistentvolumes, spec.source.persistentVolumeName ?? "");
        return volume && uniqueName(volume);
      },
      inUse: new Set((node?.status.volumesInUse ?? []).map(String)),
      lost: (attachment) => !node || isOutOfService(node) || wasLongUnwell(node, attachment, clock.monotonic()),
    });
    for (const each of plan.attach) await attach(each, name, context);
    for (const each of plan.blocked) tellBlocked(each, needed.get(each.volume)?.pods ?? [], name, context);
    if (node) await tellAttached(node, plan.attached, needed, context);
    for (const { metadata } of plan.detach)
      await unlessGone(
        client.delete(volumeattachments, { name: metadata.name }, { preconditions: { uid: metadata.uid } }),
      );
    const waiting = new Set(plan.waiting.map(({ metadata }) => metadata.uid));
    for (const { metadata } of attachments) if (!waiting.has(metadata.uid)) surplusSince.delete(metadata.uid);
    return waiting.size > 0 && forceDetach ? { requeueAfterMs: LOST_AFTER_MS } : undefined;
  }

  /** The time runs from when nobody needed the volume any more. */
  function wasLongUnwell(node: Node, { metadata: { uid } }: VolumeAttachment, now: number): boolean {
    const since = surplusSince.get(uid) ?? now;
    surplusSince.set(uid, since);
    return forceDetach && !nodeIsReady(node) && now - since >= LOST_AFTER_MS;
  }

  return {
    name: "attachdetach",
    watches: [
      onRelated(pods, (pod, old) =>
        pod.spec.nodeName && (!old?.spec.nodeName || needsVolumes(pod) !== needsVolumes(old))
          ? [pod.spec.nodeName]
          : [],
      ),
      onRelated(nodes, (node, old) => (old && sameForVolumes(node, old) ? [] : [node.metadata.name])),
      onRelated(persistentvolumeclaims, (claim, old, { cache }) =>
        claim.spec.volumeName && (!old || old.status.phase !== claim.status.phase)
          ? nodesOf(podsOfClaim(cache, keyOf(claim)))
          : [],
      ),
      // One that has gone may be what another node waits for.
      onRelated(volumeattachments, ({ spec }, _, { cache }) => [
        spec.nodeName,
        ...nodesWanting(spec.source.persistentVolumeName, cache),
      ]),
      reads(persistentvolumes),
      reads(csidrivers),
    ],
    start({ cache }) {
      const informer = cache.informer(volumeattachments);
      informer.addIndex(BY_NODE, ({ spec }) => [spec.nodeName]);
      informer.addIndex(BY_VOLUME, ({ spec }) =>
        spec.source.persistentVolumeName ? [spec.source.persistentVolumeName] : [],
      );
    },
    reconcile,
  };
}

const nodeIsReady = ({ status }: Node): boolean => isTrue(status.conditions, "Ready");

const nodesOf = (all: readonly Pod[]): string[] => [...new Set(all.flatMap(({ spec }) => spec.nodeName ?? []))];

function nodesWanting(volume: string | undefined, cache: ControllerContext["cache"]): string[] {
  const claim = cache.get(persistentvolumes, volume ?? "")?.spec.claimRef;
  return claim ? nodesOf(podsOfClaim(cache, `${claim.namespace}/${claim.name}`)) : [];
}

const isOutOfService = ({ spec }: Node): boolean => spec.taints?.some(({ key }) => key === OUT_OF_SERVICE) ?? false;

/** Heartbeats change nothing here. */
const sameForVolumes = (node: Node, old: Node): boolean =>
  String(node.status.volumesInUse ?? []) === String(old.status.volumesInUse ?? []) &&
  isOutOfService(node) === isOutOfService(old) &&
  nodeIsReady(node) === nodeIsReady(old) &&
  node.metadata.annotations?.[MANAGED] === old.metadata.annotations?.[MANAGED];

/** By its name; what others made is theirs. */
function isOwn({ metadata, spec }: VolumeAttachment, cache: ControllerContext["cache"]): boolean {
  const csi = cache.get(persistentvolumes, spec.source.persistentVolumeName ?? "")?.spec.csi;
  return csi !== undefined && metadata.name === attachmentName(csi, spec.nodeName);
}

async function attach(
  { volume, driver }: Needed,
  nodeName: string,
  { cache, client }: ControllerContext,
): Promise<void> {
  const csi = cache.get(persistentvolumes, volume)?.spec.csi;
  if (!csi) return;
  const spec = { attacher: driver, nodeName, source: { persistentVolumeName: volume } };
  try {
    await client.create(volumeattachments, { metadata: { name: attachmentName(csi, nodeName) }, spec });
  } catch (error) {
    // Another copy was faster, or the one of before is on its way out: its going leads here again.
    if (!isReason(error, "AlreadyExists")) throw error;
  }
}

function tellBlocked(
  { volume }: Needed,
  waiting: readonly Pod[],
  node: string,
  { cache, events }: ControllerContext,
): void {
  const others = podsOfVolume(volume, cache).filter(({ spec }) => spec.nodeName && spec.nodeName !== node);
  for (const pod of waiting) {
    const here = others.filter(({ metadata }) => metadata.namespace === pod.metadata.namespace);
    const why =
      others.length === 0
        ? "Volume is already exclusively attached to one node and can't be attached to another"
        : `Volume is already used by ${here.length > 0 ? `pod(s) ${here.map(({ metadata }) => metadata.name).join(", ")}` : `${others.length} pod(s) in different namespaces`}`;
    events.event(pod, "Warning", "FailedAttachVolume", `Multi-Attach error for volume "${volume}" ${why}`);
  }
}

function podsOfVolume(volume: string, cache: ControllerContext["cache"]): readonly Pod[] {
  const claim = cache.get(persistentvolumes, volume)?.spec.claimRef;
  return claim ? podsOfClaim(cache, `${claim.namespace}/${claim.name}`) : [];
}

async function tellAttached(
  node: Node,
  names: readonly string[],
  needed: ReadonlyMap<string, Needed & { readonly pods: readonly Pod[] }>,
  { client, cache, events }: ControllerContext,
): Promise<void> {
  const before = new Set((node.status.volumesAttached ?? []).map(({ name }) => String(name)));
  for (const { volume, uniqueName: name, pods: users } of needed.values()) {
    const failed = cache
      .informer(volumeattachments)
      .indexed(BY_VOLUME, volume)
      .find(({ spec, status }) => spec.nodeName === node.metadata.name && !status?.attached && status?.attachError);
    for (const pod of users) {
      if (names.includes(name) && !before.has(name))
        events.event(pod, "Normal", "SuccessfulAttachVolume", `AttachVolume.Attach succeeded for volume "${volume}" `);
      if (failed)
        events.event(
          pod,
          "Warning",
          "FailedAttachVolume",
          `AttachVolume.Attach failed for volume "${volume}" : ${failed.status?.attachError?.message ?? ""}`,
        );
    }
  }
  if (names.length === before.size && names.every((name) => before.has(name))) return;
  const volumesAttached = names.length > 0 ? names.map((name) => ({ name, devicePath: "" })) : null;
  const body = { metadata: { uid: node.metadata.uid }, status: { volumesAttached } };
  await unlessGone(
    client.patch(nodes, { name: node.metadata.name }, { type: "merge", body }, { subresource: "status" }),
  );
}
