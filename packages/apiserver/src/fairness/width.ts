/**
 * How many seats a request takes: one, but a list more for each hundred objects that it goes through, and a write more for each ten watchers
 * that hear of it. Never more than a tenth or so of what its level has, so that a wide request can be served at all.
 */
import type { RequestInfo } from "../request-info.ts";
import type { ServedResources } from "../served-resource.ts";

const OBJECTS_PER_SEAT = 100;
const WATCHERS_PER_SEAT = 10;
const MOST_SEATS = 10;
/** The part of a level's nominal limit that one request may take. */
const MOST_OF_LEVEL = 0.15;

export const WRITES: ReadonlySet<string> = new Set(["create", "update", "patch", "delete", "deletecollection"]);

export function seatsFor(info: RequestInfo, served: ServedResources, nominal: number): number {
  if (!info.isResource || info.verb === "get") return 1;
  const most = Math.max(1, Math.min(MOST_SEATS, Math.ceil(nominal * MOST_OF_LEVEL)));
  return Math.min(most, Math.max(1, wanted(info, served)));
}

function wanted(info: RequestInfo, served: ServedResources): number {
  const { verb } = info;
  const isList = verb === "list" || (verb === "watch" && info.query.get("sendInitialEvents") === "true");
  const isWrite = WRITES.has(verb);
  if (!isList && !isWrite) return 1;
  const cache = served.get(info.group, info.version, info.resource)?.store?.cache;
  if (!cache) return 1;
  if (isWrite) return Math.ceil(cache.hub.watchers / WATCHERS_PER_SEAT);
  if (info.name !== "") return 1;
  const limit = Number(info.query.get("limit") ?? 0);
  const filtered = info.query.has("labelSelector") || info.query.has("fieldSelector");
  // A page that is filtered may have to look at everything.
  const objects = limit > 0 && !filtered ? Math.min(limit, cache.size) : cache.size;
  return Math.ceil(objects / OBJECTS_PER_SEAT);
}
