/** The all-in-one server: storage, API server, controllers and scheduler in one process, with certificates from the cluster's own authority. */
import { join } from "node:path";
import { admissionPlugins } from "@kubets/apiserver/admission/plugins/index";
import { featureGates } from "@kubets/apiserver/feature-gates";
import { type RunningApiServer, runApiServer } from "@kubets/apiserver/run-api-server";
import { serviceNetworkOptions } from "@kubets/apiserver/services/options";
import { controllerMetrics } from "@kubets/client/controller-metrics";
import { controllerManagerFlags } from "@kubets/controllers/flags";
import { optionsOfFlags } from "@kubets/controllers/options-of-flags";
import { startControllers } from "@kubets/controllers/start-controllers";
import { type Clock, type Logger, parseIp, type Random } from "@kubets/machinery";
import { type FlagValues, parseFlags } from "@kubets/machinery/flags";
import { connectEtcd, openEmbeddedStorage, type Storage } from "@kubets/storage";
import { keyFromPem, publicOf, readCertificates } from "@kubets/wire/x509";
import { startDnsAddon } from "../addons/dns.ts";
import { startIngressAddon } from "../addons/ingress.ts";
import { grantNetwork } from "../addons/network.ts";
import { startStorageAddon } from "../addons/storage.ts";
import { dnsAddress } from "../cluster/addresses.ts";
import { clusterHome } from "../cluster/home.ts";
import { writeKubeconfig } from "../cluster/kubeconfig.ts";
import { ClusterPki } from "../cluster/pki.ts";
import { clientAs, startSchedulerIn } from "../control-plane/control-plane.ts";
import { startMetricsAddon } from "../metrics-api/addon.ts";
import {
  adminCertificate,
  FRONT_PROXY,
  frontProxy,
  kubeletClientCertificate,
  metricsCertificate,
  servingCertificate,
} from "./certificates.ts";
import type { serverFlags } from "./options.ts";

export { machineAddress } from "@kubets/apiserver/run-api-server";

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
  close(): Promise<void>;
}

export async function runServer(
  flags: ServerFlags,
  advertiseAddress: string,
  parts: ServerParts,
): Promise<RunningServer> {
  const { clock, random, log, signal } = parts;
  const home = clusterHome(flags.cluster);
  const pki = new ClusterPki(home.pki, clock.now());
  const proxy = frontProxy(join(home.pki, "front-proxy"), clock.now());
  const storage = await openStorage(flags, home.data, parts);
  const issuer = `https://kubernetes.default.svc.${flags["cluster-domain"]}`;
  const tokenKey = keyFromPem(pki.signingKey("service-account"));
  const gates = featureGates();
  const api = await runApiServer({
    storage,
    clock,
    random,
    log: log.with({ component: "apiserver" }),
    listen: {
      host: flags["bind-address"],
      port: flags["secure-port"],
      tls: {
        ...servingCertificate(pki, {
          advertiseAddress,
          more: flags["tls-san"],
          serviceCidr: flags["service-cluster-ip-range"],
          clusterDomain: flags["cluster-domain"],
        }),
        clientCa: `${pki.caPem}\n${proxy.ca}`,
      },
    },
    alsoListen: flags["listen-fd"].map(Number),
    advertiseAddress,
    anonymous: true,
    serviceAccounts: { issuers: [issuer], audiences: [issuer], signingKey: tokenKey, publicKeys: [publicOf(tokenKey)] },
    authorizationModes: ["Node", "RBAC"],
    admission: admissionPlugins({ enable: ["NodeRestriction"], disable: [] }),
    serviceNetwork: serviceNetworkOptions(flags["service-cluster-ip-range"], flags["service-node-port-range"]),
    endpoint: true,
    allowPrivileged: true,
    minWatchSeconds: 1800,
    frontProxy: { ...PROXY_HEADERS, authorities: readCertificates(proxy.ca) },
    proxyClient: proxy.client,
    published: { clientCa: pki.caPem, frontProxy: { ...PROXY_HEADERS, ca: proxy.ca } },
    // The server's own network knows pods, but no addresses of services.
    serviceRouting: "endpoints",
    nodes: { tls: { ...kubeletClientCertificate(pki), ca: pki.caPem }, addressTypes: ["InternalIP", "Hostname"] },
    featureEnabled: (name) => gates.enabled(name as Parameters<typeof gates.enabled>[0]),
  });
  writeKubeconfig(home.kubeconfig, {
    cluster: `kubets-${flags.cluster}`,
    server: flags["kubeconfig-server"] || `https://127.0.0.1:${api.listener.port}`,
    ca: pki.caPem,
    user: "admin",
    credentials: adminCertificate(pki),
  });
  const inside = { ...parts, server: api.server };
  const controllers = startControllers({
    client: clientAs(
      inside,
      { name: "system:kube-controller-manager", groups: ["system:masters"] },
      "kube-controller-manager",
    ),
    clientFor: (account) => clientAs(inside, serviceAccount(account), `kube-controller-manager/${account}`),
    clock,
    random,
    log: log.with({ component: "controllers" }),
    signal,
    controllers: flags.controllers,
    metrics: controllerMetrics(api.server.context.metrics.registry, clock),
    options: {
      ...controllerOptionsOf(flags["controller-manager-arg"]),
      rootCa: pki.caPem,
      clusterCidrs: flags["cluster-cidr"] ? flags["cluster-cidr"].split(",") : [],
      signer: { certificate: pki.caPem, key: pki.authority.key },
      serviceAccountKey: tokenKey,
    },
  });
  const { addons } = flags;
  const client = clientAs(inside, { name: "system:kubets", groups: ["system:masters"] }, "kubets");
  const isLoopback = parseIp(advertiseAddress)?.isLoopback() ?? false;
  // Where a cluster of simulated nodes is: no endpoint of a service may stand there, and nodes have no disks.
  const metrics =
    addons.includes("metrics") && !isLoopback
      ? startMetricsAddon({
          ...parts,
          client,
          log: log.with({ component: "metrics-api" }),
          address: advertiseAddress,
          serving: metricsCertificate(pki, advertiseAddress),
          clusterCa: pki.caPem,
          frontProxyCa: proxy.ca,
          frontProxyName: FRONT_PROXY,
          kubeletClient: kubeletClientCertificate(pki),
        })
      : undefined;
  const added = [
    metrics,
    grantNetwork(client),
    addons.includes("storage") && !isLoopback && startStorageAddon({ client }),
    addons.includes("ingress") && !isLoopback && startIngressAddon(client, advertiseAddress),
    addons.includes("dns") &&
      startDnsAddon(dnsAddress(flags["service-cluster-ip-range"]), {
        ...parts,
        client,
        log: log.with({ component: "dns-service" }),
      }),
  ];
  const scheduler = flags["disable-scheduler"] ? undefined : startSchedulerIn(inside);
  if (scheduler)
    api.server.context.pages.set("/debug/decisions", (query) =>
      scheduler.decisions.report(query.get("pod") ?? undefined),
    );
  await Promise.all([controllers.started, scheduler?.ready, ...added]);
  log.info("control plane ready", { port: api.listener.port, controllers: controllers.names.length });
  return {
    api,
    pki,
    async close() {
      await controllers.stopped;
      await (await metrics)?.close();
      await api.close();
      await storage.close();
    },
  };
}

/** How front proxies say who asks. */
const PROXY_HEADERS = {
  allowedNames: [FRONT_PROXY],
  usernameHeaders: ["X-Remote-User"],
  groupHeaders: ["X-Remote-Group"],
  extraPrefixes: ["X-Remote-Extra-"],
};

function openStorage(flags: ServerFlags, folder: string, { clock, log }: ServerParts): Promise<Storage> {
  if (flags["etcd-servers"].length) return connectEtcd({ endpoints: [...flags["etcd-servers"]], clock, logger: log });
  return openEmbeddedStorage({ folder, clock, logger: log });
}

const controllerOptionsOf = (args: readonly string[]) =>
  optionsOfFlags(
    parseFlags(
      controllerManagerFlags,
      args.map((arg) => `--${arg}`),
    ).values,
  );

/** Each controller has the rights of its own account and no more. */
const serviceAccount = (name: string) => ({
  name: `system:serviceaccount:kube-system:${name}`,
  groups: ["system:serviceaccounts", "system:serviceaccounts:kube-system"],
});
