/**
 * Keeps a load balancer for each service of that type, and tells its addresses in the service's status.
 * Owns: the finalizer, and status.loadBalancer of those services. Watches: services, nodes.
 * Holds: before a balancer is made the finalizer is written, so that none is left behind; a service of a loadBalancerClass is another's.
 */
import { nodes, services } from "@kubets/api/generated/refs";
import type { LoadBalancerStatus, Node, Service } from "@kubets/api/generated/types/core-v1";
import { type Cache, type Controller, type ControllerContext, keyOf, on, onRelated } from "@kubets/client";
import { isReason, semanticEqual } from "@kubets/machinery";
import type { LoadBalancers } from "../provider.ts";

const FINALIZER = "service.kubernetes.io/load-balancer-cleanup";
const EXCLUDED = "node.kubernetes.io/exclude-from-external-load-balancers";
const LEAVING = "ToBeDeletedByClusterAutoscaler";

const wantsBalancer = ({ spec, metadata }: Service): boolean =>
  spec.type === "LoadBalancer" && !spec.loadBalancerClass && !metadata.deletionTimestamp;

export const serviceController = (balancers: LoadBalancers): Controller => ({
  name: "service-lb",
  watches: [
    on(services),
    onRelated(nodes, (node, old, { cache }) =>
      old && semanticEqual(matters(old), matters(node)) ? [] : cache.list(services).filter(wantsBalancer).map(keyOf),
    ),
  ],
  async reconcile(key, base) {
    const service = base.cache.get(services, key);
    if (!service) return;
    const context = { ...base, events: base.events.as("service-controller") };
    try {
      if (wantsBalancer(service)) await ensure(service, balancers, context);
      else if (service.metadata.finalizers?.includes(FINALIZER)) await remove(service, balancers, context);
    } catch (error) {
      const text = `Error syncing load balancer: ${(error as Error).message}`;
      context.events.event(service, "Warning", "SyncLoadBalancerFailed", text);
      throw error;
    }
  },
});

/** What of a node a balancer looks at. */
const matters = (node: Node) => [isTarget(node), node.spec.providerID, node.status.addresses];

const isTarget = ({ metadata, spec }: Node): boolean =>
  !metadata.deletionTimestamp &&
  !(EXCLUDED in (metadata.labels ?? {})) &&
  !spec.taints?.some(({ key }) => key === LEAVING);

const targets = (cache: Cache): Node[] =>
  cache
    .list(nodes)
    .filter(isTarget)
    .sort((a, b) => (a.metadata.name < b.metadata.name ? -1 : 1));

async function ensure(service: Service, balancers: LoadBalancers, context: ControllerContext): Promise<void> {
  const { cache, events } = context;
  const isNew = !service.status.loadBalancer?.ingress?.length;
  if (isNew) events.event(service, "Normal", "EnsuringLoadBalancer", "Ensuring load balancer");
  if (!service.metadata.finalizers?.includes(FINALIZER))
    await setFinalizers(service, [...(service.metadata.finalizers ?? []), FINALIZER], context);
  const chosen = targets(cache);
  if (chosen.length === 0)
    events.event(service, "Warning", "UnAvailableLoadBalancer", "There are no available nodes for LoadBalancer");
  const changed = await tell(service, await balancers.ensure(service, chosen), context);
  if (isNew) events.event(service, "Normal", "EnsuredLoadBalancer", "Ensured load balancer");
  else if (changed) events.event(service, "Normal", "UpdatedLoadBalancer", "Updated load balancer with new hosts");
}

async function remove(service: Service, balancers: LoadBalancers, context: ControllerContext): Promise<void> {
  const { events } = context;
  events.event(service, "Normal", "DeletingLoadBalancer", "Deleting load balancer");
  await balancers.remove(service);
  await tell(service, {}, context);
  const others = (service.metadata.finalizers ?? []).filter((each) => each !== FINALIZER);
  await setFinalizers(service, others, context);
  events.event(service, "Normal", "DeletedLoadBalancer", "Deleted load balancer");
}

async function tell(
  service: Service,
  loadBalancer: LoadBalancerStatus,
  { client }: ControllerContext,
): Promise<boolean> {
  if (semanticEqual(service.status.loadBalancer ?? {}, loadBalancer)) return false;
  const { namespace, name } = service.metadata;
  const body = { status: { loadBalancer: { ingress: loadBalancer.ingress ?? null } } };
  await unlessGone(client.patch(services, { namespace, name }, { type: "merge", body }, { subresource: "status" }));
  return true;
}

async function setFinalizers({ metadata }: Service, finalizers: readonly string[], { client }: ControllerContext) {
  const { namespace, name } = metadata;
  await unlessGone(client.patch(services, { namespace, name }, { type: "merge", body: { metadata: { finalizers } } }));
}

async function unlessGone(request: Promise<unknown>): Promise<void> {
  await request.catch((error: unknown) => {
    if (!isReason(error, "NotFound")) throw error;
  });
}
