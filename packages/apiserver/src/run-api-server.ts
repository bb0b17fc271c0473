/** An API server with its sockets: storage in, HTTPS out, ready when the objects of a fresh server are there. */
import { type KeyObject, randomBytes } from "node:crypto";
import { hostname as machineName } from "node:os";
import { builtInResources, resourcesOnRequest } from "@kubets/api/all";
import type { ResourceDefinition } from "@kubets/api/resource";
import { createClient } from "@kubets/client/typed-client";
import type { Clock, Logger, Random } from "@kubets/machinery";
import { joinHostPort } from "@kubets/machinery/ip";
import type { Storage } from "@kubets/storage";
import { type Exchange, type Listener, listen, type ServerTls } from "@kubets/wire/http";
import { tokenSigner, tokenVerifier } from "@kubets/wire/jwt";
import type { AdmissionPlugin } from "./admission/plugin.ts";
import { type PublishedAuthentication, publishAuthentication } from "./aggregation/authentication-config-map.ts";
import type { ProxyClient } from "./aggregation/remote-services.ts";
import { type ApiServer, createApiServer, SERVER_USER, type ServerParts } from "./api-server.ts";
import type { Audit } from "./audit/audit.ts";
import type { Authenticator, ClientCertificate, User } from "./authn/authenticator.ts";
import { bootstrapTokenAuthenticator } from "./authn/bootstrap-tokens.ts";
import { certificateAuthenticator } from "./authn/certificates.ts";
import type { ExternalAuthentication } from "./authn/external-authentication.ts";
import { type FrontProxyOptions, frontProxyAuthenticator } from "./authn/front-proxy.ts";
import { serviceAccountAuthenticator } from "./authn/service-accounts.ts";
import { staticTokenAuthenticator } from "./authn/static-tokens.ts";
import type { AuthorizerChoice } from "./authz/modes.ts";
import { bootstrap, bootstrapNamespaces } from "./bootstrap.ts";
import type { Egress } from "./egress/egress.ts";
import { holdsElections, runElections } from "./elections/run-elections.ts";
import type { LiveEncryption } from "./encryption/live-encryption.ts";
import type { ConcurrencyOptions } from "./fairness/concurrency-options.ts";
import { keepFairnessObjects } from "./fairness/upkeep.ts";
import { SocketExchange } from "./front/socket-exchange.ts";
import type { ServerMetrics } from "./metrics/server-metrics.ts";
import type { PeerOptions } from "./peers/peers.ts";
import { identityOf, keepIdentityLease } from "./services/identity-lease.ts";
import type { ServiceNetworkOptions } from "./services/service-network.ts";
import { startStep } from "./start-step.ts";
import { publishStorageVersions, tellsStorageVersions } from "./storage-versions/publish.ts";
import { serverEntries } from "./storage-versions/server-entries.ts";
import { WriteBarrier } from "./storage-versions/write-barrier.ts";
import type { NodeConnection } from "./subresources/node-connection.ts";
import { trackLegacyTokens } from "./tokens/legacy-token-use.ts";
import type { TokenIssuer } from "./tokens/service-account-tokens.ts";
import type { ServiceRouting } from "./webhooks/service-address.ts";
import type { OwnServer } from "./webhooks/webhook-client.ts";

export interface RunOptions {
  readonly storage: Storage;
  readonly clock: Clock;
  readonly random: Random;
  readonly log: Logger;
  readonly listen: { readonly host?: string; readonly port?: number; readonly fd?: number; readonly tls: ServerTls };
  /** Sockets that listen already, served as well. */
  readonly alsoListen?: readonly number[];
  readonly advertiseAddress: string;
  /** By which it is told from other servers; the machine's when absent. */
  readonly hostname?: string;
  readonly tokenUsers?: ReadonlyMap<string, User>;
  readonly anonymous: boolean;
  /** Issuers of tokens and webhooks outside. */
  readonly external?: ExternalAuthentication;
  /** Takes the tokens by which machines join. */
  readonly bootstrapTokens?: boolean;
  /** Proxies that are believed about who asks; their authorities are to be among those of client certificates too. */
  readonly frontProxy?: FrontProxyOptions;
  readonly serviceAccounts?: ServiceAccountKeys;
  readonly authorizationModes: readonly AuthorizerChoice[];
  readonly admission: readonly AdmissionPlugin[];
  readonly serviceNetwork: ServiceNetworkOptions;
  /** Whether this server keeps itself among the endpoints of the service `kubernetes`. */
  readonly endpoint: boolean;
  readonly allowPrivileged: boolean;
  readonly minWatchSeconds: number;
  readonly requestTimeoutMs?: number;
  readonly nodes: NodeConnection;
  readonly serviceRouting?: ServiceRouting;
  readonly proxyClient?: ProxyClient;
  /** Other servers of the cluster: how they know this one, and the authorities by which it knows them where it asks them for what it does not serve. */
  readonly peers?: { readonly ca?: string; readonly host?: string; readonly port?: number };
  readonly egress?: Egress;
  /** What aggregated servers are told of how to know users. */
  readonly published?: PublishedAuthentication;
  readonly concurrency?: ConcurrencyOptions;
  readonly audit?: Audit;
  /** Where what was made before the server counts too. */
  readonly metrics?: ServerMetrics;
  readonly encryption?: LiveEncryption;
  featureEnabled(name: string): boolean;
  /** Tells of each request in the log. */
  readonly logRequests?: boolean;
  /** False where no profiles of the process are served. */
  readonly profiling?: boolean;
  /** The built-in resources that are served; all that are stable when absent. */
  readonly resources?: readonly ResourceDefinition[];
  /** What the program was started with, for /flagz. */
  readonly flags?: Readonly<Record<string, unknown>>;
}

export interface ServiceAccountKeys {
  readonly issuers: readonly string[];
  readonly audiences: readonly string[];
  readonly signingKey?: KeyObject;
  readonly publicKeys: readonly KeyObject[];
  readonly jwksUri?: string;
  readonly longestSeconds?: number;
}

export interface Patience {
  /** Until then it goes on serving although it is not ready any more, so that nobody is sent to it when it stops. */
  readonly until?: Promise<void>;
  /** How long requests have that it works on. */
  readonly graceMs?: number;
}

export interface RunningApiServer {
  readonly server: ApiServer;
  readonly listener: Listener;
  /** New connections use these. */
  reloadTls(tls: ServerTls): void;
  /**
   * Whoever asks for readiness hears of it first; then watches end with their last event, what is asked already is answered, and the port is let go. Storage
   * stays open.
   */
  close(patience?: Patience): Promise<void>;
}

/** Bodies above this are refused: what etcd takes, and room for what is not stored. */
const MAX_BODY_BYTES = 3 * 1024 * 1024;

export async function runApiServer(options: RunOptions): Promise<RunningApiServer> {
  const { storage, clock, random, log, hostname = machineName() } = options;
  let { port = 0 } = options.listen;
  let own: OwnServer | undefined;
  const ownToken = randomBytes(32).toString("base64url");
  const address = () => `${options.advertiseAddress}:${port}`;
  const barrier = writeBarrier(options);
  const identity = identityOf(hostname);
  const peers = peerOptions(options, identity);
  const server = await createApiServer({
    storage,
    clock,
    random,
    log,
    options: {
      allowPrivileged: options.allowPrivileged,
      featureEnabled: options.featureEnabled,
      logRequests: options.logRequests ?? false,
      profiling: options.profiling ?? true,
      minWatchSeconds: options.minWatchSeconds,
      maxBodyBytes: MAX_BODY_BYTES,
      ...(options.requestTimeoutMs !== undefined && { requestTimeoutMs: options.requestTimeoutMs }),
      ...(options.flags && { flags: options.flags }),
      addresses: [
        {
          clientCIDR: "0.0.0.0/0",
          get serverAddress() {
            return address();
          },
        },
      ],
    },
    ...(options.serviceAccounts && {
      issuer: issuerOf(options.serviceAccounts, address),
    }),
    ...(options.resources && { resources: options.resources }),
    nodes: options.nodes,
    ...(options.serviceRouting && { serviceRouting: options.serviceRouting }),
    ...(options.egress && { egress: options.egress }),
    ...(options.proxyClient && { proxyClient: options.proxyClient }),
    authenticators: (parts) => authenticators(options, parts, new Map([[ownToken, SERVER_USER]])),
    own: () => own,
    anonymous: () => options.external?.anonymous() ?? options.anonymous,
    authorizationModes: options.authorizationModes,
    admission: options.admission,
    serviceNetwork: options.serviceNetwork,
    ...(options.audit && { audit: options.audit }),
    ...(options.metrics && { metrics: options.metrics }),
    ...(options.encryption && { encryption: options.encryption }),
    ...(options.concurrency && { concurrency: options.concurrency }),
    ...(barrier && { barrier }),
    ...(peers && { peers }),
  });
  const handler = (exchange: Exchange) => server.core.serve(new SocketExchange(exchange));
  const { tls } = options.listen;
  const tlsFailed = () => server.context.metrics.requests.tlsFailed();
  const listener = await listen({ ...options.listen, handler, tlsFailed });
  port = listener.port;
  own = { host: reachable(listener.address), port, cert: tls.cert, token: ownToken };
  const others = await Promise.all((options.alsoListen ?? []).map((fd) => listen({ fd, tls, handler, tlsFailed })));
  const client = createClient(server.transport(SERVER_USER), { userAgent: "kube-apiserver" });
  const duties = new AbortController();
  const { signal } = duties;
  const { host = options.advertiseAddress, port: ofPeers = port } = options.peers ?? {};
  const lease = { client, clock, log, hostname, address: joinHostPort(host, ofPeers), signal };
  const keepLease = (held?: () => void) => void keepIdentityLease({ ...lease, ...(held && { held }) });
  if (barrier) {
    await bootstrapNamespaces(server);
    await new Promise<void>(keepLease);
    void publishStorageVersions({ client, clock, log, signal, barrier, identity });
    await barrier.opened;
  }
  await bootstrap(server);
  await startStep(log, "authentication of servers behind", publishAuthentication(client, options.published ?? {}));
  await startStep(log, "tracking of legacy tokens", trackLegacyTokens(client, clock.now()));
  await server.services?.start(client, listener.port, options.endpoint ? options.advertiseAddress : undefined);
  const stopUpkeep = server.context.fairness && keepFairnessObjects({ ...server.context, client });
  if (options.featureEnabled("APIServerIdentity") && !barrier) keepLease();
  if (holdsElections(server.resources, options.featureEnabled))
    void runElections({ client, clock, random, log: log.with({ component: "elections" }), signal }, hostname);
  server.setReady();
  log.info("ready", { address: listener.address, port: listener.port });
  return {
    server,
    listener,
    reloadTls(next) {
      if (own) own = { ...own, cert: next.cert };
      for (const each of [listener, ...others]) each.reloadTls(next);
    },
    async close({ until, graceMs = 0 } = {}) {
      server.leave();
      await until;
      stopUpkeep?.();
      duties.abort();
      server.endWatches();
      await Promise.all([listener, ...others].map((each) => each.close(graceMs)));
      server.close();
    },
  };
}

/** Where a server that listens everywhere is found on its own machine. */
const reachable = (address: string): string => ({ "0.0.0.0": "127.0.0.1", "::": "::1" })[address] ?? address;

/** Of the stable resources, or those that are configured. */
function writeBarrier({ resources = builtInResources, featureEnabled }: RunOptions): WriteBarrier | undefined {
  if (!tellsStorageVersions(resources, featureEnabled)) return undefined;
  return new WriteBarrier(serverEntries(resources, [...builtInResources, ...resourcesOnRequest]));
}

function peerOptions({ peers, proxyClient, featureEnabled }: RunOptions, identity: string): PeerOptions | undefined {
  if (!peers?.ca || !proxyClient) return undefined;
  if (!featureEnabled("UnknownVersionInteroperabilityProxy") || !featureEnabled("APIServerIdentity")) return undefined;
  return { ca: peers.ca, client: proxyClient, identity };
}

function authenticators(
  options: RunOptions,
  parts: ServerParts,
  ownTokens: ReadonlyMap<string, User>,
): Authenticator[] {
  const { tokenUsers, bootstrapTokens, frontProxy, external, metrics, clock } = options;
  const seen = ({ notAfter }: ClientCertificate) =>
    metrics?.authentication.certificate(Math.max(0, notAfter - clock.now()) / 1000);
  return [
    ...(frontProxy ? [frontProxyAuthenticator(frontProxy)] : []),
    certificateAuthenticator(frontProxy?.authorities, seen),
    staticTokenAuthenticator(new Map([...(tokenUsers ?? []), ...ownTokens])),
    ...(parts.tokens ? [serviceAccountAuthenticator(parts.tokens)] : []),
    ...(bootstrapTokens ? [bootstrapTokenAuthenticator(parts)] : []),
    ...(external?.authenticators(parts.tokens?.issuer.audiences ?? []) ?? []),
  ];
}

function issuerOf(
  { issuers, audiences, signingKey, publicKeys, jwksUri, longestSeconds }: ServiceAccountKeys,
  address: () => string,
): TokenIssuer {
  return {
    issuers,
    audiences: audiences.length ? audiences : issuers,
    signer: signingKey && tokenSigner(signingKey),
    verifier: tokenVerifier(publicKeys),
    publicKeys,
    get jwksUri() {
      return jwksUri ?? `https://${address()}/openid/v1/jwks`;
    },
    longestSeconds: longestSeconds || 2 ** 32,
  };
}
