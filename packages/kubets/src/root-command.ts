/** All commands of the program. The module of a part is loaded only when its command is asked for, so that `kubets --help` is quick and a server carries no more than it needs. */
import { existsSync } from "node:fs";
import { type Command, defineCommand } from "@kubets/machinery/command";
import { clusterHome } from "./cluster/home.ts";

interface Entry {
  readonly name: string;
  readonly summary: string;
  load(): Promise<Command>;
}

const ENTRIES: readonly Entry[] = [
  {
    name: "up",
    summary: "Start a cluster on this machine",
    load: async () => (await import("./up/command.ts")).upCommand,
  },
  {
    name: "down",
    summary: "Stop a cluster and remove all that it made on this machine",
    load: async () => (await import("./down/command.ts")).downCommand,
  },
  {
    name: "status",
    summary: "Say whether a cluster runs, and how to reach it",
    load: async () => (await import("./down/command.ts")).statusCommand,
  },
  {
    name: "image",
    summary: "Load, build, list and remove images on the nodes of a cluster",
    load: async () => (await import("./image/command.ts")).imageCommand,
  },
  {
    name: "dashboard",
    summary: "Show a cluster in the browser",
    load: async () => (await import("./dashboard/command.ts")).dashboardCommand,
  },
  {
    name: "why",
    summary: "Tell why a pod runs where it does or nowhere, or whether a connection passes",
    load: async () => (await import("./why/command.ts")).whyCommand,
  },
  {
    name: "cel",
    summary: "Evaluate an expression of policies and custom resource rules on an object",
    load: async () => (await import("./cel/command.ts")).celCommand,
  },
  {
    name: "crd",
    summary: "Check definitions of custom resources before a cluster does",
    load: async () => (await import("./crd/command.ts")).crdCommand,
  },
  { name: "kubectl", summary: "Work with a cluster as kubectl does", load: kubectl },
  {
    name: "server",
    summary: "Run the control plane in one process",
    load: async () => (await import("./server/command.ts")).serverCommand,
  },
  {
    name: "agent",
    summary: "Run a node: kubelet, proxy, DNS",
    load: async () => (await import("./agent/command.ts")).agentCommand,
  },
  {
    name: "reset",
    summary: "Take this machine out of the cluster that it joined: pods, network, volumes and identity go",
    load: async () => (await import("./reset/command.ts")).resetCommand,
  },
  {
    name: "node",
    summary: "Add and remove nodes of a cluster on this machine; cordon and drain them",
    load: async () => (await import("./node/command.ts")).nodeCommand,
  },
  {
    name: "token",
    summary: "Make, show and remove the tokens by which machines join a cluster",
    load: async () => (await import("./token/command.ts")).tokenCommand,
  },
  {
    name: "certs",
    summary: "Show certificates, or renew all of a cluster",
    load: async () => (await import("./certs/command.ts")).certsCommand,
  },
  {
    name: "apiserver",
    summary: "Run the API server alone",
    load: async () => (await import("@kubets/apiserver/command")).apiServerCommand,
  },
  {
    name: "controller-manager",
    summary: "Run the controllers alone",
    load: async () => (await import("@kubets/controllers/command")).controllerManagerCommand,
  },
  {
    name: "cloud-controller-manager",
    summary: "Run the controllers of a cloud",
    load: async () => (await import("@kubets/cloud/command")).cloudControllerManagerCommand,
  },
  {
    name: "scheduler",
    summary: "Run the scheduler alone",
    load: async () => (await import("@kubets/scheduler/command")).schedulerCommand,
  },
  {
    name: "kubelet",
    summary: "Run the kubelet of a node alone",
    load: async () => (await import("@kubets/kubelet/command")).kubeletCommand,
  },
  {
    name: "proxy",
    summary: "Run the service proxy of a node alone",
    load: async () => (await import("@kubets/proxy/command")).proxyCommand,
  },
  {
    name: "dns",
    summary: "Run the DNS server alone",
    load: async () => (await import("@kubets/dns/command")).dnsCommand,
  },
  {
    name: "ingress",
    summary: "Run the ingress controller alone",
    load: async () => (await import("@kubets/ingress/command")).ingressCommand,
  },
];

/** The command tree for these arguments: the one that they name is whole, the others only tell what they are. */
export async function rootCommandFor(argv: readonly string[]): Promise<Command> {
  const subcommands: Command[] = [];
  for (const { name, summary, load } of ENTRIES)
    subcommands.push(name === argv[0] ? await load() : defineCommand({ name, summary }));
  return defineCommand({
    name: "kubets",
    summary: "Kubernetes v1.36 in TypeScript",
    description: "A real cluster in seconds, on one machine or many.",
    examples: ["kubets up", "kubets up --nodes 3 --detach", "kubets kubectl get pods -A", "kubets down"],
    subcommands,
  });
}

/** Without a kubeconfig of one's own, `kubets kubectl` works with the cluster that `kubets up` made. */
async function kubectl(): Promise<Command> {
  const { createKubectlCommand } = await import("@kubets/kubectl/command");
  const { kubeconfig } = clusterHome("default");
  return createKubectlCommand({ defaultKubeconfig: () => (existsSync(kubeconfig) ? kubeconfig : undefined) });
}
