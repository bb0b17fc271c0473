/**
 * What an agent is given or gets for itself: where it was given a kubeconfig and a runtime it takes them; where not, it joins the cluster that it was invited to,
 * and starts a runtime of its own. What only one of these ways needs is loaded on that way alone.
 */
import { join } from "node:path";
import { machineAddress } from "@kubets/machinery/machine-address";
import { NodeFiles } from "../join/node-files.ts";
import { ClusterServers } from "./cluster-servers.ts";
import type { AgentFlags, AgentParts } from "./run-agent.ts";

/** Of the runtime that an agent starts. */
export const RUN_FOLDER = "/run/kubets-agent";

interface Settled {
  readonly flags: AgentFlags;
  /** Of a cluster that the node joined. */
  readonly servers: ClusterServers | undefined;
}

export async function settle(given: AgentFlags, nodeName: string, parts: AgentParts): Promise<Settled> {
  const addressed = given["node-ip"].length > 0 ? given : { ...given, "node-ip": [machineAddress()] };
  return addressed.kubeconfig ? { flags: addressed, servers: undefined } : await joined(addressed, nodeName, parts);
}

interface AgentRuntime {
  readonly endpoint: string;
  /** Ends what was started for the agent alone; containers go on. */
  stop(): Promise<void>;
}

export async function agentRuntime(flags: AgentFlags, { clock, log }: AgentParts): Promise<AgentRuntime> {
  const { "container-runtime-endpoint": endpoint } = flags;
  if (endpoint) return { endpoint, stop: async () => {} };
  const { startMachineRuntime } = await import("@kubets/sandbox");
  const runtime = await startMachineRuntime({
    folder: flags["data-dir"],
    runFolder: RUN_FOLDER,
    cniConfFolder: flags["cni-conf-dir"],
    clock,
    log: log.with({ component: "runtime" }),
  });
  return { endpoint: `unix://${runtime.socket}`, stop: () => runtime.stop() };
}

async function joined(flags: AgentFlags, nodeName: string, { clock, log, signal }: AgentParts) {
  const { joinNode } = await import("../join/join-node.ts");
  const { parseToken } = await import("../join/token.ts");
  const { secretOf } = await import("../secret-arguments.ts");
  const files = new NodeFiles(join(flags["data-dir"], "identity"));
  const servers = new ClusterServers(files.servers);
  const { server, token, "ca-hash": caHashes } = flags;
  const invitation = server && token ? { server, token: parseToken(secretOf(token)), caHashes } : undefined;
  const addresses = flags["node-ip"];
  const { settings, parts } = await joinNode({ files, servers, nodeName, addresses, invitation, clock, log, signal });
  const kubeconfigs = Object.fromEntries(parts.map((part) => [`${part}-kubeconfig`, files.kubeconfig(part)]));
  return {
    servers,
    flags: {
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
    },
  };
}
