/**
 * Takes API servers that are gone out of the StorageVersions, and removes those that no server speaks of any more.
 * Owns: the servers named in StorageVersions. Watches: StorageVersions, and the leases by which servers say that they live.
 * Holds: a lease that the cache lacks is asked for once more, since a server tells of itself right after it made its own.
 */
import { statusWithServers } from "@kubets/api/apiserverinternal/common-version";
import { leases, storageversions } from "@kubets/api/generated/refs";
import type { Lease } from "@kubets/api/generated/types/coordination-v1";
import { type Controller, type ControllerContext, on, onRelated } from "@kubets/client";
import { isReason } from "@kubets/machinery";
import { formatTime } from "@kubets/machinery/time";
import { unlessGone } from "../error-text.ts";
import { keyIn } from "../keys.ts";
import { writeStatus } from "../write-status.ts";

const NAMESPACE = "kube-system";

export const storageVersionGc = (): Controller => ({
  name: "storage-version-gc",
  workers: 1,
  watches: [
    on(storageversions),
    onRelated(leases, (lease, _, { cache }) => {
      const { namespace, name } = lease.metadata;
      if (!isOfServer(lease) || cache.get(leases, `${namespace}/${name}`)) return [];
      const told = cache.list(storageversions);
      return told.filter(({ status }) => namesOf(status).includes(name)).map(({ metadata }) => metadata.name);
    }),
  ],
  async reconcile(name, context) {
    const { cache, client, clock } = context;
    const found = cache.get(storageversions, name);
    if (!found) return;
    const gone = new Set<string>();
    for (const id of namesOf(found.status)) if (!(await lives(id, context))) gone.add(id);
    if (gone.size === 0) return;
    const left = found.status.storageVersions?.filter(({ apiServerID = "" }) => !gone.has(apiServerID)) ?? [];
    if (left.length > 0) {
      await writeStatus(client, storageversions, found, statusWithServers(found, left, formatTime(clock.now())));
      return;
    }
    const { uid, resourceVersion } = found.metadata;
    await unlessGone(client.delete(storageversions, keyIn(found), { preconditions: { uid, resourceVersion } }));
  },
});

const namesOf = ({ storageVersions = [] }: { readonly storageVersions?: readonly { apiServerID?: string }[] }) =>
  storageVersions.map(({ apiServerID = "" }) => apiServerID);

async function lives(name: string, { cache, client }: ControllerContext): Promise<boolean> {
  const known = cache.get(leases, `${NAMESPACE}/${name}`);
  if (known) return isOfServer(known);
  try {
    return isOfServer(await client.get(leases, { namespace: NAMESPACE, name }));
  } catch (error) {
    if (isReason(error, "NotFound")) return false;
    throw error;
  }
}

const isOfServer = ({ metadata }: Lease): boolean =>
  metadata.namespace === NAMESPACE && metadata.labels?.["apiserver.kubernetes.io/identity"] === "kube-apiserver";
