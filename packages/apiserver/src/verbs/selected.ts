/** What a list, a watch or a delete of many is about, as its path and query say. */
import type { ApiCall } from "../api-call.ts";
import { selectionOf, type WholeSelection } from "../store/selection.ts";

/** Throws a StatusError when a selector is wrong. */
export function selected({ info, resource, server }: ApiCall): WholeSelection {
  const { namespace, name, query } = info;
  const shardSelector = query.get("shardSelector");
  return selectionOf(resource.definition, {
    namespace,
    ...(name && { name }),
    labelSelector: query.get("labelSelector"),
    fieldSelector: query.get("fieldSelector"),
    ...(shardSelector && server.options.featureEnabled("ShardedListAndWatch") && { shardSelector }),
  });
}
