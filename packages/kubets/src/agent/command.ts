/** `kubets agent`: what a node runs. */
import { createLogger, realClock, realRandom } from "@kubets/machinery";
import { defineCommand } from "@kubets/machinery/command";
import { installProcessHandlers } from "@kubets/machinery/process-errors";
import { giveBackAfterStart } from "@kubets/machinery/process-memory";
import { onStopSignal } from "@kubets/machinery/shutdown";
import { agentFlags } from "./options.ts";

export const agentCommand = defineCommand({
  name: "agent",
  summary: "Run a node: kubelet, proxy, DNS and pod network in one process",
  examples: ["kubets agent --kubeconfig /etc/kubets/node.kubeconfig --node-ip 192.0.2.11"],
  flags: agentFlags,
  async run({ values: flags }) {
    const { runAgent } = await import("./run-agent.ts");
    const log = createLogger({ level: flags.v >= 4 ? "debug" : "info" });
    installProcessHandlers(log);
    const { signal } = onStopSignal();
    const agent = await runAgent(flags, { clock: realClock, random: realRandom, log, signal });
    giveBackAfterStart(realClock);
    await new Promise<void>((resolve) =>
      signal.aborted ? resolve() : signal.addEventListener("abort", () => resolve(), { once: true }),
    );
    log.info("stopping; containers go on");
    await agent.stop();
  },
});
