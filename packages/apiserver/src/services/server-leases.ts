/** Which API servers live, where several share a storage: each holds a key that goes by itself when its server does. */
import type { Storage } from "@kubets/storage";

const PREFIX = "/registry/masterleases/";
export const LEASE_SECONDS = 15;

export async function renewLease(storage: Storage, address: string): Promise<void> {
  const value = Buffer.from(
    `${JSON.stringify({ kind: "Endpoints", apiVersion: "v1", metadata: {}, subsets: [{ addresses: [{ ip: address }] }] })}\n`,
  );
  await storage.commit({ key: PREFIX + address, value: () => value, ttlSeconds: LEASE_SECONDS });
}

export async function liveServers(storage: Storage): Promise<string[]> {
  const { entries } = await storage.list(PREFIX);
  return entries.map(({ key }) => key.slice(PREFIX.length));
}
