/** `kubets down`: stops a cluster and removes everything that it made on this machine, its data too; and `kubets status`. */
import { existsSync, rmSync } from "node:fs";
import { createLogger, realClock, sleep } from "@kubets/machinery";
import { defineCommand } from "@kubets/machinery/command";
import { ExitError, exitCode } from "@kubets/machinery/exit-codes";
import { choice, defineFlags } from "@kubets/machinery/flags";
import { type ClusterHome, clusterHome } from "../cluster/home.ts";
import { clusterFlag } from "../up/options.ts";
import { isRunning, readKeeper } from "../up/running.ts";

const STOP_TIMEOUT_MS = 60_000;

export const downCommand = defineCommand({
  name: "down",
  summary: "Stop a cluster and remove all that it made on this machine",
  description:
    "Removes processes, namespaces, mounts, links, rules, cgroups and files, also those of a run that crashed. Installed packages stay.",
  examples: ["kubets down", "kubets down --cluster test"],
  flags: defineFlags({ cluster: clusterFlag }),
  async run({ values: flags, io }) {
    const home = clusterHome(flags.cluster);
    await endKeeper(home);
    const left = await removeFromMachine(home);
    if (left.length) throw new ExitError(exitCode.failure, `could not be removed: ${left.join(", ")}`);
    io.output(`The cluster ${home.name} is gone.\n`);
  },
});

export const statusCommand = defineCommand({
  name: "status",
  summary: "Say whether a cluster runs, and how to reach it",
  examples: ["kubets status", "kubets status --output json"],
  flags: defineFlags({
    cluster: clusterFlag,
    output: choice(["text", "json"], { default: "text", short: "o", help: "How to show it." }),
  }),
  run({ values: flags, io }) {
    const home = clusterHome(flags.cluster);
    const keeper = readKeeper(home);
    const running = isRunning(keeper);
    if (flags.output === "json")
      io.output(`${JSON.stringify({ cluster: home.name, running, kubeconfig: home.kubeconfig, ...keeper })}\n`);
    else if (running)
      io.output(
        `The cluster ${home.name} runs (process ${keeper.pid}) with ${keeper.nodes.length} ${keeper.simulated ? "simulated " : ""}nodes; https://127.0.0.1:${keeper.apiPort}, ${home.kubeconfig}\n`,
      );
    else if (keeper) io.output(`The cluster ${home.name} is starting (process ${keeper.pid}).\n`);
    else
      io.output(
        `The cluster ${home.name} does not run${existsSync(home.data) ? "; its data is there, `kubets up` starts it again" : ""}.\n`,
      );
    return running ? exitCode.ok : exitCode.failure;
  },
});

/** Asks the process that keeps the cluster, or is still starting it, to end it, and waits. */
async function endKeeper(home: ClusterHome): Promise<void> {
  const keeper = readKeeper(home);
  if (!keeper) return;
  process.kill(keeper.pid, "SIGTERM");
  const until = realClock.monotonic() + STOP_TIMEOUT_MS;
  while (readKeeper(home)) {
    if (realClock.monotonic() > until) {
      process.kill(keeper.pid, "SIGKILL");
      return;
    }
    await sleep(realClock, 50);
  }
}

async function removeFromMachine(home: ClusterHome): Promise<string[]> {
  let left: string[] = [];
  if (process.platform === "linux" && process.getuid?.() === 0) {
    const { clusterPlace, removeEverything } = await import("@kubets/sandbox");
    left = await removeEverything(clusterPlace(home.name, home.folder), {
      clock: realClock,
      log: createLogger({ level: "warn" }),
    });
  }
  rmSync(home.folder, { recursive: true, force: true });
  return left;
}
