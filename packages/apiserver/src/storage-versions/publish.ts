/**
 * Tells by StorageVersions what this server writes and reads (gate StorageVersionAPI): once at start, before anything else is written, and again every
 * ten minutes, should somebody have changed what it told.
 */
import { statusWithServers } from "@kubets/api/apiserverinternal/common-version";
import { storageversions } from "@kubets/api/generated/refs";
import type { ResourceRef } from "@kubets/api/resource-ref";
import type { Client } from "@kubets/client/client";
import { type Clock, isReason, type Logger, semanticEqual, sleep } from "@kubets/machinery";
import { timestamp } from "../write/context.ts";
import type { ServerEntry } from "./server-entries.ts";
import type { WriteBarrier } from "./write-barrier.ts";

interface Parts {
  readonly client: Pick<Client, "get" | "create" | "update">;
  readonly clock: Clock;
  readonly log: Logger;
  readonly signal: AbortSignal;
  readonly barrier: WriteBarrier;
  /** The name of this server's identity lease. */
  readonly identity: string;
}

const RETRY_MS = 1000;
const AGAIN_MS = 600_000;
const ATTEMPTS = 5;

/** The gates alone are not enough: the kind is of a version that is served when it is asked for. */
export const tellsStorageVersions = (
  resources: readonly ResourceRef[],
  featureEnabled: (gate: string) => boolean,
): boolean =>
  featureEnabled("StorageVersionAPI") &&
  featureEnabled("APIServerIdentity") &&
  resources.some(({ group, resource }) => group === storageversions.group && resource === storageversions.resource);

/** Ends with the signal; the barrier opens on the way. */
export async function publishStorageVersions(parts: Parts): Promise<void> {
  const { clock, log, signal, barrier } = parts;
  while (!signal.aborted) {
    const errors: unknown[] = [];
    const tell = (entry: ServerEntry) =>
      tellOf(entry, parts).then(
        () => barrier.told(entry),
        (error: unknown) => {
          barrier.failed(entry, error);
          errors.push(error);
        },
      );
    await Promise.all(barrier.entries.map(tell));
    const [error] = errors;
    if (error && !signal.aborted) log.warn("storage versions could not be told", { failed: errors.length, error });
    await sleep(clock, error ? RETRY_MS : AGAIN_MS, signal).catch(() => {});
  }
}

async function tellOf({ name, versions }: ServerEntry, { client, clock, identity }: Parts): Promise<void> {
  for (let attempt = 1; ; attempt++)
    try {
      const found =
        (await client.get(storageversions, { name }).catch(unlessMissing)) ??
        (await client.create(storageversions, { metadata: { name }, spec: {} }));
      const own = { apiServerID: identity, ...versions };
      const { storageVersions: servers = [] } = found.status;
      const isThere = servers.some(({ apiServerID }) => apiServerID === identity);
      const all = isThere ? servers.map((each) => (each.apiServerID === identity ? own : each)) : [...servers, own];
      const status = statusWithServers(found, all, timestamp(clock.now()));
      if (!semanticEqual(status, found.status))
        await client.update(storageversions, { ...found, status }, { subresource: "status" });
      return;
    } catch (error) {
      // Another server tells of itself at the same time.
      const isRace = isReason(error, "AlreadyExists") || isReason(error, "Conflict");
      if (!isRace || attempt === ATTEMPTS) throw error;
    }
}

function unlessMissing(error: unknown): undefined {
  if (isReason(error, "NotFound")) return undefined;
  throw error;
}
