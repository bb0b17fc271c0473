/** What cluster DNS needs of the cluster: the rights of its servers, and the service by which pods reach them. */
import type { Client } from "@kubets/client/client";
import { createEventRecorder } from "@kubets/client/cluster-event-recorder";
import { runControllers } from "@kubets/client/controller-runner";
import { SharedInformers } from "@kubets/client/informer/shared-informers";
import { dnsServiceController, NAMES_KEY } from "@kubets/dns";
import type { Clock, Logger, Random } from "@kubets/machinery";
import { grant } from "./grant.ts";

export interface AddonParts {
  readonly client: Client;
  readonly clock: Clock;
  readonly random: Random;
  readonly log: Logger;
  readonly signal: AbortSignal;
}

/** The user as whom the DNS servers of nodes come. */
export const DNS_USER = "system:coredns";

/** Resolves when the rights are there; the service follows the nodes from then on. */
export async function startDnsAddon(
  clusterIps: readonly string[],
  { client, clock, random, log, signal }: AddonParts,
): Promise<void> {
  await grant(client, DNS_USER, [
    { apiGroups: [""], resources: ["services", "pods", "namespaces"], verbs: ["list", "watch"] },
    { apiGroups: [""], resources: ["configmaps"], resourceNames: [NAMES_KEY.name], verbs: ["list", "watch"] },
    { apiGroups: ["discovery.k8s.io"], resources: ["endpointslices"], verbs: ["list", "watch"] },
  ]);
  const cache = new SharedInformers({ client, clock, random, log, signal });
  const events = createEventRecorder({ client, clock, random, log, component: "kubets", signal });
  runControllers([dnsServiceController({ clusterIps })], {
    client,
    cache,
    clock,
    random,
    log,
    events,
    signal,
  });
}
