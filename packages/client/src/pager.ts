/**
 * Lists a large collection page by page. A continue token that expired on the way is met by one full list, as a list in pieces would
 * no longer be of one revision; so the items of all pages are those of one moment, unless that fallback is switched off.
 */
import type { KubeObject } from "@kubets/api/meta";
import type { ResourceRef } from "@kubets/api/resource-ref";
import { isReason } from "@kubets/machinery";
import type { Client, ListOptions, ObjectList } from "./client.ts";

export const PAGE_SIZE = 500;

/** The pages as they come. An expired token throws the server's error ("Expired"). */
export async function* listPages<T extends KubeObject>(
  client: Pick<Client, "list">,
  ref: ResourceRef<T>,
  options: ListOptions = {},
): AsyncGenerator<ObjectList<T>> {
  let page: ObjectList<T> | undefined;
  do {
    const from = page ? continuing(options, page.metadata.continue) : options;
    page = await client.list(ref, { limit: PAGE_SIZE, ...from });
    yield page;
  } while (page.metadata.continue);
}

/** All items, and the revision at which they were so. */
export async function listAll<T extends KubeObject>(
  client: Pick<Client, "list">,
  ref: ResourceRef<T>,
  options: ListOptions = {},
): Promise<ObjectList<T>> {
  const items: T[] = [];
  let resourceVersion = "";
  try {
    for await (const page of listPages(client, ref, options)) {
      for (const item of page.items) items.push(item);
      resourceVersion = page.metadata.resourceVersion;
    }
    return { metadata: { resourceVersion }, items };
  } catch (error) {
    if (!isReason(error, "Expired") || items.length === 0) throw error;
    const { limit: _, continue: __, ...whole } = options;
    return client.list(ref, whole);
  }
}

/** Later pages take their revision from the token and refuse another. */
function continuing(options: ListOptions, token: string | undefined): ListOptions {
  const { resourceVersion: _, resourceVersionMatch: __, ...rest } = options;
  return token ? { ...rest, continue: token } : rest;
}
