/** Services of type LoadBalancer get addresses of a pool; the proxy of every node serves them. */
import { services } from "@kubets/api/generated/refs";
import { createEventRecorder } from "@kubets/client/cluster-event-recorder";
import { runControllers } from "@kubets/client/controller-runner";
import { SharedInformers } from "@kubets/client/informer/shared-informers";
import { poolLoadBalancers } from "@kubets/cloud/pool/pool";
import { serviceController } from "@kubets/cloud/service/controller";
import type { AddonParts } from "./dns.ts";

/** Resolves when it runs. */
export function startLoadBalancerAddon(ranges: readonly string[], parts: AddonParts): Promise<unknown> {
  const cache = new SharedInformers(parts);
  const events = createEventRecorder({ ...parts, component: "service-controller" });
  const pool = poolLoadBalancers(ranges, () => cache.informer(services).list());
  return runControllers([serviceController(pool)], { ...parts, cache, events }).started;
}
