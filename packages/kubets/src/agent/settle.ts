/**
 * What an agent does before it runs: where it was given a kubeconfig and a runtime it takes them; where not, it joins the cluster that it was invited to, and
 * starts a runtime of its own.
 */
import { join } from "node:path";
import { machineAddress } from "@kubets/apiserver/run-api-server";
import { startMachineRuntime } from "@kubets/sandbox";
import { joinNode } from "../join/join-node.ts";
import { NodeFiles } from "../join/node-files.ts";
import { parseToken } from "../join/token.ts";
import { ClusterServers } from "./cluster-servers.ts";
import type { AgentFlags, AgentParts } from "./run-agent.ts";

export interface Settled {
  readonly flags: AgentFlags;
  readonly servers: ClusterServers;
  /** Ends what was started for the agent alone; containers go on. */
  stop(): Promise<void>;
}

export async function settle(given: AgentFlags, nodeName: string, parts: AgentParts): Promise<Settled> {
  const files = new NodeFiles(join(given["data-dir"], "identity"));
  const servers = new ClusterServers(files.servers);
  const addressed = given["node-ip"].length > 0 ? given : { ...given, "node-ip": [machineAddress()] };
  const flags = addressed.kubeconfig ? addressed : await joined(addressed, nodeName, files, servers, parts);
  if (flags["container-runtime-endpoint"]) return { flags, servers, stop: async () => {} };
  const { clock, log } = parts;
  const runtime = await startMachineRuntime({
    folder: flags["data-dir"],
    runFolder: "/run/kubets",
    cniConfFolder: flags["cni-conf-dir"],
    clock,
    log: log.with({ component: "runtime" }),
  });
  return {
    flags: { ...flags, "container-runtime-endpoint": `unix://${runtime.socket}` },
    servers,
    stop: () => runtime.stop(),
  };
}

async function joined(
  flags: AgentFlags,
  nodeName: string,
  files: NodeFiles,
  servers: ClusterServers,
  { clock, log, signal }: AgentParts,
): Promise<AgentFlags> {
  const { settings, parts } = await joinNode({
    files,
    servers,
    nodeName,
    addresses: flags["node-ip"],
    invitation:
      flags.server && flags.token
        ? { server: flags.server, token: parseToken(flags.token), caHashes: flags["ca-hash"] }
        : undefined,
    clock,
    log,
    signal,
  });
  const kubeconfigs = Object.fromEntries(parts.map((part) => [`${part}-kubeconfig`, files.kubeconfig(part)]));
  return {
    ...flags,
    ...kubeconfigs,
    kubeconfig: files.kubeconfig("node"),
    "cluster-cidr": settings.podRanges,
    "service-cluster-ip-range": settings.serviceRanges,
    "cluster-dns": [settings.dnsAddress],
    "cluster-domain": settings.clusterDomain,
    "dns-forward": true,
    "storage-dir": join(flags["data-dir"], "volumes"),
    "client-ca-file": files.ca,
    "tls-cert-file": files.servingCert,
    "tls-private-key-file": files.servingKey,
  };
}
