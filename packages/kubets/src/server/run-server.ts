/**
 * The all-in-one server: storage, API server, controllers and scheduler in one process, with certificates from the cluster's own authority. Of several
 * servers on one etcd each serves the API, and one runs the rest.
 */
import { readFileSync } from "node:fs";
import { admissionPlugins } from "@kubets/apiserver/admission/plugins/index";
import { configuredResources } from "@kubets/apiserver/configured-resources";
import { holdsElections } from "@kubets/apiserver/elections/run-elections";
import { featureGates } from "@kubets/apiserver/feature-gates";
import { type RunningApiServer, runApiServer } from "@kubets/apiserver/run-api-server";
import { serviceNetworkOptions } from "@kubets/apiserver/services/options";
import { SharedInformers } from "@kubets/client/informer/shared-informers";
import type { Clock, Logger, Random } from "@kubets/machinery";
import { ExitError, exitCode } from "@kubets/machinery/exit-codes";
import type { FlagValues } from "@kubets/machinery/flags";
import { connectEtcd, openEmbeddedStorage, type Storage } from "@kubets/storage";
import { keyFromPem, publicOf, readCertificates } from "@kubets/wire/x509";
import { clusterHome } from "../cluster/home.ts";
import { writeKubeconfig } from "../cluster/kubeconfig.ts";
import type { ClusterPki } from "../cluster/pki.ts";
import { clientAs } from "../control-plane/control-plane.ts";
import { joinServer } from "../join/join-server.ts";
import { followOrders } from "../join/renewal-orders.ts";
import { parseToken } from "../join/token.ts";
import { secretOf } from "../secret-arguments.ts";
import { FRONT_PROXY } from "./certificates.ts";
import { leaderCheck, startedCheck } from "./component-checks.ts";
import { LiveCertificates } from "./live-certificates.ts";
import type { serverFlags } from "./options.ts";
import { type RunningControlPlane, runControlPlane } from "./run-control-plane.ts";
import { LEADER_LEASE, standBy } from "./stand-by.ts";

export interface ServerParts {
  readonly clock: Clock;
  readonly random: Random;
  readonly log: Logger;
  readonly signal: AbortSignal;
}

export type ServerFlags = FlagValues<typeof serverFlags>;

export interface RunningServer {
  readonly api: RunningApiServer;
  readonly pki: ClusterPki;
  /** Ends with the signal; rejects when this server must start again. */
  readonly ended: Promise<void>;
  close(): Promise<void>;
}

export async function runServer(
  given: ServerFlags,
  advertiseAddress: string,
  parts: ServerParts,
): Promise<RunningServer> {
  const { clock, random, log, signal } = parts;
  const home = clusterHome(given.cluster);
  const flags = given.server ? await joined(given, home.pki) : given;
  const certificates = new LiveCertificates({
    folder: home.pki,
    names: {
      advertiseAddress,
      more: flags["tls-san"],
      serviceCidr: flags["service-cluster-ip-range"],
      clusterDomain: flags["cluster-domain"],
    },
    lifetimeMs: flags["certificate-lifetime"],
    clock,
    log: log.with({ component: "certificates" }),
  });
  const { pki, frontProxyCa } = certificates;
  const tls = () => ({ ...certificates.serving, clientCa: `${pki.caPem}\n${frontProxyCa}` });
  const storage = await openStorage(flags, home.data, parts);
  const issuer = `https://kubernetes.default.svc.${flags["cluster-domain"]}`;
  const tokenKey = keyFromPem(pki.signingKey("service-account"));
  const { gates, warnings } = featureGates(flags["feature-gates"]);
  for (const warning of warnings) log.warn(warning);
  const featureEnabled = (name: string) => gates.enabled(name);
  const api = await runApiServer({
    storage,
    clock,
    random,
    log: log.with({ component: "apiserver" }),
    listen: {
      host: flags["bind-address"],
      port: flags["secure-port"],
      tls: tls(),
    },
    alsoListen: flags["listen-fd"].map(Number),
    advertiseAddress,
    anonymous: true,
    bootstrapTokens: true,
    serviceAccounts: { issuers: [issuer], audiences: [issuer], signingKey: tokenKey, publicKeys: [publicOf(tokenKey)] },
    authorizationModes: ["Node", "RBAC"],
    admission: admissionPlugins({ enable: ["NodeRestriction"], disable: [] }),
    serviceNetwork: serviceNetworkOptions(flags["service-cluster-ip-range"], flags["service-node-port-range"]),
    endpoint: true,
    allowPrivileged: true,
    minWatchSeconds: 1800,
    resources: configuredResources(flags["runtime-config"], featureEnabled),
    frontProxy: { ...PROXY_HEADERS, authorities: readCertificates(frontProxyCa) },
    proxyClient: certificates.frontProxyClient,
    published: { clientCa: pki.caPem, frontProxy: { ...PROXY_HEADERS, ca: frontProxyCa } },
    // The server's own network knows pods, but no addresses of services.
    serviceRouting: "endpoints",
    nodes: {
      get tls() {
        return { ...certificates.kubeletClient, ca: pki.caPem };
      },
      addressTypes: ["InternalIP", "Hostname"],
    },
    featureEnabled,
  });
  const writeDown = () =>
    writeKubeconfig(home.kubeconfig, {
      cluster: `kubets-${flags.cluster}`,
      server: flags["kubeconfig-server"] || `https://127.0.0.1:${api.listener.port}`,
      ca: pki.caPem,
      user: "admin",
      credentials: certificates.admin,
    });
  writeDown();
  certificates.onRenewal(() => {
    api.reloadTls(tls());
    writeDown();
  });
  certificates.keepYoung(signal);
  const client = clientAs(
    { server: api.server, clock },
    { name: "system:kubets", groups: ["system:masters"] },
    "kubets",
  );
  followOrders(new SharedInformers({ ...parts, client }), (time) => certificates.renewOlderThan(time));
  const options = { flags, advertiseAddress, api, certificates, tokenKey };
  const work = (leading: AbortSignal) =>
    runControlPlane(options, { ...parts, signal: AbortSignal.any([signal, leading]), until: leading });
  const alone = flags["etcd-servers"].length === 0;
  const coordinated = holdsElections(api.server.resources, featureEnabled);
  const { ready, ended }: Standing = alone
    ? runControlPlane(options, parts)
    : standBy(api.server, work, { ...parts, coordinated });
  const check = ready ? startedCheck(ready) : leaderCheck(client, LEADER_LEASE, clock);
  const { components } = api.server.context;
  components.set("controller-manager", check);
  if (!flags["disable-scheduler"]) components.set("scheduler", check);
  await ready;
  log.info("control plane ready", { port: api.listener.port });
  return {
    api,
    pki,
    ended,
    async close() {
      await api.close({ graceMs: SHUTDOWN_GRACE_MS });
      await storage.close();
    },
  };
}

/** Who stands by may never be ready. */
type Standing = Pick<RunningControlPlane, "ended"> & Partial<RunningControlPlane>;

/** So long requests have to finish when the server stops. */
const SHUTDOWN_GRACE_MS = 5_000;

/** How front proxies say who asks. */
const PROXY_HEADERS = {
  allowedNames: [FRONT_PROXY],
  usernameHeaders: ["X-Remote-User"],
  uidHeaders: ["X-Remote-Uid"],
  groupHeaders: ["X-Remote-Group"],
  extraPrefixes: ["X-Remote-Extra-"],
};

function openStorage(flags: ServerFlags, folder: string, { clock, log }: ServerParts): Promise<Storage> {
  const read = (path: string) => readFileSync(path, "utf8");
  const { "etcd-servers": endpoints, "etcd-cafile": ca, "etcd-certfile": cert, "etcd-keyfile": key } = flags;
  if (endpoints.length === 0) return openEmbeddedStorage({ folder, clock, logger: log });
  const tls = ca && { ca: read(ca), ...(cert && { cert: read(cert) }), ...(key && { key: read(key) }) };
  return connectEtcd({ endpoints: [...endpoints], ...(tls && { tls }), clock, logger: log });
}

/** What the servers of a cluster must agree on is the cluster's to say. */
async function joined(flags: ServerFlags, folder: string): Promise<ServerFlags> {
  const { server, token, "ca-hash": caHashes, "certificate-key": certificateKey, "etcd-servers": etcd } = flags;
  if (!token || !certificateKey || etcd.length === 0)
    throw new ExitError(
      exitCode.usage,
      "joining another server takes --token, --certificate-key and --etcd-servers: `kubets token create --for-server --print-join-command` prints them",
    );
  const invitation = { server, token: parseToken(secretOf(token)), caHashes };
  const { podRanges, serviceRanges, clusterDomain, addons } = await joinServer({
    invitation,
    certificateKey: secretOf(certificateKey),
    folder,
  });
  return {
    ...flags,
    "cluster-cidr": podRanges.join(","),
    "service-cluster-ip-range": serviceRanges.join(","),
    "cluster-domain": clusterDomain,
    addons,
  };
}
