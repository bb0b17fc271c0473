/** The metrics API as a part of the cluster: its server, the service and APIService by which it is found, and the rights of who may read it. */
import { apiservices, clusterroles, endpointslices, nodes, pods, services } from "@kubets/api/generated/refs";
import { SharedInformers } from "@kubets/client/informer/shared-informers";
import type { Listener } from "@kubets/wire/http";
import type { AddonParts } from "../addons/dns.ts";
import type { LiveCertificates } from "../server/live-certificates.ts";
import { GROUP, VERSION } from "./objects.ts";
import { Scraper } from "./scraper.ts";
import { serveMetricsApi } from "./serve.ts";

interface MetricsAddonOptions extends AddonParts {
  /** Where the API server reaches it. */
  readonly address: string;
  readonly certificates: LiveCertificates;
  readonly frontProxyName: string;
}

const NAMESPACE = "kube-system";
const NAME = "kubets-metrics";
/** What its certificate must be for. */
export const METRICS_HOST = `${NAME}.${NAMESPACE}.svc`;
const READER = "system:aggregated-metrics-reader";

export async function startMetricsAddon(options: MetricsAddonOptions): Promise<Listener> {
  const { client, clock, random, log, signal, address, certificates } = options;
  const { pki, frontProxyCa } = certificates;
  const tls = () => ({ ...certificates.metrics, clientCa: frontProxyCa });
  const cache = new SharedInformers({ client, clock, random, log, signal });
  const listener = await serveMetricsApi({
    cache,
    clock,
    scraper: new Scraper({ clock, log, tls: () => ({ ...certificates.kubeletClient, ca: pki.caPem }) }),
    tls: tls(),
    host: address,
    caller: options.frontProxyName,
  });
  certificates.onRenewal(() => listener.reloadTls(tls()));
  await Promise.all([cache.informer(nodes).synced, cache.informer(pods).synced]);
  await register(options, listener.port);
  return listener;
}

async function register({ client, address, certificates }: MetricsAddonOptions, port: number): Promise<void> {
  const by = { fieldManager: "kubets", force: true };
  const metadata = { namespace: NAMESPACE, name: NAME };
  await client.apply(
    services,
    {
      apiVersion: "v1",
      kind: "Service",
      metadata,
      spec: { ports: [{ name: "https", port: 443, targetPort: port, protocol: "TCP" }] },
    },
    by,
  );
  await client.apply(
    endpointslices,
    {
      apiVersion: "discovery.k8s.io/v1",
      kind: "EndpointSlice",
      metadata: { ...metadata, labels: { "kubernetes.io/service-name": NAME } },
      addressType: "IPv4",
      ports: [{ name: "https", port, protocol: "TCP" }],
      endpoints: [{ addresses: [address], conditions: { ready: true } }],
    },
    by,
  );
  await client.apply(
    clusterroles,
    {
      apiVersion: "rbac.authorization.k8s.io/v1",
      kind: "ClusterRole",
      metadata: {
        name: READER,
        labels: Object.fromEntries(
          ["admin", "edit", "view"].map((role) => [`rbac.authorization.k8s.io/aggregate-to-${role}`, "true"]),
        ),
      },
      rules: [{ apiGroups: [GROUP], resources: ["pods", "nodes"], verbs: ["get", "list", "watch"] }],
    },
    by,
  );
  await client.apply(
    apiservices,
    {
      apiVersion: "apiregistration.k8s.io/v1",
      kind: "APIService",
      metadata: { name: `${VERSION}.${GROUP}` },
      spec: {
        group: GROUP,
        version: VERSION,
        groupPriorityMinimum: 100,
        versionPriority: 100,
        service: { namespace: NAMESPACE, name: NAME, port: 443 },
        caBundle: Buffer.from(certificates.pki.caPem).toString("base64"),
      },
    },
    by,
  );
}
