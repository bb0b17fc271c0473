/**
 * An API server without its sockets: storage below, the core above, everything between put together. Fronts (listen.ts) and callers in the
 * process (in-process.ts) hand it exchanges. It needs no other part of a cluster.
 */
import { builtInResources } from "@kubets/api/all";
import { certificatesigningrequests } from "@kubets/api/generated/refs";
import type { CertificateSigningRequest } from "@kubets/api/generated/types/certificates-v1";
import type { KubeObject } from "@kubets/api/meta";
import type { ResourceDefinition } from "@kubets/api/resource";
import type { Client } from "@kubets/client/client";
import type { Transport } from "@kubets/client/transport";
import { createClient } from "@kubets/client/typed-client";
import type { Clock, Logger, Random } from "@kubets/machinery";
import { NATIVE_HISTOGRAMS } from "@kubets/machinery/given-gates";
import type { Storage } from "@kubets/storage";
import { AdmissionChain } from "./admission/chain.ts";
import type { AdmissionPlugin } from "./admission/plugin.ts";
import { Aggregation } from "./aggregation/aggregation.ts";
import type { ProxyClient } from "./aggregation/remote-services.ts";
import type { Audit } from "./audit/audit.ts";
import { type Authenticator, MASTERS, type User } from "./authn/authenticator.ts";
import { type AnonymousOptions, AuthenticatorChain } from "./authn/chain.ts";
import { type AuthorizerChoice, authorizerChain, usesRbac } from "./authz/modes.ts";
import { rbacEscalation } from "./authz/rbac/escalation.ts";
import { RbacPolicy } from "./authz/rbac/policy.ts";
import { clusterView, storeIn, strictView } from "./cluster-view.ts";
import { Core } from "./core.ts";
import { CustomResources } from "./crd/custom-resources.ts";
import type { Egress } from "./egress/egress.ts";
import type { LiveEncryption } from "./encryption/live-encryption.ts";
import { PreparedStorage } from "./encryption/prepared-storage.ts";
import { type ConcurrencyOptions, DEFAULT_CONCURRENCY } from "./fairness/concurrency-options.ts";
import { Fairness } from "./fairness/fairness.ts";
import { fairGate, limitGate, type Refused, TOO_MANY_REQUESTS } from "./fairness/gate.ts";
import { InFlightLimit } from "./fairness/in-flight-limit.ts";
import { FairnessMetrics } from "./fairness/metrics.ts";
import { Deadlines, GATEWAY_TIMEOUT } from "./front/deadlines.ts";
import { inProcessTransport } from "./in-process.ts";
import { type ServerMetrics, serverMetrics } from "./metrics/server-metrics.ts";
import { shardMetrics } from "./metrics/shard-metrics.ts";
import { healthChecks } from "./nonresource/health-checks.ts";
import { type PeerOptions, Peers } from "./peers/peers.ts";
import { isStored, ServedResources, storedAs } from "./served-resource.ts";
import type { Server, ServerOptions } from "./server-context.ts";
import { ServiceMetrics } from "./services/metrics.ts";
import { ServiceNetwork, type ServiceNetworkOptions } from "./services/service-network.ts";
import type { WriteBarrier } from "./storage-versions/write-barrier.ts";
import { ResourceStore } from "./store/resource-store.ts";
import { RevisionFeed } from "./store/revision-feed.ts";
import { StoredForm } from "./store/stored-form.ts";
import type { NodeConnection } from "./subresources/node-connection.ts";
import { legacyTokenUse } from "./tokens/legacy-token-use.ts";
import { ServiceAccountTokens, type TokenIssuer } from "./tokens/service-account-tokens.ts";
import { type ServiceRouting, serviceAddresses } from "./webhooks/service-address.ts";
import { type OwnServer, WebhookClient } from "./webhooks/webhook-client.ts";

export interface ApiServerSetup {
  readonly storage: Storage;
  readonly clock: Clock;
  readonly random: Random;
  readonly log: Logger;
  readonly options: ServerOptions;
  /** Made with the server at hand, since most of them read the cluster. */
  readonly authenticators: (server: ServerParts) => readonly Authenticator[];
  /** Whose tokens service accounts get; without it they get none. */
  readonly issuer?: TokenIssuer;
  readonly nodes: NodeConnection;
  /** Whether requests without credentials are taken; may change. */
  readonly anonymous: AnonymousOptions | (() => AnonymousOptions);
  /** The names of --authorization-mode, in order. */
  readonly authorizationModes: readonly AuthorizerChoice[];
  readonly admission: readonly AdmissionPlugin[];
  /** Without it services get no addresses. */
  readonly serviceNetwork?: ServiceNetworkOptions;
  /** Where requests are told of. */
  readonly audit?: Audit;
  /** How the server itself reaches services, for webhooks and aggregated servers: by cluster IP when absent. */
  readonly serviceRouting?: ServiceRouting;
  /** What is shown to aggregated servers; without it they cannot know who asks. */
  readonly proxyClient?: ProxyClient;
  /** What may be worked on at once. */
  readonly concurrency?: ConcurrencyOptions;
  /** How values are sealed; without it they are stored as they are. */
  readonly encryption?: Pick<LiveEncryption, "transformer" | "prepare"> & Partial<Pick<LiveEncryption, "healthChecks">>;
  /** How the server reaches others; directly when absent. */
  readonly egress?: Egress;
  readonly resources?: readonly ResourceDefinition[];
  /** How it asks itself, once it listens. */
  readonly own?: () => OwnServer | undefined;
  /** Where other parts of the same process count too. */
  readonly metrics?: ServerMetrics;
  /** Keeps writes back until others know in which versions this server writes. */
  readonly barrier?: WriteBarrier;
  /** How other servers of the cluster are asked for what this one does not serve. */
  readonly peers?: PeerOptions;
}

/** What authenticators and authorizers are made from. */
export type ServerParts = Pick<Server, "clock" | "random" | "log" | "view" | "served" | "options" | "tokens">;

export interface ApiServer {
  readonly context: Server;
  readonly core: Core;
  /** For parts in the same process, each with a user of its own. */
  transport(user: User): Transport;
  /** Addresses and ports of services; started once the system's namespaces are there. */
  readonly services: ServiceNetwork | undefined;
  /** The built-in ones that it serves. */
  readonly resources: readonly ResourceDefinition[];
  /** Decides by these authorizers from now on; throws when one of them had to be there from the start. */
  useAuthorizers(choices: readonly AuthorizerChoice[]): void;
  /** Makes /readyz say so. */
  setReady(): void;
  /** Makes /readyz say that it goes. */
  leave(): void;
  endWatches(): void;
  /** Ends watches and lets go of the caches; storage stays open. */
  close(): void;
}

const REQUEST_TIMEOUT_MS = 60_000;

/** As whom the server itself writes. */
export const SERVER_USER: User = Object.freeze({ name: "system:apiserver", groups: Object.freeze([MASTERS]) });

export async function createApiServer(setup: ApiServerSetup): Promise<ApiServer> {
  const { clock, random, log, options, encryption, egress = {} } = setup;
  const storage = encryption ? new PreparedStorage(setup.storage, (value) => encryption.prepare(value)) : setup.storage;
  const metrics = setup.metrics ?? serverMetrics(clock);
  if (options.featureEnabled(NATIVE_HISTOGRAMS)) metrics.registry.openNativeHistograms();
  const form = new StoredForm(encryption && ((resource) => encryption.transformer(resource)), (definition) =>
    metrics.storage.unreadable(definition),
  );
  const feed = new RevisionFeed(storage, form, log, metrics.storage);
  metrics.storage.watchCaches(() => feed.caches());
  metrics.storage.watchSize(storage);
  if (options.featureEnabled("ShardedListAndWatch")) shardMetrics(metrics.registry, () => feed.caches());
  const { resources = builtInResources } = setup;
  const served = serve(resources, feed, form);
  countCertificates(served, metrics);
  await feed.start();

  const leaving = new AbortController();
  const stopping = new AbortController();
  let ready = false;
  const view = clusterView(served);
  const sureView = strictView(view, served);
  const policy = usesRbac(setup.authorizationModes) ? new RbacPolicy(served) : undefined;
  let client: Client | undefined;
  const ownClient = () =>
    (client ??= createClient(inProcessTransport(core, SERVER_USER), { userAgent: "kube-apiserver" }));
  const noteUse = legacyTokenUse({ view, clock, log, client: ownClient });
  const tokens = setup.issuer && new ServiceAccountTokens(setup.issuer, { view, clock, random, noteUse });
  const { chain: authorizers, use } = authorizerChain(setup.authorizationModes, {
    policy,
    served,
    view,
    metrics: metrics.authorization,
  });
  const services =
    setup.serviceNetwork &&
    new ServiceNetwork(setup.serviceNetwork, {
      view: sureView,
      served,
      clock,
      random,
      log,
      storage,
      metrics: new ServiceMetrics(metrics.registry),
    });
  const addresses = serviceAddresses(view, random, setup.serviceRouting ?? "clusterIP");
  const webhooks = new WebhookClient(addresses, clock, { egress, own: setup.own });
  const aggregation = new Aggregation({
    served,
    view,
    clock,
    log,
    addresses,
    proxyClient: setup.proxyClient,
    dialer: egress.cluster,
    metrics: metrics.extensions,
  });
  const peers = setup.peers && new Peers({ ...setup.peers, served, clock, random, log, metrics: metrics.peers });
  const { concurrency = DEFAULT_CONCURRENCY } = setup;
  const { longestWaitMs } = concurrency;
  const fairness = concurrency.fair
    ? new Fairness({
        served,
        clock,
        seats: concurrency.reads + concurrency.writes,
        longestWaitMs,
        metrics: new FairnessMetrics(metrics.registry),
      })
    : undefined;
  const terminated =
    (code: number): Refused =>
    (exchange, info) =>
      metrics.requests.terminated(exchange, info, { served, aggregation }, "apiserver", code);
  const refused = terminated(TOO_MANY_REQUESTS);
  const deadlines = new Deadlines(clock, options.requestTimeoutMs ?? REQUEST_TIMEOUT_MS, {
    late: terminated(GATEWAY_TIMEOUT),
    broken: (exchange, info) => metrics.requests.aborted(exchange, info, { served, aggregation }),
    wentOn: (...what) => metrics.requests.wentOn(...what),
  });
  const parts: ServerParts = { clock, random, log, view, served, options, tokens };
  const context: Server = {
    ...parts,
    view: sureView,
    feed,
    form,
    authenticators: new AuthenticatorChain(setup.authenticators(parts), { anonymous: setup.anonymous }),
    authorizers,
    policy,
    nodes: setup.nodes,
    egress,
    components: new Map(),
    pages: new Map(),
    admission: new AdmissionChain([...setup.admission, ...(policy ? [rbacEscalation(policy)] : [])], {
      view: sureView,
      clock,
      random,
      log,
      authorize: (attributes) => authorizers.authorize(attributes),
      storeOf: (ref) => storeIn(served, ref),
      definitionOf: (group, kind, version) => served.byKind(group, kind, version)?.definition,
      served,
      webhooks,
      metrics: metrics.admission,
      featureEnabled: options.featureEnabled,
      get client() {
        return ownClient();
      },
    }),
    aggregation,
    peers,
    audit: setup.audit,
    gate: fairness ? fairGate(fairness, refused) : limitGate(new InFlightLimit(concurrency), refused),
    deadlines,
    fairness,
    barrier: setup.barrier,
    allocators: new Map(services ? [["/services", services.allocator]] : []),
    stopping: stopping.signal,
    metrics,
    started: clock.now(),
    health: healthChecks({
      storage,
      clock,
      notReady: () => (ready ? undefined : "the objects of a fresh server are not all there yet"),
      leaving: leaving.signal,
      ...(encryption?.healthChecks && { others: encryption.healthChecks }),
    }),
  };
  const core = new Core(context);
  const custom = new CustomResources({
    served,
    feed,
    form,
    clock,
    random,
    log,
    webhooks,
    metrics: metrics.extensions,
    writable: setup.barrier?.opened,
    client: ownClient,
  });
  await custom.start();
  return {
    context,
    core,
    resources,
    transport: (user) => inProcessTransport(core, user),
    useAuthorizers: use,
    setReady() {
      ready = true;
    },
    services,
    leave: () => leaving.abort(),
    endWatches: () => stopping.abort(),
    close() {
      services?.stop();
      custom.stop();
      fairness?.stop();
      deadlines.stop();
      stopping.abort();
      context.admission.close();
      webhooks.close();
      aggregation.stop();
      peers?.stop();
      feed.stop();
    },
  };
}

/** Each resource with the store of what it is stored as: versions that share a hub share its store. */
function serve(definitions: readonly ResourceDefinition[], feed: RevisionFeed, form: StoredForm): ServedResources {
  const served = new ServedResources();
  const stores = new Map<string, ResourceStore>();
  for (const definition of definitions) {
    const hub = storedAs(definition);
    let store = stores.get(hub.storagePrefix);
    if (!store && isStored(hub)) {
      store = new ResourceStore(feed.addCache(hub), feed, form);
      stores.set(hub.storagePrefix, store);
    }
    served.add({ definition, store });
  }
  return served;
}

function countCertificates(served: ServedResources, { certificates }: ServerMetrics): void {
  const { group, version, resource } = certificatesigningrequests;
  const requests = served.get(group, version, resource)?.store;
  const written = (request: KubeObject, before: KubeObject) =>
    certificates.written(request as CertificateSigningRequest, before as CertificateSigningRequest);
  if (requests) requests.onReplaced = written;
}
