/**
 * Keeps a route of the cloud to each range of pod addresses of each node, and says in the node's conditions whether they are there.
 * Owns: routes within the cluster's ranges, the condition NetworkUnavailable. Watches: nodes.
 */
import { nodes } from "@kubets/api/generated/refs";
import type { Node } from "@kubets/api/generated/types/core-v1";
import { type Controller, type ControllerContext, onRelated, type Requeue } from "@kubets/client";
import { formatTime, isReason, mustParseCidr, parseCidr } from "@kubets/machinery";
import type { Route, Routes } from "../provider.ts";

/** All routes are seen to at once: what is too many is only known of all. */
const ALL = "all";

export function cloudRoutes(routes: Routes, clusterCidrs: readonly string[], periodMs: number): Controller {
  const ranges = clusterCidrs.map(mustParseCidr);
  const isOurs = ({ cidr }: Route) => {
    const parsed = parseCidr(cidr);
    return parsed !== undefined && ranges.some((range) => range.containsCidr(parsed));
  };
  return {
    name: "cloud-route",
    workers: 1,
    watches: [onRelated(nodes, (node, old) => (old && old.spec.podCIDR === node.spec.podCIDR ? [] : [ALL]))],
    async reconcile(_, context): Promise<Requeue> {
      const all = context.cache.list(nodes);
      const wanted = all.flatMap(routesOf);
      const there = (await routes.list()).filter(isOurs);
      for (const route of there) if (!wanted.some((each) => same(each, route))) await routes.remove(route);
      const failed = new Map<string, unknown>();
      for (const route of wanted)
        if (!there.some((each) => same(each, route)))
          await routes.create(route).catch((error: unknown) => failed.set(route.node, error));
      for (const node of all) if (routesOf(node).length) await tell(node, !failed.has(node.metadata.name), context);
      const [error] = failed.values();
      if (error !== undefined) throw error;
      return { requeueAfterMs: periodMs };
    },
  };
}

const routesOf = ({ metadata, spec }: Node): Route[] =>
  (spec.podCIDRs ?? []).map((cidr) => ({ node: metadata.name, cidr }));
const same = (a: Route, b: Route): boolean => a.node === b.node && a.cidr === b.cidr;

async function tell(node: Node, isThere: boolean, { client, clock }: ControllerContext): Promise<void> {
  const status = isThere ? "False" : "True";
  if (node.status.conditions?.some((each) => each.type === "NetworkUnavailable" && each.status === status)) return;
  const now = formatTime(clock.now());
  const condition = {
    type: "NetworkUnavailable",
    status,
    reason: isThere ? "RouteCreated" : "NoRouteCreated",
    message: isThere ? "RouteController created a route" : "RouteController failed to create a route",
    lastHeartbeatTime: now,
    lastTransitionTime: now,
  };
  const { name } = node.metadata;
  const body = { status: { conditions: [condition] } };
  await client
    .patch(nodes, { name }, { type: "strategic", body }, { subresource: "status" })
    .catch((error: unknown) => {
      if (!isReason(error, "NotFound")) throw error;
    });
}
