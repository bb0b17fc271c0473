/** `kubets scheduler`: flags and a configuration file in, a running scheduler out, until a signal ends it or another process leads. */
import { writeFileSync } from "node:fs";
import { hostname } from "node:os";
import { pods } from "@kubets/api/generated/refs";
import { createSeriesRecorder, SharedInformers } from "@kubets/client";
import { runComponent } from "@kubets/client/component/run-component";
import { COORDINATED } from "@kubets/client/lease-candidate";
import { createLogger, type Logger, realClock, realRandom } from "@kubets/machinery";
import { defineCommand } from "@kubets/machinery/command";
import { ExitError, exitCode } from "@kubets/machinery/exit-codes";
import { FeatureGateError, parseGates } from "@kubets/machinery/feature-gates";
import { isOpen, NATIVE_HISTOGRAMS } from "@kubets/machinery/given-gates";
import { MetricsRegistry } from "@kubets/machinery/metrics";
import { installProcessHandlers } from "@kubets/machinery/process-errors";
import { defaultConfig } from "./config/config.ts";
import { loadConfig } from "./config/config-file.ts";
import { configText } from "./config/config-text.ts";
import { loadPluginFiles } from "./config/plugin-files.ts";
import { schedulerGates } from "./feature-gates.ts";
import { type SchedulerFlags, schedulerFlags } from "./flags.ts";
import { plugins } from "./plugins/index.ts";
import { podResources } from "./pod-resources.ts";
import { type RunningScheduler, startScheduler } from "./scheduler.ts";

const NAME = "kube-scheduler";

export const schedulerCommand = defineCommand({
  name: "scheduler",
  summary: "Run the scheduler alone",
  description:
    "Finds a node for each pod that has none: by what the pod asks for, and by what its configuration prefers.",
  examples: [
    "kubets scheduler --kubeconfig scheduler.conf",
    "kubets scheduler --kubeconfig scheduler.conf --config scheduler.yaml --leader-elect=false",
  ],
  flags: schedulerFlags,
  async run({ values: flags, args, given }) {
    if (args.length)
      throw new ExitError(exitCode.usage, `scheduler takes no arguments, but was given ${args.join(" ")}`);
    const log = createLogger({ format: flags["logging-format"], level: flags.v >= 4 ? "debug" : "info" }).with({
      component: "scheduler",
    });
    installProcessHandlers(log);
    await schedule(flags, given, log);
  },
});

async function schedule(flags: SchedulerFlags, given: ReadonlySet<string>, log: Logger): Promise<void> {
  const featureGates = gatesOf(flags["feature-gates"].join(","));
  const { config, flags: fromFile } = flags.config
    ? loadConfig(flags.config, Object.keys(plugins))
    : { config: defaultConfig, flags: {} };
  if (flags["write-config-to"]) {
    writeFileSync(flags["write-config-to"], `${JSON.stringify(configText(config), undefined, 2)}\n`);
    return;
  }
  const registry = await loadPluginFiles(config, flags.config);
  // What the command line says stands above what the file says.
  const settled = { ...flags, ...Object.fromEntries(Object.entries(fromFile).filter(([name]) => !given.has(name))) };
  const metrics = new MetricsRegistry();
  if (isOpen(NATIVE_HISTOGRAMS, featureGates)) metrics.openNativeHistograms();
  let running: RunningScheduler | undefined;
  let cache: SharedInformers | undefined;
  let synced = false;
  await runComponent(
    settled,
    {
      name: NAME,
      metrics,
      coordinated: isOpen(COORDINATED, featureGates),
      config: { componentconfig: configText(config) },
      ready: [
        { name: "informer-sync", problem: () => (running && !synced ? "the cluster is not read yet" : undefined) },
      ],
      more: { "/debug/decisions": (query) => running?.decisions.report(query.get("pod") ?? undefined) ?? [] },
      moreMetrics: { "/metrics/resources": () => podResources(cache?.list(pods) ?? []) },
      async work({ client, signal }) {
        const [clock, random] = [realClock, realRandom];
        cache = new SharedInformers({ client, clock, random, log, signal });
        const signature = { component: "default-scheduler", host: hostname() };
        const events = createSeriesRecorder({ client, clock, random, log, signal, ...signature });
        running = startScheduler({
          client,
          cache,
          clock,
          random,
          log,
          events,
          signal,
          config,
          registry,
          featureGates,
          metrics,
          maxUnschedulableMs: flags["pod-max-in-unschedulable-pods-duration"],
        });
        await running.ready;
        synced = true;
        log.info("ready", { profiles: config.profiles.length });
        await ended(signal);
      },
    },
    log,
  );
}

function gatesOf(text: string): Readonly<Record<string, boolean>> {
  try {
    const values = parseGates(text);
    schedulerGates(values);
    return values;
  } catch (error) {
    if (!(error instanceof FeatureGateError)) throw error;
    throw new ExitError(
      exitCode.usage,
      `invalid argument ${JSON.stringify(text)} for "--feature-gates" flag: ${error.message}`,
    );
  }
}

const ended = (signal: AbortSignal): Promise<void> =>
  new Promise((resolve) => {
    if (signal.aborted) resolve();
    else signal.addEventListener("abort", () => resolve(), { once: true });
  });
