/**
 * All that a node runs of Kubets, in one process inside the node's namespaces: the kubelet, the proxy, DNS and the pod network.
 *
 * Order: what leads to pods comes before what starts and ends them. After a crash the kernel still sends to pods that went meanwhile or are about to; the proxy
 * sees to that without waiting for the runtime, and the kubelet ends no pod before.
 */
import { readFileSync } from "node:fs";
import { availableParallelism, hostname } from "node:os";
import { join } from "node:path";
import type { Client } from "@kubets/client";
import { createEventRecorder } from "@kubets/client/cluster-event-recorder";
import { runControllers } from "@kubets/client/controller-runner";
import { SharedInformers } from "@kubets/client/informer/shared-informers";
import { connectionFrom } from "@kubets/client/kubeconfig/connection";
import { openClient, type TransportExtras } from "@kubets/client/kubeconfig/open-client";
import { machineReading } from "@kubets/client/kubeconfig/reading";
import { nameServers, serveStatus, startDns } from "@kubets/dns";
import { type Kubelet, kubeletDefaults, machineExec, type RunningKubelet, realDisk, runKubelet } from "@kubets/kubelet";
import { startLocalPathDriver } from "@kubets/kubelet/local-path/driver";
import { localPathProvisioner, PROVISIONER } from "@kubets/kubelet/local-path/provisioner";
import { volumeFolders } from "@kubets/kubelet/local-path/volume-folders";
import { type Clock, type Logger, type Random, sleep } from "@kubets/machinery";
import { parseGates } from "@kubets/machinery/feature-gates";
import type { FlagValues } from "@kubets/machinery/flags";
import { joinHostPort } from "@kubets/machinery/ip";
import { MetricsRegistry } from "@kubets/machinery/metrics";
import { VERSION } from "@kubets/machinery/release";
import { startNetwork } from "@kubets/network";
import { enforcePolicies } from "@kubets/network/policy/enforce";
import { defaultProxyConfig } from "@kubets/proxy/config";
import { applySettings, conntrackSettings } from "@kubets/proxy/conntrack-settings";
import { machineExec as proxyExec } from "@kubets/proxy/exec";
import { NftablesBackend } from "@kubets/proxy/nftables/backend";
import { startProxy } from "@kubets/proxy/run-proxy";
import { NodeIdentities } from "./node-identities.ts";
import type { agentFlags } from "./options.ts";
import { agentRuntime, settle } from "./settle.ts";

export type AgentFlags = FlagValues<typeof agentFlags>;

export interface AgentParts {
  readonly clock: Clock;
  readonly random: Random;
  readonly log: Logger;
  readonly signal: AbortSignal;
}

export interface RunningAgent {
  readonly kubelet: Kubelet;
  /** Containers go on. */
  stop(): Promise<void>;
}

export async function runAgent(given: AgentFlags, parts: AgentParts): Promise<RunningAgent> {
  const { clock, log } = parts;
  const nodeName = (given["node-name"] || hostname()).toLowerCase();
  const stopping = new AbortController();
  const signal = AbortSignal.any([parts.signal, stopping.signal]);
  const { flags, servers } = await settle(given, nodeName, { ...parts, signal });
  const inside = { ...parts, signal: stopping.signal };
  const alternatives = () => servers?.all ?? [];
  const { client, transport } = await clientOf(flags.kubeconfig, `kubets-agent/${nodeName}`, { alternatives });
  const identities = new NodeIdentities({ client, ...inside });
  identities.keep(flags.kubeconfig, transport);
  const open = async (kubeconfig: string, userAgent: string) => {
    const opened = await clientOf(kubeconfig, `${userAgent}/${nodeName}`, { alternatives });
    identities.keep(kubeconfig, opened.transport);
    return opened;
  };
  const services = await open(flags["proxy-kubeconfig"] || flags.kubeconfig, "kubets-proxy");
  const cache = new SharedInformers({ ...inside, client: services.client });
  servers?.follow(cache);
  const proxy = startProxy({
    cache,
    clock,
    log: log.with({ component: "proxy" }),
    nodeName,
    backend: new NftablesBackend({
      exec: proxyExec(),
      log,
      clusterCidrs: flags["cluster-cidr"],
      serviceCidrs: flags["service-cluster-ip-range"],
    }),
    signal: stopping.signal,
  });
  void applySettings(conntrackSettings(defaultProxyConfig, availableParallelism()), log);
  const dns = flags["dns-kubeconfig"]
    ? await runDns(flags, await open(flags["dns-kubeconfig"], "kubets-dns"), inside)
    : undefined;
  const network = flags["network-kubeconfig"]
    ? runNetwork(flags, nodeName, await open(flags["network-kubeconfig"], "kubets-network"), inside)
    : undefined;
  const runtime = await agentRuntime(flags, inside);
  await Promise.race([proxy.ready, sleep(clock, PROXY_FIRST_MS)]);
  const kubelet = await startNodeKubelet(flags, nodeName, client, runtime.endpoint, parts);
  identities.keepServing(flags["tls-cert-file"], flags["tls-private-key-file"], () => kubelet.reloadTls());
  const storage = flags["storage-kubeconfig"]
    ? await runStorage(flags, nodeName, await open(flags["storage-kubeconfig"], "kubets-storage"), inside)
    : undefined;
  identities.followOrders(new SharedInformers({ ...inside, client }));
  await Promise.all([kubelet.kubelet.ready, proxy.ready, dns?.ready, network?.ready]);
  log.info("node ready", { node: nodeName });
  return {
    kubelet: kubelet.kubelet,
    async stop() {
      stopping.abort();
      await kubelet.stop();
      for (const each of [transport, services.transport, dns, storage, network]) await each?.close();
      await runtime.stop();
    },
  };
}

/** A proxy that cannot work, or a server that does not answer, keeps no kubelet from its pods. */
const PROXY_FIRST_MS = 5000;

const startNodeKubelet = (
  flags: AgentFlags,
  nodeName: string,
  client: Client,
  containerRuntimeEndpoint: string,
  { clock, random, log }: AgentParts,
): Promise<RunningKubelet> =>
  runKubelet({
    client,
    nodeName,
    addresses: flags["node-ip"],
    paths: { root: flags["root-dir"], podLogs: flags["pod-logs-dir"] },
    certFolder: join(flags["root-dir"], "pki"),
    clock,
    random,
    log: log.with({ component: "kubelet" }),
    flags: { ...flags, token: "" },
    config: {
      ...kubeletDefaults,
      file: { ...kubeletDefaults.file, featureGates: parseGates(flags["feature-gates"]) },
      containerRuntimeEndpoint,
      clusterDns: flags["cluster-dns"],
      clusterDomain: flags["cluster-domain"],
      maxPods: flags["max-pods"],
      nodeLabels: Object.fromEntries(flags["node-labels"].map((label) => label.split("=", 2) as [string, string])),
      cgroupRoot: flags["cgroup-root"],
      podCidr: flags["pod-cidr"],
      address: flags["node-ip"][0] ?? "0.0.0.0",
      tlsCertFile: flags["tls-cert-file"],
      tlsPrivateKeyFile: flags["tls-private-key-file"],
      clientCaFile: flags["client-ca-file"],
    },
  });

/** As the annotations of the service kube-dns say. */
const DNS_METRICS_PORT = 9153;

type Opened = Awaited<ReturnType<typeof clientOf>>;

async function runDns(flags: AgentFlags, { client, transport }: Opened, { clock, random, log, signal }: AgentParts) {
  const cache = new SharedInformers({ client, clock, random, log, signal });
  const addresses = flags["node-ip"].length ? flags["node-ip"] : ["0.0.0.0"];
  const metrics = new MetricsRegistry();
  const dns = await startDns({
    cache,
    clock,
    log: log.with({ component: "dns" }),
    clusterDomain: flags["cluster-domain"],
    listen: addresses.map((host) => ({ host, port: 53 })),
    upstreams: flags["dns-forward"] ? nameServers(readFileSync("/etc/resolv.conf", "utf8")) : [],
    serverAddresses: flags["cluster-dns"],
    metrics,
    signal,
  });
  const status = serveStatus(joinHostPort(addresses[0] as string, DNS_METRICS_PORT), dns, metrics);
  status.on("error", (error) => log.warn("the figures of DNS cannot be read from outside", { error }));
  return {
    ready: dns.ready,
    async close() {
      status.close();
      await dns.close();
      await transport.close();
    },
  };
}

/** Makes volumes of folders of this node, and shows them to pods. */
async function runStorage(
  flags: AgentFlags,
  nodeName: string,
  { client, transport }: Opened,
  { clock, random, log, signal }: AgentParts,
) {
  const cache = new SharedInformers({ client, clock, random, log, signal });
  const events = createEventRecorder({ client, clock, random, log, component: PROVISIONER, host: nodeName, signal });
  const disk = realDisk(machineExec());
  const folders = volumeFolders(disk, flags["storage-dir"]);
  const controllers = [localPathProvisioner({ nodeName, folders })];
  runControllers(controllers, { client, cache, clock, random, log, events, signal });
  const version = VERSION;
  const driver = await startLocalPathDriver({ nodeName, version, disk, folders, kubeletFolder: flags["root-dir"] });
  return {
    async close() {
      await driver.close();
      await transport.close();
    },
  };
}

/**
 * Routes to the pods of other nodes, unless they are somebody else's work, and what policies keep apart. Both stay when the agent ends: pods go on
 * without it.
 */
function runNetwork(
  flags: AgentFlags,
  nodeName: string,
  { client, transport }: Opened,
  { clock, random, log: agentLog, signal }: AgentParts,
) {
  const log = agentLog.with({ component: "network" });
  const cache = new SharedInformers({ client, clock, random, log, signal });
  const exec = proxyExec();
  const common = { cache, clock, log, nodeName, exec, signal };
  const policies = enforcePolicies(common);
  const routes = flags["pod-cidr"]
    ? undefined
    : startNetwork({
        ...common,
        clusterCidrs: flags["cluster-cidr"],
        serviceCidrs: flags["service-cluster-ip-range"],
        masquerade: true,
        cniConfDir: flags["cni-conf-dir"],
      });
  return {
    ready: Promise.all([policies.ready, routes?.ready]),
    close: () => transport.close(),
  };
}

async function clientOf(kubeconfig: string, userAgent: string, extras: TransportExtras) {
  const connection = await connectionFrom({ kubeconfig }, machineReading());
  return openClient(connection, userAgent, extras);
}
