/**
 * Says of each ingress of ours where it is reached (`status.loadBalancer`), that it was taken up, and what of it has no effect.
 * Holds: the same is told once for each change of what it is about; one process does it where several serve.
 */
import { ingressclasses, ingresses, secrets, services } from "@kubets/api/generated/refs";
import type { Secret, Service } from "@kubets/api/generated/types/core-v1";
import type { Ingress, IngressLoadBalancerIngress } from "@kubets/api/generated/types/networking-v1";
import { type Controller, type ControllerContext, on, onRelated } from "@kubets/client";
import { semanticEqual } from "@kubets/machinery";
import { parseIp } from "@kubets/machinery/ip";
import { Contexts } from "./contexts.ts";
import { type Following, SECRETS } from "./follow.ts";
import { compileIngress } from "./plan/compile.ts";
import { problemsOf } from "./plan/problems.ts";

export interface StatusOptions {
  readonly following: Following;
  /** Addresses or names, given once and for all. */
  readonly addresses: readonly string[];
  /** "namespace/name" of the service by which the ingress is reached, or "". */
  readonly publishService: string;
}

export function statusController({ following, addresses, publishService }: StatusOptions): Controller {
  const contexts = new Contexts();
  const told = new Map<string, string>();
  return {
    name: "ingress-nginx",
    workers: 2,
    watches: [
      on(ingresses),
      onRelated(ingressclasses, (_object, _old, { cache }) => cache.list<Ingress>(ingresses).map(keyOfIngress)),
      onRelated<Service>(services, (service, old, { cache }) => {
        const key = `${service.metadata.namespace}/${service.metadata.name}`;
        const published = key === publishService;
        // Which services are there matters, not what they say.
        if (old && !published) return [];
        const all = cache.list<Ingress>(ingresses, published ? undefined : service.metadata.namespace);
        return all.map(keyOfIngress);
      }),
    ],
    start({ cache, enqueue }) {
      const mine = (secret: Secret) => {
        for (const ingress of cache.list<Ingress>(ingresses, secret.metadata.namespace)) enqueue(keyOfIngress(ingress));
      };
      cache.informer<Secret>(secrets, SECRETS).subscribe({ added: mine, changed: mine, deleted: mine });
    },
    async reconcile(key, context) {
      await following.ready;
      const { cache, client } = context;
      const ingress = cache.get<Ingress>(ingresses, key);
      if (!ingress || ingress.metadata.deletionTimestamp || !following.isOurs(ingress)) {
        told.delete(key);
        return;
      }
      tell(ingress, context);
      const wanted =
        addresses.length > 0 ? addresses.map(entryOf) : entriesOf(cache.get<Service>(services, publishService));
      if (semanticEqual(ingress.status?.loadBalancer?.ingress ?? [], wanted)) return;
      const body = { status: { loadBalancer: { ingress: wanted } } };
      await client.patch(ingresses, ingress.metadata, { type: "merge", body }, { subresource: "status" });
    },
  };

  function tell(ingress: Ingress, { cache, events }: ControllerContext): void {
    const { uid, generation } = ingress.metadata;
    const problems = problemsOf(compileIngress(ingress), {
      hasService: (key) => cache.get(services, key) !== undefined,
      hasSecret: (key) => following.secret(key) !== undefined,
      certificateProblem: (key) => contexts.problem(key, following.secret(key)),
    });
    const key = keyOfIngress(ingress);
    const before = told.get(key);
    const isNew = before === undefined || !before.startsWith(`${uid} ${generation} `);
    const now = `${uid} ${generation} ${JSON.stringify(problems)}`;
    if (before === now) return;
    told.set(key, now);
    if (isNew) events.event(ingress, "Normal", "Sync", "Scheduled for sync");
    for (const { reason, message } of problems)
      if (isNew || !before?.includes(JSON.stringify(message))) events.event(ingress, "Warning", reason, message);
  }
}

const keyOfIngress = ({ metadata }: Ingress): string => `${metadata.namespace}/${metadata.name}`;

const entryOf = (address: string): IngressLoadBalancerIngress =>
  parseIp(address) ? { ip: address } : { hostname: address };

/** Where a service is reached from outside, or, where it is not, at its own address. */
function entriesOf(service: Service | undefined): IngressLoadBalancerIngress[] {
  if (!service) return [];
  const balanced = (service.status?.loadBalancer?.ingress ?? []).map(({ ip, hostname }) => ({
    ...(ip && { ip }),
    ...(hostname && { hostname }),
  }));
  if (balanced.length > 0) return balanced;
  const { externalIPs = [], clusterIP } = service.spec;
  if (externalIPs.length > 0) return externalIPs.map(entryOf);
  return clusterIP && clusterIP !== "None" ? [entryOf(clusterIP)] : [];
}
