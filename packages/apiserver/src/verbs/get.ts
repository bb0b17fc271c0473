/** GET of one object: from memory, and without waiting where nobody else writes to storage. */
import { type ApiCall, keyOf, storeOf } from "../api-call.ts";
import { existing } from "../present.ts";
import { respondCached } from "../respond.ts";
import { parseRevision, waitForRevision } from "./revision.ts";

export function get(call: ApiCall): void | Promise<void> {
  const asked = call.info.query.get("resourceVersion");
  const wait = asked ? waitForRevision(call, parseRevision(asked)) : storeOf(call).fresh();
  return wait ? wait.then(() => answer(call)) : answer(call);
}

function answer(call: ApiCall): void | Promise<void> {
  const cached = storeOf(call).cache.get(keyOf(call.info));
  if (cached) return respondCached(call, 200, cached);
  return existing(call).then((found) => respondCached(call, 200, found));
}
