/** `kubets proxy`: flags in, a running proxy, until a signal ends it. The rules stay, so that services live through a restart. */
import { writeFileSync } from "node:fs";
import { availableParallelism, hostname } from "node:os";
import { nodes } from "@kubets/api/generated/refs";
import type { Node } from "@kubets/api/generated/types/core-v1";
import { type Client, SharedInformers } from "@kubets/client";
import { connectionFrom } from "@kubets/client/kubeconfig/connection";
import { openClient } from "@kubets/client/kubeconfig/open-client";
import { machineReading } from "@kubets/client/kubeconfig/reading";
import { createLogger, ExitError, exitCode, type Logger, realClock, realRandom, StatusError } from "@kubets/machinery";
import { defineCommand } from "@kubets/machinery/command";
import { machineExec } from "@kubets/machinery/exec";
import { parseGates } from "@kubets/machinery/feature-gates";
import { isOpen, NATIVE_HISTOGRAMS } from "@kubets/machinery/given-gates";
import { MetricsRegistry } from "@kubets/machinery/metrics";
import { installProcessHandlers } from "@kubets/machinery/process-errors";
import { onStopSignal } from "@kubets/machinery/shutdown";
import type { ProxyBackend } from "./backend.ts";
import {
  defaultProxyConfig,
  hostPort,
  type KubeProxyConfiguration,
  loadProxyConfig,
  localPods,
  modeOf,
  nodePortRanges,
  type ProxyMode,
  proxyConfigText,
} from "./config.ts";
import { applySettings, conntrackSettings } from "./conntrack-settings.ts";
import { commandFlags, type ProxyFlags } from "./flags.ts";
import { IptablesBackend } from "./iptables/backend.ts";
import { NftablesBackend } from "./nftables/backend.ts";
import { healthzHandler, metricsHandler, serve } from "./proxy-server.ts";
import { startProxy } from "./run-proxy.ts";
import { UserspaceBackend } from "./userspace/backend.ts";

export const proxyCommand = defineCommand({
  name: "proxy",
  summary: "Run the proxy of a node",
  description: "Makes services reachable from this node: at their cluster IPs, node ports and outside addresses.",
  examples: ["kubets proxy --kubeconfig proxy.kubeconfig --cluster-cidr 10.244.0.0/16", "kubets proxy --cleanup"],
  flags: commandFlags,
  async run({ values: flags, args }) {
    if (args.length) throw new ExitError(exitCode.usage, `proxy takes no arguments, but was given ${args.join(" ")}`);
    const log = createLogger({ format: flags["logging-format"], level: flags.v >= 4 ? "debug" : "info" }).with({
      component: "proxy",
    });
    installProcessHandlers(log);
    if (flags["write-config-to"]) writeFileSync(flags["write-config-to"], proxyConfigText(configOf(flags)));
    else if (flags["init-only"]) log.info("nothing has to be done as root beforehand");
    else if (flags.cleanup) await cleanup(log);
    else await proxy(flags, log);
  },
});

/** Whatever mode the proxy ran in; programs that are not there made nothing. */
async function cleanup(log: Logger): Promise<void> {
  const exec = machineExec();
  for (const backend of [new NftablesBackend({ exec, log }), new IptablesBackend({ exec, log })])
    if (!(await backend.unavailable())) await backend.cleanup();
}

export function configOf(flags: ProxyFlags): KubeProxyConfiguration {
  if (flags.config) {
    const config = loadProxyConfig(flags.config);
    return { ...config, hostnameOverride: flags["hostname-override"] || config.hostnameOverride };
  }
  const rules = {
    masqueradeBit: flags["iptables-masquerade-bit"],
    masqueradeAll: flags["masquerade-all"],
    syncPeriod: flags["iptables-sync-period"],
    minSyncPeriod: flags["iptables-min-sync-period"],
  };
  return {
    ...defaultProxyConfig,
    featureGates: parseGates(flags["feature-gates"]),
    clientConnection: { ...defaultProxyConfig.clientConnection, kubeconfig: flags.kubeconfig },
    hostnameOverride: flags["hostname-override"],
    bindAddress: flags["bind-address"],
    healthzBindAddress: flags["healthz-bind-address"],
    metricsBindAddress: flags["metrics-bind-address"],
    mode: flags["proxy-mode"],
    nftables: rules,
    iptables: { ...rules, localhostNodePorts: undefined },
    detectLocalMode: flags["detect-local-mode"],
    detectLocal: {
      bridgeInterface: flags["pod-bridge-interface"],
      interfaceNamePrefix: flags["pod-interface-name-prefix"],
    },
    clusterCIDR: flags["cluster-cidr"],
    nodePortAddresses: flags["nodeport-addresses"],
    conntrack: {
      maxPerCore: flags["conntrack-max-per-core"],
      min: flags["conntrack-min"],
      tcpEstablishedTimeout: flags["conntrack-tcp-timeout-established"],
      tcpCloseWaitTimeout: flags["conntrack-tcp-timeout-close-wait"],
      tcpBeLiberal: flags["conntrack-tcp-be-liberal"],
      udpTimeout: flags["conntrack-udp-timeout"],
      udpStreamTimeout: flags["conntrack-udp-timeout-stream"],
    },
  };
}

async function proxy(flags: ProxyFlags, log: Logger): Promise<void> {
  const config = configOf(flags);
  const mode = modeOf(config.mode);
  const nodeName = (config.hostnameOverride || hostname()).trim().toLowerCase();
  const { kubeconfig } = config.clientConnection;
  const found = await connectionFrom(kubeconfig ? { kubeconfig } : {}, machineReading());
  const { client, transport } = await openClient(
    { ...found, ...(flags.master && { server: flags.master }) },
    "kubets-proxy",
  );
  const { signal } = onStopSignal();
  const backend = await backendFor(mode, config, await ownNode(client, nodeName), log);
  await applySettings(conntrackSettings(config, availableParallelism()), log);
  const metrics = new MetricsRegistry();
  if (isOpen(NATIVE_HISTOGRAMS, config.featureGates)) metrics.openNativeHistograms();
  const cache = new SharedInformers({ client, clock: realClock, random: realRandom, log, signal });
  const { syncPeriod: syncPeriodMs } = config[mode === "iptables" ? "iptables" : "nftables"];
  const running = startProxy({ cache, clock: realClock, log, nodeName, backend, signal, metrics, syncPeriodMs });
  const healthz = hostPort(config.healthzBindAddress, 10256);
  const metricsAt = hostPort(config.metricsBindAddress, 10249);
  const program = { name: "kube-proxy", startedAt: realClock.now() - process.uptime() * 1000, flags };
  const servers = [
    ...(healthz ? [await serve(healthzHandler(running, realClock), healthz)] : []),
    ...(metricsAt ? [await serve(metricsHandler(metrics, mode, program, realClock), metricsAt)] : []),
  ];
  void running.ready.then(() => log.info("ready", { mode, node: nodeName }));
  await new Promise<void>((resolve) => signal.addEventListener("abort", () => resolve(), { once: true }));
  for (const server of servers) server.close();
  if (backend.name === "userspace") await backend.cleanup();
  await transport.close();
}

/** The node may register later than its proxy starts. */
async function ownNode(client: Client, name: string): Promise<Node | undefined> {
  try {
    return await client.get(nodes, { name });
  } catch (error) {
    if (error instanceof StatusError && error.reason === "NotFound") return undefined;
    throw error;
  }
}

async function backendFor(
  mode: ProxyMode,
  config: KubeProxyConfiguration,
  node: Node | undefined,
  log: Logger,
): Promise<ProxyBackend> {
  const exec = machineExec();
  const nodeIps = (node?.status?.addresses ?? [])
    .filter(({ type }) => type === "InternalIP")
    .map((each) => each.address);
  const isAny = config.bindAddress === "" || config.bindAddress === "0.0.0.0" || config.bindAddress === "::";
  const { masqueradeAll, masqueradeBit = 14 } = config[mode === "iptables" ? "iptables" : "nftables"];
  const rules = {
    exec,
    log,
    ...localPods(config, node?.spec?.podCIDRs ?? []),
    masqueradeAll,
    masqueradeMark: 2 ** masqueradeBit,
  };
  const places = config.nodePortAddresses;
  const nodePortAddresses = nodePortRanges(places, isAny ? nodeIps : [config.bindAddress]);
  const make: Record<ProxyMode, () => ProxyBackend> = {
    nftables: () => new NftablesBackend({ ...rules, nodePortAddresses }),
    // As ever: every address where none is said.
    iptables: () => new IptablesBackend({ ...rules, ...(places.length > 0 && { nodePortAddresses }) }),
    userspace: () => new UserspaceBackend({ clock: realClock, log, ...(process.getuid?.() === 0 && { exec }) }),
  };
  const backend = make[mode]();
  const problem = await backend.unavailable();
  if (problem) throw new ExitError(exitCode.precondition, `services cannot be done by ${mode} here: ${problem}`);
  return backend;
}
