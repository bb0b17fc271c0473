/**
 * The past of a StatefulSet's or DaemonSet's template, as ControllerRevisions: found, numbered, made and forgotten.
 * Holds: a revision's name follows from its data, so two copies of a controller make one; equal data is one revision, whose number rises when
 * it becomes the present again.
 */
import { controllerrevisions } from "@kubets/api/generated/refs";
import type { ControllerRevision } from "@kubets/api/generated/types/apps-v1";
import type { PodTemplateSpec } from "@kubets/api/generated/types/core-v1";
import type { KubeObject } from "@kubets/api/meta";
import { type Client, controllerReference } from "@kubets/client";
import { deepEqual, isReason } from "@kubets/machinery";
import { valueHash } from "@kubets/machinery/hash";
import { unlessGone } from "../error-text.ts";
import { keyIn } from "../keys.ts";

/** The part of the owner that a revision keeps: a patch that puts the template in place of another. */
const revisionData = (template: PodTemplateSpec) => ({ spec: { template: { ...template, $patch: "replace" } } });

export function templateOf({ data }: ControllerRevision): PodTemplateSpec {
  const { $patch: _, ...template } = (data as { spec: { template: PodTemplateSpec & { $patch?: string } } }).spec
    .template;
  return template;
}

const byRevision = (a: ControllerRevision, b: ControllerRevision): number =>
  a.revision - b.revision ||
  a.metadata.creationTimestamp.localeCompare(b.metadata.creationTimestamp) ||
  a.metadata.name.localeCompare(b.metadata.name);

interface NewRevision {
  readonly owner: KubeObject;
  readonly template: PodTemplateSpec;
  readonly collisions: number;
  readonly labels: Readonly<Record<string, string>>;
  readonly annotations?: Readonly<Record<string, string>>;
  /** The label that carries the hash. */
  readonly hashLabel: string;
}

interface CurrentRevision {
  readonly revision: ControllerRevision;
  /** One higher for each name that something else had taken. */
  readonly collisions: number;
}

/** The revision of the template as it is now: found (and made the last again), or made. */
export async function currentRevision(
  client: Client,
  known: readonly ControllerRevision[],
  wanted: NewRevision,
): Promise<CurrentRevision> {
  const sorted = known.toSorted(byRevision);
  const next = (sorted.at(-1)?.revision ?? 0) + 1;
  const data = revisionData(wanted.template);
  const same = sorted.findLast((revision) => deepEqual(revision.data, data));
  if (same && same === sorted.at(-1)) return { revision: same, collisions: wanted.collisions };
  if (same)
    return {
      revision: await client.update(controllerrevisions, { ...same, revision: next }),
      collisions: wanted.collisions,
    };
  return make(client, wanted, next);
}

async function make(client: Client, wanted: NewRevision, revision: number): Promise<CurrentRevision> {
  const { owner, template, labels, annotations, hashLabel } = wanted;
  const data = revisionData(template);
  const namespace = owner.metadata.namespace ?? "";
  for (let collisions = wanted.collisions; ; collisions++) {
    const hash = valueHash(data, collisions);
    const name = `${owner.metadata.name.slice(0, 223)}-${hash}`;
    const metadata = {
      namespace,
      name,
      labels: { ...labels, [hashLabel]: hash },
      annotations: { ...annotations },
      ownerReferences: [controllerReference(owner)],
    };
    try {
      return { revision: await client.create(controllerrevisions, { metadata, data, revision }), collisions };
    } catch (error) {
      if (!isReason(error, "AlreadyExists")) throw error;
      const found = await client.get(controllerrevisions, { namespace, name });
      if (deepEqual(found.data, data)) return { revision: found, collisions };
    }
  }
}

/** Deletes the oldest of those that nothing uses, above the limit. */
export async function forgetOld(
  client: Client,
  known: readonly ControllerRevision[],
  limit: number,
  isLive: (revision: ControllerRevision) => boolean,
): Promise<void> {
  const unused = known.filter((revision) => !isLive(revision)).toSorted(byRevision);
  for (const revision of unused.slice(0, Math.max(0, unused.length - limit)))
    await unlessGone(client.delete(controllerrevisions, keyIn(revision)));
}
