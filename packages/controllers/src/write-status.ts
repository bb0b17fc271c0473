/**
 * Writing a status when it has changed, and only then.
 * Holds: members that the API leaves out when they are zero are left out of what is compared, so a settled object costs no write.
 */
import type { Input, KubeObject } from "@kubets/api/meta";
import type { ResourceRef } from "@kubets/api/resource-ref";
import type { Client } from "@kubets/client";
import { isReason, semanticEqual } from "@kubets/machinery";

/** The object as written; nothing when there was nothing to write. */
export async function writeStatus<T extends KubeObject & { readonly status?: object }>(
  client: Client,
  ref: ResourceRef<T>,
  object: T,
  status: NonNullable<T["status"]>,
): Promise<T | undefined> {
  if (semanticEqual(object.status ?? {}, status)) return undefined;
  try {
    return await client.update(ref, { ...object, status } as unknown as Input<T>, { subresource: "status" });
  } catch (error) {
    // It has gone, and with it the need.
    if (isReason(error, "NotFound")) return undefined;
    throw error;
  }
}

/** Without the members that are zero, empty or absent: the form in which the API keeps optional counters. */
export function nonZero<const T extends Readonly<Record<string, number | string | undefined>>>(
  counters: T,
): Partial<T> {
  return Object.fromEntries(Object.entries(counters).filter(([, value]) => value)) as Partial<T>;
}
