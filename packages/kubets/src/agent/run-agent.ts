/** All that a node runs of Kubets, in one process inside the node's namespaces: the kubelet, the proxy, DNS and the pod network. */
import { readFileSync } from "node:fs";
import { hostname } from "node:os";
import { join } from "node:path";
import { createEventRecorder } from "@kubets/client/cluster-event-recorder";
import { runControllers } from "@kubets/client/controller-runner";
import { SharedInformers } from "@kubets/client/informer/shared-informers";
import { connectionFrom } from "@kubets/client/kubeconfig/connection";
import { openClient } from "@kubets/client/kubeconfig/open-client";
import { machineReading } from "@kubets/client/kubeconfig/reading";
import { nameServers, type RunningDns, startDns } from "@kubets/dns";
import { type Kubelet, kubeletDefaults, machineExec, realDisk, runKubelet } from "@kubets/kubelet";
import { localPathProvisioner, PROVISIONER } from "@kubets/kubelet/local-path/provisioner";
import { volumeFolders } from "@kubets/kubelet/local-path/volume-folders";
import type { Clock, Logger, Random } from "@kubets/machinery";
import type { FlagValues } from "@kubets/machinery/flags";
import { enforcePolicies } from "@kubets/network/policy/enforce";
import { machineExec as proxyExec } from "@kubets/proxy/exec";
import { NftablesBackend } from "@kubets/proxy/nftables/backend";
import { startProxy } from "@kubets/proxy/run-proxy";
import type { agentFlags } from "./options.ts";

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

export async function runAgent(flags: AgentFlags, { clock, random, log }: AgentParts): Promise<RunningAgent> {
  const nodeName = flags["node-name"] || hostname();
  const { client, transport } = await clientOf(flags.kubeconfig, `kubets-agent/${nodeName}`, log);
  const { kubelet, stop: stopKubelet } = await runKubelet({
    client,
    nodeName,
    addresses: flags["node-ip"],
    paths: { root: flags["root-dir"], podLogs: flags["pod-logs-dir"] },
    certFolder: join(flags["root-dir"], "pki"),
    clock,
    random,
    log: log.with({ component: "kubelet" }),
    config: {
      ...kubeletDefaults,
      containerRuntimeEndpoint: flags["container-runtime-endpoint"],
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
  const stopping = new AbortController();
  const services = await clientOf(flags["proxy-kubeconfig"] || flags.kubeconfig, `kubets-proxy/${nodeName}`, log);
  const cache = new SharedInformers({ client: services.client, clock, random, log, signal: stopping.signal });
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
  const dns = flags["dns-kubeconfig"]
    ? await runDns(flags, { clock, random, log, signal: stopping.signal })
    : undefined;
  const storage = flags["storage-kubeconfig"]
    ? await runStorage(flags, nodeName, { clock, random, log, signal: stopping.signal })
    : undefined;
  const network = flags["network-kubeconfig"]
    ? await runPolicies(flags, nodeName, { clock, random, log, signal: stopping.signal })
    : undefined;
  await Promise.all([kubelet.ready, proxy.ready, dns?.ready, network?.ready]);
  log.info("node ready", { node: nodeName });
  return {
    kubelet,
    async stop() {
      stopping.abort();
      await stopKubelet();
      for (const each of [transport, services.transport, dns, storage, network]) await each?.close();
    },
  };
}

async function runDns(flags: AgentFlags, { clock, random, log, signal }: AgentParts): Promise<RunningDns> {
  const { client } = await clientOf(flags["dns-kubeconfig"], "kubets-dns", log);
  const cache = new SharedInformers({ client, clock, random, log, signal });
  const address = flags["node-ip"][0] ?? "0.0.0.0";
  return startDns({
    cache,
    clock,
    log: log.with({ component: "dns" }),
    clusterDomain: flags["cluster-domain"],
    listen: [{ host: address, port: 53 }],
    upstreams: flags["dns-forward"] ? nameServers(readFileSync("/etc/resolv.conf", "utf8")) : [],
    serverAddresses: flags["cluster-dns"],
    signal,
  });
}

/** Makes volumes of folders of this node; gives its connection. */
async function runStorage(flags: AgentFlags, nodeName: string, { clock, random, log, signal }: AgentParts) {
  const { client, transport } = await clientOf(flags["storage-kubeconfig"], `kubets-storage/${nodeName}`, log);
  const cache = new SharedInformers({ client, clock, random, log, signal });
  const events = createEventRecorder({ client, clock, random, log, component: PROVISIONER, host: nodeName, signal });
  const folders = volumeFolders(realDisk(machineExec()), flags["storage-dir"]);
  const controllers = [localPathProvisioner({ nodeName, folders })];
  runControllers(controllers, { client, cache, clock, random, log, events, signal });
  return transport;
}

/** What policies keep apart stays apart when the agent ends: pods go on without it. */
async function runPolicies(flags: AgentFlags, nodeName: string, { clock, random, log, signal }: AgentParts) {
  const { client, transport } = await clientOf(flags["network-kubeconfig"], `kubets-network/${nodeName}`, log);
  const cache = new SharedInformers({ client, clock, random, log, signal });
  const exec = proxyExec();
  const { ready } = enforcePolicies({ cache, clock, log: log.with({ component: "network" }), nodeName, exec, signal });
  return { ready, close: () => transport.close() };
}

async function clientOf(kubeconfig: string, userAgent: string, log: Logger) {
  const connection = await connectionFrom(
    { kubeconfig },
    machineReading((text) => log.warn(text)),
  );
  return openClient(connection, userAgent);
}
