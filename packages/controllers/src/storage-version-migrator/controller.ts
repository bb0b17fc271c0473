/**
 * Has all objects of a resource written anew, so that they are stored in the form of today: another version, another key.
 * Owns: the status of StorageVersionMigrations. Watches: those alone; what is to be migrated is listed.
 * Holds: each object is sent with its own revision and nothing else: one that somebody writes meanwhile is of today's form already, and one
 * that is of that form is not written. A crash leads to a new walk over all of them, which finds most of them done.
 */
import { storageversionmigrations } from "@kubets/api/generated/refs";
import type { StorageVersionMigration } from "@kubets/api/generated/types/storagemigration-v1beta1";
import type { KubeObject } from "@kubets/api/meta";
import type { ResourceRef } from "@kubets/api/resource-ref";
import { type Client, type Controller, type ControllerContext, on } from "@kubets/client";
import { listPages } from "@kubets/client/pager";
import { isReason } from "@kubets/machinery";
import { formatTime } from "@kubets/machinery/time";
import { isTrue, withCondition, withoutCondition } from "../conditions.ts";
import { discoverResources } from "../discovered-resources.ts";
import { errorText } from "../error-text.ts";
import { keyIn } from "../keys.ts";
import { writeStatus } from "../write-status.ts";

const REASONS = {
  Running: "StorageVersionMigrationInProgress",
  Succeeded: "StorageVersionMigrationSucceeded",
  Failed: "StorageVersionMigrationFailed",
} as const;
const AT_ONCE = 10;

export const storageVersionMigrator = (): Controller => ({
  name: "storage-version-migrator",
  workers: 1,
  watches: [on(storageversionmigrations)],
  async reconcile(name, context): Promise<void> {
    const { cache, client } = context;
    const migration = cache.get(storageversionmigrations, name);
    if (!migration || isOver(migration)) return;
    const ref = await resourceOf(client, migration);
    if (!ref) {
      await tell(migration, "Failed", "resource does not exist in GC", context);
      return;
    }
    const running = await tell(
      migration,
      "Running",
      "",
      context,
      migration.status?.resourceVersion ?? (await revisionOf(client, ref)),
    );
    try {
      for await (const { items } of listPages(client, ref)) await rewriteAll(client, ref, items);
    } catch (error) {
      if (isReason(error, "Expired")) throw error;
      await tell(running, "Failed", `failed to migrate: ${errorText(error)}`, context);
      return;
    }
    await tell(running, "Succeeded", "", context);
  },
});

const isOver = ({ status }: StorageVersionMigration): boolean =>
  isTrue(status?.conditions, "Succeeded") || isTrue(status?.conditions, "Failed");

async function resourceOf(client: Client, { spec }: StorageVersionMigration): Promise<ResourceRef | undefined> {
  const { group, resource } = spec.resource;
  const { resources } = await discoverResources(client);
  return resources.find(
    ({ ref, verbs }) =>
      ref.group === group && ref.resource === resource && verbs.includes("list") && verbs.includes("patch"),
  )?.ref;
}

const revisionOf = async (client: Client, ref: ResourceRef): Promise<string> =>
  (await client.list(ref, { limit: 1 })).metadata.resourceVersion ?? "";

async function rewriteAll(client: Client, ref: ResourceRef, objects: readonly KubeObject[]): Promise<void> {
  for (let from = 0; from < objects.length; from += AT_ONCE)
    await Promise.all(objects.slice(from, from + AT_ONCE).map((object) => rewrite(client, ref, object)));
}

async function rewrite(client: Client, ref: ResourceRef, object: KubeObject): Promise<void> {
  const { uid, resourceVersion } = object.metadata;
  try {
    await client.patch(ref, keyIn(object), { type: "merge", body: { metadata: { uid, resourceVersion } } });
  } catch (error) {
    if (!isReason(error, "Conflict") && !isReason(error, "NotFound")) throw error;
  }
}

async function tell(
  migration: StorageVersionMigration,
  type: keyof typeof REASONS,
  message: string,
  { client, clock }: ControllerContext,
  resourceVersion = migration.status?.resourceVersion,
): Promise<StorageVersionMigration> {
  const time = formatTime(clock.now());
  const condition = { type, status: "True", reason: REASONS[type], message, lastTransitionTime: time };
  const conditions = withCondition(withoutCondition(migration.status?.conditions, "Running"), condition);
  const status = { conditions, ...(resourceVersion && { resourceVersion }) };
  return (await writeStatus(client, storageversionmigrations, migration, status)) ?? migration;
}
