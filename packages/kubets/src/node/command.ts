/** `kubets node`: more and fewer nodes for a cluster that `kubets up` keeps, and what people do with nodes before they go. */
import { isTrue } from "@kubets/api/condition";
import { nodes } from "@kubets/api/generated/refs";
import type { Client } from "@kubets/client/client";
import { realClock, sleep } from "@kubets/machinery";
import { type Command, defineCommand, runCommand } from "@kubets/machinery/command";
import { ExitError, exitCode } from "@kubets/machinery/exit-codes";
import { defineFlags, duration } from "@kubets/machinery/flags";
import { withCluster } from "../cluster/connection.ts";
import { type ClusterHome, clusterHome } from "../cluster/home.ts";
import { askForChange } from "../up/control.ts";
import { clusterFlag } from "../up/options.ts";
import { type RunningCluster, readRunning } from "../up/running.ts";

const flags = defineFlags({ cluster: clusterFlag });
const READY_MS = 120_000;
const LOOK_AGAIN_MS = 200;

const addCommand = defineCommand({
  name: "add",
  usage: "[NAME]",
  summary: "Add a node to a cluster on this machine",
  examples: ["kubets node add", "kubets node add big"],
  flags,
  async run({ values: { cluster }, args: [given, ...more], io }) {
    const { home, running } = runningCluster(cluster);
    if (more.length > 0) throw new ExitError(exitCode.usage, "add one node at a time, as `kubets node add NAME`");
    const name = given ?? freeName(running.nodes);
    await askForChange(home, "PUT", name);
    await withCluster({ cluster, kubeconfig: "" }, (client) => untilReady(client, name));
    io.output(`node ${name} added\n`);
  },
});

const removeCommand = defineCommand({
  name: "rm",
  aliases: ["remove"],
  usage: "NAME",
  summary: "Drain a node of a cluster on this machine, and remove it with all that it made",
  examples: ["kubets node rm node-2"],
  flags: defineFlags({
    ...flags,
    timeout: duration({
      default: 120_000,
      min: 0,
      help: "How long its pods may take to go; 0 for as long as they do.",
    }),
  }),
  async run({ values: { cluster, timeout }, args: [name, ...more], io }) {
    const { home, running } = runningCluster(cluster);
    if (!name || more.length > 0)
      throw new ExitError(exitCode.usage, "name the node to remove, as `kubets node rm node-2`");
    if (!running.nodes.includes(name))
      throw new ExitError(exitCode.failure, `${cluster} has no node ${name}: it has ${running.nodes.join(", ")}`);
    if (running.nodes[0] === name)
      throw new ExitError(
        exitCode.failure,
        `${name} carries the ports of this machine that lead to services: remove another, or the whole cluster with \`kubets down\``,
      );
    const drained = [
      "drain",
      name,
      "--ignore-daemonsets",
      "--delete-emptydir-data",
      "--force",
      `--timeout=${timeout}ms`,
    ];
    const code = await runCommand(await kubectlOf(home), drained, io);
    if (code !== exitCode.ok)
      throw new ExitError(
        code,
        `${name} was not drained and stays: \`kubets node uncordon ${name}\` takes it into use again`,
      );
    await askForChange(home, "DELETE", name);
    await withCluster({ cluster, kubeconfig: "" }, (client) => client.delete(nodes, { name }));
    io.output(`node ${name} removed\n`);
  },
});

/** As kubectl's own, on the cluster's nodes: all flags but --cluster are kubectl's. */
const handedOn = (name: string, summary: string): Command =>
  defineCommand({
    name,
    usage: "NAME [flags]",
    summary,
    examples: [`kubets node ${name} node-2`],
    stopAtArgument: true,
    flags,
    async run({ values, args, io }) {
      const own = args.findIndex((arg) => /^--cluster(=|$)/.test(arg));
      const taken = own < 0 ? [] : args.slice(own, own + (args[own] === "--cluster" ? 2 : 1));
      const cluster = taken.at(-1)?.replace("--cluster=", "") ?? values.cluster;
      const rest = args.filter((_, i) => own < 0 || i < own || i >= own + taken.length);
      return await runCommand(await kubectlOf(clusterHome(cluster)), [name, ...rest], io);
    },
  });

export const nodeCommand = defineCommand({
  name: "node",
  summary: "Add and remove nodes of a cluster on this machine; cordon and drain them",
  subcommands: [
    addCommand,
    removeCommand,
    handedOn("cordon", "Let no new pods onto a node"),
    handedOn("uncordon", "Let pods onto a node again"),
    handedOn("drain", "Let no new pods onto a node, and move those that are there"),
  ],
});

function runningCluster(cluster: string): { home: ClusterHome; running: RunningCluster } {
  const home = clusterHome(cluster);
  const running = readRunning(home);
  if (!running)
    throw new ExitError(
      exitCode.failure,
      `the cluster ${cluster} does not run on this machine: start it with \`kubets up\`; other machines join by \`kubets token create --print-join-command\``,
    );
  return { home, running };
}

function freeName(taken: readonly string[]): string {
  for (let number = taken.length + 1; ; number++) if (!taken.includes(`node-${number}`)) return `node-${number}`;
}

async function kubectlOf({ kubeconfig }: ClusterHome): Promise<Command> {
  const { createKubectlCommand } = await import("@kubets/kubectl/command");
  return createKubectlCommand({ defaultKubeconfig: () => kubeconfig });
}

async function untilReady(client: Client, name: string): Promise<void> {
  const deadline = realClock.monotonic() + READY_MS;
  for (;;) {
    const { status } = await client.get(nodes, { name });
    if (isTrue(status.conditions, "Ready")) return;
    if (realClock.monotonic() > deadline)
      throw new ExitError(
        exitCode.failure,
        `${name} was added, but is not ready yet: see \`kubets kubectl describe node ${name}\``,
      );
    await sleep(realClock, LOOK_AGAIN_MS);
  }
}
