/** The query parameters of requests, from the client's options. */
import type { DeleteOptions, GetOptions, ListOptions, WatchOptions, WriteOptions } from "./client.ts";

type Parameters = Record<string, string | number | boolean | undefined>;

/** "?a=1&b=2", or nothing. Absent values are left out. */
export function queryText(parameters: Parameters): string {
  const query = new URLSearchParams();
  for (const [name, value] of Object.entries(parameters))
    if (value !== undefined && value !== "") query.set(name, String(value));
  const text = query.toString();
  return text && `?${text}`;
}

export const getQuery = ({ resourceVersion }: GetOptions): string => queryText({ resourceVersion });

export const listQuery = (options: ListOptions): string => queryText(listParameters(options));

export const watchQuery = (options: WatchOptions): string =>
  queryText({
    ...listParameters(options),
    watch: true,
    allowWatchBookmarks: options.allowBookmarks || undefined,
    sendInitialEvents: options.sendInitialEvents,
    timeoutSeconds: options.timeoutSeconds,
  });

export const writeQuery = (options: WriteOptions & { force?: boolean }): string =>
  queryText({
    fieldManager: options.fieldManager,
    fieldValidation: options.fieldValidation,
    dryRun: options.dryRun ? "All" : undefined,
    force: options.force || undefined,
  });

/** Options of a delete travel in its body. */
export function deleteBody(options: DeleteOptions): Record<string, unknown> | undefined {
  const { gracePeriodSeconds, propagationPolicy, preconditions, dryRun } = options;
  const body: Record<string, unknown> = {};
  if (gracePeriodSeconds !== undefined) body.gracePeriodSeconds = gracePeriodSeconds;
  if (preconditions) body.preconditions = preconditions;
  if (propagationPolicy) body.propagationPolicy = propagationPolicy;
  if (dryRun) body.dryRun = ["All"];
  return Object.keys(body).length > 0 ? { kind: "DeleteOptions", apiVersion: "v1", ...body } : undefined;
}

const listParameters = (options: ListOptions): Parameters => ({
  labelSelector: options.labelSelector,
  fieldSelector: options.fieldSelector,
  shardSelector: options.shardSelector,
  resourceVersion: options.resourceVersion,
  resourceVersionMatch: options.resourceVersionMatch,
  limit: options.limit,
  continue: options.continue,
});
