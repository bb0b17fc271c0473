/** `kubets reset`: takes this machine out of the cluster that it joined, for good. */
import { hostname } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline/promises";
import { NODE_USER_PREFIX } from "@kubets/client/certificates/node-wishes";
import { createLogger, realClock } from "@kubets/machinery";
import { defineCommand } from "@kubets/machinery/command";
import { ExitError, exitCode } from "@kubets/machinery/exit-codes";
import { bool, defineFlags } from "@kubets/machinery/flags";
import { agentFlags } from "../agent/options.ts";
import { NodeFiles, readIdentity } from "../join/node-files.ts";

const { "data-dir": dataDir, "root-dir": rootDir, "pod-logs-dir": podLogs, "cgroup-root": cgroupRoot } = agentFlags;

export const resetCommand = defineCommand({
  name: "reset",
  summary: "Take this machine out of the cluster that it joined: pods, network, volumes and identity go",
  description:
    "Undoes what `kubets agent` made: ends all pods of the node, removes its network, mounts and cgroups, the volumes that were made of its folders, and who it is. Stop the agent first. The cluster keeps the node's object until it is deleted there.",
  examples: ["kubets reset", "kubets reset --yes"],
  flags: defineFlags({
    yes: bool({ short: "y", help: "Do not ask." }),
    "data-dir": dataDir,
    "root-dir": rootDir,
    "pod-logs-dir": podLogs,
    "cni-conf-dir": agentFlags["cni-conf-dir"],
    "cgroup-root": cgroupRoot,
  }),
  async run({ values: flags, io }) {
    const node = nodeName(flags["data-dir"]);
    if (!flags.yes) await confirm(flags["data-dir"]);
    const { resetMachine } = await import("./reset-machine.ts");
    const left = await resetMachine(flags, { clock: realClock, log: createLogger({ level: "warn" }) });
    if (left.length > 0) throw new ExitError(exitCode.failure, `could not be removed: ${left.join(", ")}`);
    io.output(
      `This machine is in no cluster any more. Remove its node from the cluster with \`kubets kubectl delete node ${node}\` on the server.\n`,
    );
  },
});

const nodeName = (folder: string): string =>
  readIdentity(new NodeFiles(join(folder, "identity")).kubeconfig("node"))?.user.replace(NODE_USER_PREFIX, "") ??
  hostname().toLowerCase();

async function confirm(folder: string): Promise<void> {
  if (!process.stdin.isTTY)
    throw new ExitError(
      exitCode.usage,
      "reset removes all pods and volumes of this machine: say --yes to do it unasked",
    );
  const asking = createInterface({ input: process.stdin, output: process.stderr });
  try {
    const answer = await asking.question(
      `All pods of this machine end, and ${folder} goes with the volumes in it. Go on? [y/N] `,
    );
    if (!/^y(es)?$/i.test(answer.trim())) throw new ExitError(exitCode.failure, "nothing was changed");
  } finally {
    asking.close();
  }
}
