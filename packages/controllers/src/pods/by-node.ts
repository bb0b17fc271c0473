/** The pods of a node, by an index of the cache. */
import { pods } from "@kubets/api/generated/refs";
import type { Pod } from "@kubets/api/generated/types/core-v1";
import type { Cache } from "@kubets/client";

const BY_NODE = "node";
const nodeNameOf = ({ spec }: Pod): readonly string[] => (spec.nodeName ? [spec.nodeName] : []);

export function podsOnNode(cache: Cache, node: string): readonly Pod[] {
  const informer = cache.informer(pods);
  informer.addIndex(BY_NODE, nodeNameOf);
  return informer.indexed(BY_NODE, node);
}
