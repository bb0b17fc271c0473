/** Requests that stay open by their nature take no seat while they do; a watch takes one until it has begun. */
import type { RequestInfo } from "../request-info.ts";

const SUBRESOURCES = new Set(["attach", "exec", "log", "portforward", "proxy"]);

export const isLongRunning = ({ verb, subresource, isResource, path }: RequestInfo): boolean =>
  verb === "watch" ||
  verb === "proxy" ||
  SUBRESOURCES.has(subresource) ||
  (!isResource && path.startsWith("/debug/pprof/"));
