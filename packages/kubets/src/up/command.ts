/** `kubets up`: a cluster on this machine, kept running until Ctrl-C, or in the background. */
import { spawn } from "node:child_process";
import { mkdirSync, openSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { createLogger, realClock } from "@kubets/machinery";
import { defineCommand } from "@kubets/machinery/command";
import { ExitError, exitCode } from "@kubets/machinery/exit-codes";
import type { FlagValues } from "@kubets/machinery/flags";
import { onStopSignal } from "@kubets/machinery/shutdown";
import { type ClusterHome, clusterHome } from "../cluster/home.ts";
import { serveControl } from "./control.ts";
import { MOST_REAL_NODES, upFlags } from "./options.ts";
import { Progress } from "./progress.ts";
import { parsePublish } from "./publish.ts";
import { forgetRunning, isRunning, readKeeper, writeKeeper } from "./running.ts";
import { chooseNodes, rememberNodes } from "./settings.ts";

type Flags = FlagValues<typeof upFlags>;

export const upCommand = defineCommand({
  name: "up",
  summary: "Start a cluster on this machine",
  description:
    "Runs real nodes on containerd, each in namespaces of its own, where that is possible; simulated ones elsewhere. Ctrl-C stops the cluster and keeps its data.",
  examples: [
    "kubets up",
    "kubets up --nodes 3 --detach",
    "kubets up --publish 8080:80/web",
    "kubets up --publish 80:80 --publish 443:443",
  ],
  flags: upFlags,
  async run({ values: flags, io }) {
    const home = clusterHome(flags.cluster);
    const keeper = readKeeper(home);
    if (isRunning(keeper)) {
      io.output(`The cluster ${home.name} runs already (process ${keeper.pid}).\n${howToUse(home, keeper.apiPort)}`);
      return;
    }
    if (keeper)
      throw new ExitError(
        exitCode.precondition,
        `the cluster ${home.name} is starting already (process ${keeper.pid}): wait until \`kubets status\` tells that it runs, or end it with \`kubets down\``,
      );
    addonsOf(flags);
    if (flags.detach) return detached(home);
    await attached(home, flags, (line) => io.output(line));
  },
});

async function attached(home: ClusterHome, flags: Flags, say: (line: string) => void): Promise<void> {
  const { signal } = onStopSignal();
  const log = createLogger({ level: "warn" });
  const progress = new Progress(realClock, say);
  const nodes = chooseNodes(home, flags.nodes);
  say(`Starting the cluster ${home.name}\n`);
  const why = flags.simulated ? "as asked" : await whyNotReal(home);
  if (why && flags["dual-stack"])
    throw new ExitError(exitCode.precondition, `--dual-stack needs real nodes, and nodes are simulated: ${why}`);
  if (!why && nodes.length > MOST_REAL_NODES)
    throw new ExitError(
      exitCode.usage,
      `--nodes ${nodes.length}: of real nodes at most ${MOST_REAL_NODES}; --simulated gives more`,
    );
  if (why && !flags.simulated) say(`  Nodes are simulated: ${why}.\n`);
  writeKeeper(home);
  const start = why ? startSimulated : startReal;
  const cluster = await start(home, flags, nodes, { progress, log, signal }).catch((error: unknown) => {
    forgetRunning(home);
    throw error;
  });
  const writeDown = () => writeKeeper(home, { apiPort: cluster.apiPort, nodes, simulated: why !== undefined });
  writeDown();
  const endControl = await serveControl(home, {
    async add(name) {
      if (nodes.includes(name)) throw new Error(`there is a node ${name} already`);
      await cluster.addNode(name);
      nodes.push(name);
      rememberNodes(home, nodes);
      writeDown();
    },
    async remove(name) {
      const index = nodes.indexOf(name);
      if (index === 0)
        throw new Error(`${name} carries the ports of this machine that lead to services: remove another`);
      if (index < 0) throw new Error(`there is no node ${name}`);
      await cluster.removeNode(name);
      nodes.splice(index, 1);
      rememberNodes(home, nodes);
      writeDown();
    },
  });
  say(`Ready in ${progress.total}\n\n${howToUse(home, cluster.apiPort)}`);
  await new Promise<void>((resolve) =>
    signal.aborted ? resolve() : signal.addEventListener("abort", () => resolve(), { once: true }),
  );
  say("\nStopping; the data stays\n");
  endControl();
  const left = await cluster.stop();
  forgetRunning(home);
  if (left.length)
    throw new ExitError(
      exitCode.failure,
      `could not be removed: ${left.join(", ")}; run \`kubets down --cluster ${home.name}\``,
    );
}

async function whyNotReal(home: ClusterHome): Promise<string | undefined> {
  mkdirSync(home.folder, { recursive: true, mode: 0o700 });
  const { machineCapabilities } = await import("@kubets/sandbox");
  const { refusals } = await machineCapabilities(home.folder);
  return refusals[0];
}

async function startReal(
  home: ClusterHome,
  flags: Flags,
  nodes: readonly string[],
  parts: { progress: Progress; log: ReturnType<typeof createLogger>; signal: AbortSignal },
) {
  const { startRealCluster } = await import("./real-cluster.ts");
  return startRealCluster({
    home,
    nodes,
    port: flags.port,
    publish: parsePublish(flags.publish),
    addons: addonsOf(flags),
    serverArgs: serverArgs(flags),
    featureGates: flags["feature-gates"],
    uplink: flags.uplink && !flags["no-uplink"],
    network: {
      dualStack: flags["dual-stack"],
      ...(flags["service-cluster-ip-range"] && { serviceRange: flags["service-cluster-ip-range"] }),
      ...(flags["load-balancer-range"] && { loadBalancerRange: flags["load-balancer-range"] }),
      ...(flags["cluster-cidr"] && { podRange: flags["cluster-cidr"] }),
    },
    clock: realClock,
    ...parts,
  });
}

async function startSimulated(
  home: ClusterHome,
  flags: Flags,
  nodes: readonly string[],
  parts: { progress: Progress; log: ReturnType<typeof createLogger>; signal: AbortSignal },
) {
  const { startSimulatedCluster } = await import("./simulated-cluster.ts");
  return startSimulatedCluster({ home, nodes, port: flags.port, serverArgs: serverArgs(flags), ...parts });
}

/** A port that leads to the ingress wants one. */
function addonsOf({ addons, publish }: Flags): readonly string[] {
  const wanted = parsePublish(publish).ingress.length > 0;
  return wanted && !addons.includes("ingress") ? [...addons.filter((name) => name !== "none"), "ingress"] : addons;
}

/** What the server is told of what `up` was told. */
const serverArgs = (flags: Flags): string[] => [
  `--addons=${addonsOf(flags).join(",")}`,
  ...flags["controller-manager-arg"].map((arg) => `--controller-manager-arg=${arg}`),
  ...flags["runtime-config"].map((api) => `--runtime-config=${api}`),
  `--feature-gates=${flags["feature-gates"]}`,
];

/** Starts the same command in a session of its own, and shows what it says until the cluster is ready. */
async function detached(home: ClusterHome): Promise<void> {
  mkdirSync(home.logs, { recursive: true });
  const path = join(home.logs, "up.log");
  const log = openSync(path, "a");
  const args = process.argv.slice(1).filter((arg) => !/^(-d|--detach(=.*)?)$/.test(arg));
  const child = spawn(process.execPath, [...process.execArgv, ...args], {
    detached: true,
    stdio: ["ignore", "pipe", log],
    env: process.env,
  });
  // Who does not want to wait any longer does not want it to go on either.
  const { signal } = onStopSignal();
  signal.addEventListener("abort", () => child.kill("SIGTERM"));
  await new Promise<void>((resolve, reject) => {
    let text = "";
    child.stdout?.on("data", (chunk: Buffer) => {
      process.stdout.write(chunk);
      text += chunk.toString();
      if (text.includes("\nTo stop")) resolve();
    });
    child.once("exit", (code, signal) => {
      const why = signal ? `it was ended by ${signal}` : lastError(path);
      reject(new ExitError(code ?? exitCode.failure, `the cluster did not start: ${why}; see ${path}`));
    });
  });
  child.stdout?.destroy();
  child.unref();
}

function lastError(path: string): string {
  const errors = readFileSync(path, "utf8").match(/^error: .*$/gm);
  return errors?.at(-1)?.slice("error: ".length) ?? "it ended without a word";
}

export function howToUse(home: ClusterHome, apiPort: number): string {
  const flag = home.name === "default" ? "" : ` --cluster ${home.name}`;
  const kubectl = home.name === "default" ? "kubectl" : `kubectl --kubeconfig ${home.kubeconfig}`;
  return `The API is at https://127.0.0.1:${apiPort}, the kubeconfig at
  ${home.kubeconfig}

Try it:
  npx kubets ${kubectl} get pods -A
  npx kubets ${kubectl} create deployment web --image kubets.local/demo:1 --replicas 2
  npx kubets ${kubectl} expose deployment web --port 80 --target-port 8080 --type NodePort
  npx kubets dashboard${flag}

A service of type NodePort answers on this machine: http://127.0.0.1:NODEPORT (\`kubectl get service web\` shows it).

To stop: Ctrl-C keeps the data, \`npx kubets down${flag}\` removes everything.
`;
}
