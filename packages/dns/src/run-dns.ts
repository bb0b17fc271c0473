/**
 * The DNS server of a cluster: follows services, slices and namespaces, and answers for them.
 * Holds: it answers for the cluster only once it has seen all of it (before that, with SERVFAIL: a name that is not known yet must
 * not be said not to exist).
 */
import { endpointslices, namespaces, services } from "@kubets/api/generated/refs";
import type { Namespace, Service } from "@kubets/api/generated/types/core-v1";
import type { EndpointSlice } from "@kubets/api/generated/types/discovery-v1";
import type { Cache, Subscription } from "@kubets/client";
import type { Clock, Logger } from "@kubets/machinery";
import type { MetricsRegistry } from "@kubets/machinery/metrics";
import { ClusterRecords, serviceOf } from "./cluster-records.ts";
import { dnsMetrics } from "./dns-metrics.ts";
import { followCustomNames } from "./follow-custom-names.ts";
import { Responder } from "./responder.ts";
import { type DnsListen, DnsServer } from "./server.ts";
import type { UpstreamServer } from "./upstream.ts";

export interface DnsOptions {
  readonly cache: Pick<Cache, "informer">;
  readonly clock: Clock;
  readonly log: Logger;
  /** "cluster.local" */
  readonly clusterDomain: string;
  readonly listen: readonly DnsListen[];
  /** Who answers for all other names; nobody when empty. */
  readonly upstreams: readonly UpstreamServer[];
  /** The addresses of the DNS service, for the zone's own records. */
  readonly serverAddresses?: readonly string[];
  /** How long clients may keep what they were told, in seconds; 5 by default. */
  readonly ttl?: number;
  readonly metrics?: MetricsRegistry;
  readonly signal: AbortSignal;
}

export interface RunningDns {
  /** Resolves when the whole cluster is known. */
  readonly ready: Promise<void>;
  readonly isReady: boolean;
  /** The ports that were opened, in the order of `listen`. */
  readonly ports: readonly number[];
  readonly records: ClusterRecords;
  close(): Promise<void>;
}

const DEFAULT_TTL = 5;

export async function startDns(options: DnsOptions): Promise<RunningDns> {
  const { clock, log, clusterDomain, upstreams, metrics, signal } = options;
  const records = new ClusterRecords(clusterDomain);
  const following = follow(records, options.cache);
  const custom = followCustomNames({ cache: options.cache, clock, log, upstreams });
  let turn = 0;
  const responder = new Responder({
    records,
    isReady: () => following.isReady,
    ttl: options.ttl ?? DEFAULT_TTL,
    serverAddresses: options.serverAddresses ?? [],
    rotation: () => turn++ & 0xffff,
    upstreamFor: (name) => custom.upstreamFor(name),
    hostsAt: (name) => custom.hostsAt(name),
    ...(metrics && { metrics: dnsMetrics(metrics) }),
  });
  const server = new DnsServer(responder, log);
  let closing: Promise<void> | undefined;
  const close = () => {
    following.stop();
    custom.stop();
    closing ??= server.close();
    return closing;
  };
  try {
    const ports: number[] = [];
    for (const where of options.listen) ports.push(await server.listen(where));
    signal.addEventListener("abort", () => void close(), { once: true });
    return {
      ready: following.ready,
      get isReady() {
        return following.isReady;
      },
      ports,
      records,
      close,
    };
  } catch (error) {
    await close();
    throw error;
  }
}

function follow(records: ClusterRecords, cache: Pick<Cache, "informer">) {
  const ofServices = cache.informer<Service>(services);
  const ofSlices = cache.informer<EndpointSlice>(endpointslices);
  const ofNamespaces = cache.informer<Namespace>(namespaces);
  const batchEnd = () => records.settle();
  const subscriptions: Subscription[] = [
    ofServices.subscribe({
      added: (service) => records.putService(service),
      changed: (service) => records.putService(service),
      deleted: (service) => records.removeService(service),
      batchEnd,
    }),
    ofSlices.subscribe({
      added: (slice) => records.putSlice(slice),
      changed(slice, old) {
        if (serviceOf(old) !== serviceOf(slice)) records.removeSlice(old);
        records.putSlice(slice);
      },
      deleted: (slice) => records.removeSlice(slice),
      batchEnd,
    }),
    ofNamespaces.subscribe({
      added: ({ metadata }) => records.putNamespace(metadata.name),
      deleted: ({ metadata }) => records.removeNamespace(metadata.name),
    }),
  ];
  const state = { isReady: false };
  const ready = Promise.all([ofServices.synced, ofSlices.synced, ofNamespaces.synced]).then(() => {
    state.isReady = true;
  });
  return {
    ready,
    get isReady() {
      return state.isReady;
    },
    stop: () => {
      for (const subscription of subscriptions) subscription.stop();
    },
  };
}
