/** `kubets why pod/NAME`: asks the scheduler for its last decisions about a pod. The all-in-one server serves them itself, a scheduler alone at its own port. */
import { existsSync } from "node:fs";
import { connectionFrom } from "@kubets/client/kubeconfig/connection";
import { openClient } from "@kubets/client/kubeconfig/open-client";
import { machineReading } from "@kubets/client/kubeconfig/reading";
import { defineCommand } from "@kubets/machinery/command";
import { ExitError, exitCode } from "@kubets/machinery/exit-codes";
import { bool, choice, defineFlags, type FlagValues, file, text } from "@kubets/machinery/flags";
import { decisionText } from "@kubets/scheduler/decision-text";
import type { DecisionReport } from "@kubets/scheduler/decisions";
import { clusterHome } from "../cluster/home.ts";
import { clusterFlag } from "../up/options.ts";

const flags = defineFlags({
  cluster: clusterFlag,
  kubeconfig: file({ help: "How to reach the cluster; the cluster's own by default." }),
  namespace: text({ short: "n", placeholder: "NAMESPACE", help: "The pod's namespace; the kubeconfig's by default." }),
  scheduler: text({ placeholder: "URL", help: "Ask this scheduler, which runs alone: https://127.0.0.1:10259." }),
  all: bool({ help: "All decisions that are kept, not the last one only." }),
  output: choice(["text", "json"], { default: "text", short: "o", help: "How to show it." }),
});

export const whyCommand = defineCommand({
  name: "why",
  summary: "Tell why a pod runs where it does, or nowhere",
  description:
    "Shows which nodes were refused by which plugin of the scheduler and why, and which scores the others got. The scheduler keeps its last decisions.",
  examples: ["kubets why pod/web-0", "kubets why pod/web-0 -n shop --all", "kubets why web-0 -o json"],
  usage: "pod/NAME [flags]",
  flags,
  async run({ values, args, io }) {
    const name = args[0]?.replace(/^pods?\//, "");
    if (!name || args.length > 1) throw new ExitError(exitCode.usage, "name one pod: kubets why pod/NAME");
    const { reports, pod } = await decisionsOf(name, values);
    if (reports.length === 0)
      throw new ExitError(
        exitCode.failure,
        `the scheduler keeps no decision about ${pod}: it is not its own, or long past`,
      );
    const shown = values.all ? reports : reports.slice(0, 1);
    io.output(
      values.output === "json"
        ? `${JSON.stringify(shown, null, 2)}\n`
        : `${shown.map((r) => decisionText(r)).join("\n\n")}\n`,
    );
  },
});

async function decisionsOf(name: string, { kubeconfig, cluster, namespace, scheduler }: FlagValues<typeof flags>) {
  const own = clusterHome(cluster).kubeconfig;
  const path = kubeconfig || (existsSync(own) ? own : "");
  const found = await connectionFrom(
    path ? { kubeconfig: path } : {},
    machineReading(() => {}),
  );
  // A scheduler's own certificate is signed by nobody that one could know of.
  const connection = scheduler ? { ...found, server: scheduler, ca: undefined, insecureSkipTlsVerify: true } : found;
  const { client, transport } = await openClient(connection, "kubets-why");
  const pod = `${namespace || found.namespace}/${name}`;
  try {
    const { status, body } = await client.raw("GET", `/debug/decisions?pod=${encodeURIComponent(pod)}`);
    const text = Buffer.from(body).toString();
    if (status === 404)
      throw new ExitError(
        exitCode.failure,
        "the server has no scheduler in it: name the scheduler with --scheduler URL",
      );
    if (status !== 200) throw new ExitError(exitCode.failure, `the decisions cannot be read: ${text.trim()}`);
    return { pod, reports: JSON.parse(text) as DecisionReport[] };
  } finally {
    await transport.close();
  }
}
