/** `kubets cloud-controller-manager`: flags and a provider in, running controllers out, until a signal ends them or another process leads. */
import { readFileSync } from "node:fs";
import { createEventRecorder, runControllers, SharedInformers } from "@kubets/client";
import { runComponent } from "@kubets/client/component/run-component";
import { controllerMetrics } from "@kubets/client/controller-metrics";
import { createLogger, type Logger, realClock, realRandom } from "@kubets/machinery";
import { defineCommand } from "@kubets/machinery/command";
import { ExitError, exitCode } from "@kubets/machinery/exit-codes";
import { parseGates } from "@kubets/machinery/feature-gates";
import { isOpen, NATIVE_HISTOGRAMS } from "@kubets/machinery/given-gates";
import { MetricsRegistry } from "@kubets/machinery/metrics";
import { installProcessHandlers } from "@kubets/machinery/process-errors";
import { controllersFor } from "./controllers.ts";
import { type CloudFlags, commandFlags } from "./flags.ts";
import { providerOf } from "./providers.ts";

const NAME = "cloud-controller-manager";

export const cloudControllerManagerCommand = defineCommand({
  name: NAME,
  summary: "Run the controllers of a cloud",
  description: "Brings nodes, load balancers and routes in step with a cloud, or with the machines that are there.",
  examples: [
    "kubets cloud-controller-manager --kubeconfig ccm.conf",
    "kubets cloud-controller-manager --kubeconfig ccm.conf --cloud-provider ./my-cloud.ts --cloud-config my-cloud.conf",
  ],
  flags: commandFlags,
  async run({ values: flags, args }) {
    if (args.length) throw new ExitError(exitCode.usage, `${NAME} takes no arguments, but was given ${args.join(" ")}`);
    const log = createLogger({ format: flags["logging-format"], level: flags.v >= 4 ? "debug" : "info" }).with({
      component: NAME,
    });
    installProcessHandlers(log);
    await manage(flags, log);
  },
});

async function manage(flags: CloudFlags, log: Logger): Promise<void> {
  const provider = await providerOf(flags["cloud-provider"], configOf(flags["cloud-config"]));
  const routed = flags["allocate-node-cidrs"] && flags["configure-cloud-routes"];
  const options = {
    nodeStatusUpdateMs: flags["node-status-update-frequency"],
    nodeMonitorMs: flags["node-monitor-period"],
    clusterCidrs: routed ? flags["cluster-cidr"] : [],
    routePeriodMs: flags["route-reconciliation-period"],
    nodesAtOnce: flags["concurrent-node-syncs"],
    servicesAtOnce: flags["concurrent-service-syncs"],
  };
  const controllers = controllersFor(provider, options, flags.controllers);
  const registry = new MetricsRegistry();
  const featureGates = parseGates(flags["feature-gates"].join(","));
  if (isOpen(NATIVE_HISTOGRAMS, featureGates)) registry.openNativeHistograms();
  const metrics = controllerMetrics(registry, realClock);
  await runComponent(
    flags,
    {
      name: NAME,
      metrics: registry,
      async work({ client, signal }) {
        const parts = { client, clock: realClock, random: realRandom, log, signal };
        const cache = new SharedInformers(parts);
        const events = createEventRecorder({ ...parts, component: NAME });
        const running = runControllers(controllers, { ...parts, cache, events, metrics });
        void running.started.then(() =>
          log.info("ready", { provider: provider.name, controllers: controllers.map(({ name }) => name) }),
        );
        await running.stopped;
      },
    },
    log,
  );
}

function configOf(path: string): string {
  if (!path) return "";
  try {
    return readFileSync(path, "utf8");
  } catch (error) {
    throw new ExitError(exitCode.usage, `--cloud-config: ${path} cannot be read: ${(error as Error).message}`);
  }
}
