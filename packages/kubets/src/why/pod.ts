/** `kubets why pod/NAME`: asks the scheduler for its last decisions about a pod. The all-in-one server serves them itself, a scheduler alone at its own port. */
import { openClient } from "@kubets/client/kubeconfig/open-client";
import { ExitError, exitCode } from "@kubets/machinery/exit-codes";
import { decisionText } from "@kubets/scheduler/decision-text";
import type { DecisionReport } from "@kubets/scheduler/decisions";
import { connectionTo } from "../cluster/connection.ts";
import type { WhyFlags } from "./flags.ts";

export async function whyPod(name: string, values: WhyFlags): Promise<string> {
  const { reports, pod } = await decisionsOf(name, values);
  if (reports.length === 0)
    throw new ExitError(
      exitCode.failure,
      `the scheduler keeps no decision about ${pod}: it is not its own, or long past`,
    );
  const shown = values.all ? reports : reports.slice(0, 1);
  return values.output === "json"
    ? `${JSON.stringify(shown, null, 2)}\n`
    : `${shown.map((r) => decisionText(r)).join("\n\n")}\n`;
}

async function decisionsOf(name: string, flags: WhyFlags) {
  const { namespace, scheduler } = flags;
  const found = await connectionTo(flags);
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
