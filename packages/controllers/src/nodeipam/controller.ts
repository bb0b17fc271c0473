/**
 * Gives each node its part of the pod addresses: one range of each family that the cluster has.
 * Owns: `spec.podCIDR` and `spec.podCIDRs` of nodes that have none. Watches: nodes.
 * Holds: ranges that nodes have are taken before any is given out; a range goes back when its node has gone.
 */
import { nodes } from "@kubets/api/generated/refs";
import type { Node } from "@kubets/api/generated/types/core-v1";
import { type Controller, on } from "@kubets/client";
import { type Cidr, CidrSet, mustParseCidr, parseCidr } from "@kubets/machinery";

interface NodeIpamOptions {
  readonly clusterCidrs: readonly string[];
  readonly serviceCidrs: readonly string[];
  readonly nodeCidrMaskSizeV4: number;
  readonly nodeCidrMaskSizeV6: number;
}

export function nodeIpam({
  clusterCidrs,
  serviceCidrs,
  nodeCidrMaskSizeV4,
  nodeCidrMaskSizeV6,
}: NodeIpamOptions): Controller {
  const sets = clusterCidrs
    .map(mustParseCidr)
    .map((range) => new CidrSet(range, range.family === 4 ? nodeCidrMaskSizeV4 : nodeCidrMaskSizeV6));
  for (const services of serviceCidrs.map(mustParseCidr))
    for (const set of sets) if (set.range.overlaps(services)) set.occupy(services);
  const given = new Map<string, readonly Cidr[]>();

  function occupy({ metadata: { name }, spec }: Node): void {
    const ranges = (spec.podCIDRs ?? []).map(parseCidr).filter((range) => range !== undefined);
    if (ranges.length === 0 || given.has(name)) return;
    for (const range of ranges) sets.find((set) => set.range.containsCidr(range))?.occupy(range);
    given.set(name, ranges);
  }

  function release(name: string): void {
    for (const range of given.get(name) ?? []) sets.find((set) => set.range.containsCidr(range))?.release(range);
    given.delete(name);
  }

  /** One of each set, or none at all. */
  function allocate(name: string): readonly Cidr[] | undefined {
    const ranges: Cidr[] = [];
    for (const set of sets) {
      const range = set.allocate();
      if (range) ranges.push(range);
    }
    given.set(name, ranges);
    if (ranges.length === sets.length) return ranges;
    release(name);
    return undefined;
  }

  return {
    name: "node-ipam",
    // One at a time: a range that was just given out is in no cache yet.
    workers: 1,
    watches: [on(nodes)],
    start({ cache }) {
      for (const node of cache.list(nodes)) occupy(node);
    },
    async reconcile(name, { cache, client, events }) {
      const node = cache.get(nodes, name);
      if (!node) return release(name);
      if (node.spec.podCIDRs?.length || node.spec.podCIDR) return occupy(node);
      const ranges = given.get(name) ?? allocate(name);
      if (!ranges) {
        const about = { kind: "Node", apiVersion: "v1", name, uid: node.metadata.uid };
        events
          .as("cidrAllocator")
          .event(about, "Normal", "CIDRNotAvailable", `Node ${name} status is now: CIDRNotAvailable`);
        throw new Error(
          "failed to allocate cidr from cluster cidr: CIDR allocation failed; there are no remaining CIDRs left to allocate in the accepted range",
        );
      }
      const podCIDRs = ranges.map(String);
      await client.patch(
        nodes,
        { name },
        { type: "strategic", body: { metadata: { uid: node.metadata.uid }, spec: { podCIDR: podCIDRs[0], podCIDRs } } },
      );
    },
  };
}
