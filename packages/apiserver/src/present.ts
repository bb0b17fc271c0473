/**
 * What a call is about, as it is there. What could not be read is tried again before anybody is told so: the key that opens it may have come back.
 */
import { groupResource } from "@kubets/api/resource";
import { notFound } from "@kubets/machinery";
import { type ApiCall, keyOf, storeOf } from "./api-call.ts";
import type { CachedObject } from "./store/cached-object.ts";
import type { Selection } from "./store/watch-hub.ts";

/** The object that the call names, if it is there. Rejects when it is there and cannot be read. */
export function present(call: ApiCall): CachedObject | undefined | Promise<CachedObject | undefined> {
  const store = storeOf(call);
  const key = keyOf(call.info);
  const cached = store.cache.get(key);
  if (cached || !store.unreadable.has(key)) return cached;
  return store.readAgain(key).then(() => store.cache.get(key));
}

/** The same of one that must be there. */
export async function existing(call: ApiCall): Promise<CachedObject> {
  const found = await present(call);
  if (!found) throw notFound(groupResource(call.resource.definition), call.info.name);
  return found;
}

/** Undefined when everything that may be selected can be read; else resolves when it can after all, and rejects when not. */
export function allReadable(
  call: ApiCall,
  { namespace, name }: Pick<Selection, "namespace" | "name">,
): Promise<void> | undefined {
  const { unreadable } = storeOf(call);
  return unreadable.size === 0 ? undefined : storeOf(call).readAllAgain(namespace, name);
}
