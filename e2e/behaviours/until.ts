/** Waits for one object to be as a condition says, by a watch: woken by changes, not by a clock. */
import type { KubeObject } from "@kubets/api/meta";
import type { ResourceRef } from "@kubets/api/resource-ref";
import type { Client, ObjectKey } from "@kubets/client";
import { PATIENCE } from "../cluster.ts";

const PATIENCE_MS = 60_000 * PATIENCE;

/** Gives the object for which the condition held (nothing when it holds for one that is not there). */
export async function until<T extends KubeObject>(
  client: Client,
  ref: ResourceRef<T>,
  { namespace, name }: ObjectKey,
  what: string,
  condition: (object: T | undefined) => unknown,
  timeoutMs = PATIENCE_MS,
): Promise<T> {
  const { promise, resolve, reject } = Promise.withResolvers<T>();
  let last: T | undefined;
  const look = (object: T | undefined) => {
    last = object;
    try {
      if (condition(object)) resolve(object as T);
    } catch (error) {
      reject(error as Error);
    }
  };
  const stop = new AbortController();
  const timer = setTimeout(
    () => reject(new Error(`${what} did not come within ${timeoutMs} ms; last seen: ${shown(last)}`)),
    timeoutMs,
  );
  const selected = { ...(namespace && { namespace }), fieldSelector: `metadata.name=${name}` };
  const begin = async (): Promise<void> => {
    const { items, metadata } = await client.list(ref, { ...selected, signal: stop.signal });
    look(items[0]);
    await client.watch(
      ref,
      { ...selected, resourceVersion: metadata.resourceVersion, signal: stop.signal },
      {
        events: (batch) => {
          for (const { type, object } of batch) if (type !== "BOOKMARK") look(type === "DELETED" ? undefined : object);
        },
        // Over or broken: begin again, until the time is over.
        closed: () => void begin().catch(reject),
      },
    );
  };
  try {
    begin().catch(reject);
    return await promise;
  } finally {
    clearTimeout(timer);
    stop.abort();
  }
}

function shown(object: KubeObject | undefined): string {
  if (!object) return "nothing of that name";
  const { spec, status, metadata } = object as KubeObject & { spec?: unknown; status?: unknown };
  const { managedFields: _, ...meta } = metadata as unknown as Record<string, unknown>;
  return JSON.stringify(status ?? spec ?? meta).slice(0, 1500);
}
