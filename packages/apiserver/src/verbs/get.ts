/** GET of one object: from memory, and without waiting where nobody else writes to storage. */
import { groupResource } from "@kubets/api/resource";
import { notFound } from "@kubets/machinery";
import { type ApiCall, keyOf, storeOf } from "../api-call.ts";
import { respondCached } from "../respond.ts";
import { parseRevision, waitForRevision } from "./revision.ts";

export function get(call: ApiCall): void | Promise<void> {
  const asked = call.info.query.get("resourceVersion");
  const wait = asked ? waitForRevision(call, parseRevision(asked)) : storeOf(call).fresh();
  return wait ? wait.then(() => answer(call)) : answer(call);
}

function answer(call: ApiCall): void {
  const cached = storeOf(call).cache.get(keyOf(call.info));
  if (!cached) throw notFound(groupResource(call.resource.definition), call.info.name);
  respondCached(call, 200, cached);
}
