/** A cluster of real nodes on this machine: its sandbox, the control plane in it, an agent in each node, and the ports of the host that lead in. */
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import type { Clock, Logger } from "@kubets/machinery";
import { ExitError, exitCode } from "@kubets/machinery/exit-codes";
import {
  type ClusterSandbox,
  createClusterSandbox,
  familiesOf,
  installMissing,
  type NetworkOptions,
  type NetworkPlan,
  type NodeSandbox,
} from "@kubets/sandbox";
import { INGRESS_CONTROLLER, INGRESS_USER } from "../addons/ingress.ts";
import { NETWORK_USER } from "../addons/network.ts";
import { STORAGE_USER } from "../addons/storage.ts";
import { dnsAddresses } from "../cluster/addresses.ts";
import type { ClusterHome } from "../cluster/home.ts";
import { writeKubeconfig } from "../cluster/kubeconfig.ts";
import { ClusterPki, type KeyPair } from "../cluster/pki.ts";
import {
  dnsCertificate,
  ingressCertificate,
  networkCertificate,
  nodeCertificate,
  proxyCertificate,
  storageCertificate,
} from "../server/certificates.ts";
import { Child } from "./child.ts";
import { portTaken } from "./port-taken.ts";
import type { Progress } from "./progress.ts";
import type { IngressRule, PublishRules } from "./publish.ts";
import { PublishedServices } from "./published-services.ts";

export interface RealClusterOptions {
  readonly home: ClusterHome;
  readonly nodes: readonly string[];
  readonly port: number;
  readonly publish: PublishRules;
  readonly addons: readonly string[];
  readonly serverArgs: readonly string[];
  /** As --feature-gates. */
  readonly featureGates: string;
  readonly uplink: boolean;
  readonly network: NetworkOptions;
  readonly clock: Clock;
  readonly log: Logger;
  readonly progress: Progress;
  /** Aborted while the cluster starts: what was begun is taken away again. */
  readonly signal: AbortSignal;
}

export interface LocalCluster {
  readonly apiPort: number;
  /** Resolves when its agent says that it is ready. */
  addNode(name: string): Promise<void>;
  /** With all that it made. */
  removeNode(name: string): Promise<void>;
  /** Ends all that runs and keeps the data; gives what could not be removed. */
  stop(): Promise<string[]>;
}

/** The program's entry: beside the bundle's chunks when it is bundled. */
const MAIN = fileURLToPath(new URL(import.meta.url.endsWith(".ts") ? "../main.ts" : "./main.js", import.meta.url));

export async function startRealCluster(options: RealClusterOptions): Promise<LocalCluster> {
  const { home, clock, log, progress, signal } = options;
  await progress.step("programs of the machine", () =>
    installMissing({ say: (line) => progress.say(`    ${line}`), clock }),
  );
  const sandbox = await progress.step("network and namespaces", () => openSandbox(options));
  const parts: Child[] = [];
  const running = new Map<string, { readonly node: NodeSandbox; readonly agent: Child }>();
  const addAgent = (node: NodeSandbox): Child => {
    const agent = agentOf(options, sandbox, node);
    running.set(node.name, { node, agent });
    parts.push(agent);
    return agent;
  };
  let services: PublishedServices | undefined;
  const stop = async () => {
    await services?.close();
    await Promise.all(parts.map((part) => part.stop()));
    return sandbox.stop();
  };
  const endParts = () => void Promise.all(parts.map((part) => part.stop()));
  signal.addEventListener("abort", endParts, { once: true });
  try {
    const { fd, port: apiPort } = await listenOnHost(sandbox, options.port);
    const nodes = await progress.step(
      `${options.nodes.length} node${options.nodes.length === 1 ? "" : "s"} with containerd`,
      () => Promise.all(options.nodes.map((name) => sandbox.addNode(name))),
    );
    signal.throwIfAborted();
    const server = serverOf(options, sandbox, fd, apiPort);
    parts.push(server);
    await progress.step("control plane", () => server.start());
    const agents = nodes.map(addAgent);
    await progress.step("nodes ready", () => Promise.all(agents.map((agent) => agent.start())));
    if (options.addons.includes("ingress")) {
      const ingress = ingressOf(options, sandbox, await openPorts(sandbox, options.publish.ingress));
      parts.push(ingress);
      await progress.step("ingress", () => ingress.start());
    }
    services = await PublishedServices.start({
      kubeconfig: home.kubeconfig,
      rules: options.publish.services,
      sandbox,
      node: nodes[0],
      clock,
      log,
    });
    return {
      apiPort,
      addNode: async (name) => await addAgent(await sandbox.addNode(name)).start(),
      async removeNode(name) {
        const { node, agent } = running.get(name) ?? {};
        running.delete(name);
        if (agent) parts.splice(parts.indexOf(agent), 1);
        await agent?.stop();
        await node?.remove();
      },
      stop,
    };
  } catch (error) {
    await stop();
    if (signal.aborted) throw new ExitError(exitCode.interrupted, "stopped while it started; the data stays");
    throw error;
  } finally {
    signal.removeEventListener("abort", endParts);
  }
}

function openSandbox({ home, network, uplink, clock, log }: RealClusterOptions): Promise<ClusterSandbox> {
  return createClusterSandbox({ name: home.name, folder: home.folder, network, uplink, clock, log });
}

/** Of each family, as flags take them. */
const rangesOf = (plan: NetworkPlan, kind: "podRange" | "serviceRange" | "loadBalancerRange"): string =>
  familiesOf(plan)
    .map((ranges) => ranges[kind])
    .join();

/** The API's port is opened on the host and handed to the server, which lives elsewhere. */
async function listenOnHost({ driver }: ClusterSandbox, port: number): Promise<{ fd: number; port: number }> {
  try {
    return await driver.listen({}, { host: "127.0.0.1", port });
  } catch (error) {
    throw portTaken(error, port);
  }
}

interface OpenPort extends IngressRule {
  readonly fd: number;
}

function openPorts({ driver }: ClusterSandbox, rules: readonly IngressRule[]): Promise<OpenPort[]> {
  return Promise.all(
    rules.map(async (rule) => {
      try {
        return { ...rule, fd: (await driver.listen({}, { host: "127.0.0.1", port: rule.hostPort })).fd };
      } catch (error) {
        const why = error instanceof Error ? error.message : String(error);
        throw new ExitError(exitCode.failure, `the port ${rule.hostPort} could not be opened for the ingress: ${why}`);
      }
    }),
  );
}

/** Beside the control plane: at its address, with the sockets of the host that lead to it. */
function ingressOf(
  { home, clock, log }: RealClusterOptions,
  { address, scope, driver }: ClusterSandbox,
  open: readonly OpenPort[],
): Child {
  const pki = new ClusterPki(home.pki, () => clock.now());
  const kubeconfig = join(home.run, "ingress.kubeconfig");
  const server = `https://${address}:6443`;
  const credentials = ingressCertificate(pki);
  writeKubeconfig(kubeconfig, { cluster: home.name, server, ca: pki.caPem, user: INGRESS_USER, credentials });
  return new Child({
    name: "the ingress",
    driver,
    scope,
    args: [
      MAIN,
      "ingress",
      `--kubeconfig=${kubeconfig}`,
      `--controller-class=${INGRESS_CONTROLLER}`,
      `--bind-address=${address}`,
      `--healthz-bind-address=${address}:10254`,
      `--publish-status-address=${address}`,
      ...open.map(({ isSecure }, i) => `--${isSecure ? "https" : "http"}-fd=${FIRST_FD + i}`),
    ],
    env: {},
    fds: open.map(({ fd }) => fd),
    logFile: join(home.logs, "ingress.log"),
    readyWords: "ingress ready",
    clock,
    log,
  });
}

/** Behind the usual three. */
const FIRST_FD = 3;

function serverOf(
  { home, serverArgs, clock, log }: RealClusterOptions,
  sandbox: ClusterSandbox,
  fd: number,
  apiPort: number,
): Child {
  const { plan, address, scope, driver } = sandbox;
  return new Child({
    name: "the control plane",
    driver,
    scope,
    args: [
      MAIN,
      "server",
      `--cluster=${home.name}`,
      `--advertise-address=${address}`,
      `--bind-address=${address}`,
      "--secure-port=6443",
      "--listen-fd=3",
      `--kubeconfig-server=https://127.0.0.1:${apiPort}`,
      `--service-cluster-ip-range=${rangesOf(plan, "serviceRange")}`,
      "--cluster-cidr=",
      `--load-balancer-range=${rangesOf(plan, "loadBalancerRange")}`,
      ...serverArgs,
    ],
    env: {},
    fds: [fd],
    logFile: join(home.logs, "server.log"),
    readyWords: "control plane ready",
    clock,
    log,
  });
}

function agentOf(
  { home, uplink, addons, featureGates, clock, log }: RealClusterOptions,
  { plan, address }: ClusterSandbox,
  node: NodeSandbox,
): Child {
  const pki = new ClusterPki(home.pki, () => clock.now());
  const credentials = nodeCertificate(pki, node.name, node.address);
  const kubeconfig = (user: string, credentials: KeyPair): string => {
    const path = join(home.run, `${user.replaceAll(":", "-")}.kubeconfig`);
    writeKubeconfig(path, { cluster: home.name, server: `https://${address}:6443`, ca: pki.caPem, user, credentials });
    return path;
  };
  return new Child({
    name: node.name,
    driver: node.driver,
    scope: node.scope,
    args: [
      MAIN,
      "agent",
      `--kubeconfig=${kubeconfig(`system:node:${node.name}`, credentials)}`,
      `--proxy-kubeconfig=${kubeconfig("system:kube-proxy", proxyCertificate(pki))}`,
      ...(addons.includes("dns") ? [`--dns-kubeconfig=${kubeconfig("system:coredns", dnsCertificate(pki))}`] : []),
      ...(addons.includes("storage")
        ? [
            `--storage-kubeconfig=${kubeconfig(STORAGE_USER, storageCertificate(pki))}`,
            `--storage-dir=${join(node.folder, "volumes")}`,
          ]
        : []),
      `--network-kubeconfig=${kubeconfig(NETWORK_USER, networkCertificate(pki))}`,
      `--dns-forward=${uplink}`,
      `--feature-gates=${featureGates}`,
      `--node-name=${node.name}`,
      `--node-ip=${node.addresses}`,
      `--pod-cidr=${node.podRanges}`,
      `--cluster-cidr=${rangesOf(plan, "podRange")}`,
      `--service-cluster-ip-range=${rangesOf(plan, "serviceRange")}`,
      `--root-dir=${join(node.folder, "kubelet")}`,
      `--container-runtime-endpoint=unix://${node.containerdSocket}`,
      `--cgroup-root=${node.cgroup}`,
      `--cluster-dns=${dnsAddresses([plan.serviceRange])}`,
      `--tls-cert-file=${join(home.pki, `node-${node.name}.crt`)}`,
      `--tls-private-key-file=${join(home.pki, `node-${node.name}.key`)}`,
      `--client-ca-file=${join(home.pki, "ca.crt")}`,
    ],
    env: {},
    logFile: join(home.logs, `${node.name}.log`),
    readyWords: "node ready",
    clock,
    log,
  });
}
