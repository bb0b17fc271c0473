/** `kubets kubelet`: flags and a configuration file in, a kubelet, until a signal ends it. Containers go on. */
import { hostname } from "node:os";
import { connectionFrom } from "@kubets/client/kubeconfig/connection";
import type { ClientCertificate } from "@kubets/client/kubeconfig/credentials";
import { openClient } from "@kubets/client/kubeconfig/open-client";
import { machineReading } from "@kubets/client/kubeconfig/reading";
import { type Clock, createLogger, type Logger, type Random, realClock, realRandom } from "@kubets/machinery";
import { defineCommand } from "@kubets/machinery/command";
import { ExitError, exitCode } from "@kubets/machinery/exit-codes";
import { machineAddress } from "@kubets/machinery/machine-address";
import { installProcessHandlers } from "@kubets/machinery/process-errors";
import { onStopSignal } from "@kubets/machinery/shutdown";
import { type KubeletConfig, kubeletDefaults } from "./config.ts";
import { withoutEffect } from "./config-checks.ts";
import { readConfigFiles } from "./config-files.ts";
import { kubeletConfig, kubeletFlags } from "./config-flags.ts";
import { bootstrap } from "./identity/bootstrap.ts";
import { CertificateStore } from "./identity/certificate-store.ts";
import { bootstrapServing, rotateClient } from "./identity/rotate.ts";
import { checkMachine } from "./node/machine-checks.ts";
import { runKubelet } from "./run-kubelet.ts";

export const kubeletCommand = defineCommand({
  name: "kubelet",
  summary: "Run the kubelet of a node alone",
  description:
    "Runs the pods of a node on a CRI runtime. A kubeconfig, or one to bootstrap with, leads to the API server; without one it runs the static pods of its manifests alone. A KubeletConfiguration file says the rest.",
  examples: [
    "kubets kubelet --kubeconfig kubelet.conf --config config.yaml --node-ip 192.0.2.11",
    "kubets kubelet --pod-manifest-path /etc/kubernetes/manifests --authentication-token-webhook=false --authorization-mode AlwaysAllow",
  ],
  flags: kubeletFlags,
  async run({ values: flags, given, args }) {
    if (args.length) throw new ExitError(exitCode.usage, `kubelet takes no arguments, but was given ${args.join(" ")}`);
    const config = kubeletConfig({ values: flags, given }, readConfigFiles(flags.config, flags["config-dir"]));
    if (!flags.kubeconfig) checkAlone(config, flags["bootstrap-kubeconfig"]);
    checkMachine(config.file);
    const { format, verbosity } = config.file.logging;
    const log = createLogger({
      format: given.has("logging-format") ? flags["logging-format"] : format,
      level: (given.has("v") ? flags.v : verbosity) >= 4 ? "debug" : "info",
    }).with({ component: "kubelet" });
    for (const [field, why] of withoutEffect(config.file, kubeletDefaults.file))
      log.warn("a field of the configuration changes nothing here", { field, why });
    installProcessHandlers(log);
    const { signal } = onStopSignal();
    const nodeName = (flags["hostname-override"] || hostname()).trim().toLowerCase();
    const { kubeconfig, "bootstrap-kubeconfig": bootstrapKubeconfig, "cert-dir": certFolder } = flags;
    const parts = { clock: realClock, random: realRandom, log, signal };
    const { rotateCertificates: rotates } = config.file;
    const api = kubeconfig
      ? await reachApi({ kubeconfig, bootstrapKubeconfig, certFolder, nodeName, rotates, ...parts })
      : undefined;
    if (!api) log.info("no API server is named: static pods are all that runs here");
    const addresses = flags["node-ip"].length > 0 ? flags["node-ip"] : [machineAddress()];
    const serving =
      api && config.file.serverTLSBootstrap ? new CertificateStore(certFolder, "kubelet-server", realClock) : undefined;
    const running = await runKubelet({
      ...(api && { client: api.client }),
      config: { ...config, hostname: nodeName },
      flags,
      nodeName,
      addresses,
      paths: { root: flags["root-dir"], podLogs: config.file.podLogsDir },
      certFolder,
      ...(serving && { serving: () => serving.read() }),
      clock: realClock,
      random: realRandom,
      log,
    });
    if (api && serving) {
      const { client } = api;
      void bootstrapServing({ nodeName, addresses, store: serving }, () => running.reloadTls(), { client, ...parts });
    }
    void running.kubelet.ready.then(
      () => log.info("node ready", { node: nodeName }),
      () => {},
    );
    await new Promise<void>((resolve) =>
      signal.aborted ? resolve() : signal.addEventListener("abort", () => resolve(), { once: true }),
    );
    await running.stop();
    await api?.transport.close();
  },
});

interface WayToApi {
  readonly kubeconfig: string;
  readonly bootstrapKubeconfig: string;
  readonly certFolder: string;
  readonly nodeName: string;
  readonly rotates: boolean;
  readonly clock: Clock;
  readonly random: Random;
  readonly log: Logger;
  readonly signal: AbortSignal;
}

/** By the certificate of the kubeconfig, one that it is given first where there is none yet, and those that follow it. */
async function reachApi({ kubeconfig, bootstrapKubeconfig, certFolder, nodeName, rotates, ...parts }: WayToApi) {
  const reading = machineReading();
  const store = new CertificateStore(certFolder, "kubelet-client", realClock);
  if (bootstrapKubeconfig) await bootstrap({ kubeconfig, bootstrapKubeconfig, nodeName, store, reading, ...parts });
  const connection = await connectionFrom({ kubeconfig }, reading);
  const { client, transport } = await openClient(connection, "kubelet");
  if (rotates) {
    const newest = store.read();
    if (newest) await transport.useCertificate(newest);
    const current = newest ?? (await connection.credentials.certificate());
    const use = (certificate: ClientCertificate) => transport.useCertificate(certificate);
    if (current) rotateClient({ nodeName, current, store }, use, { client, ...parts });
  }
  return { client, transport };
}

/** Of a kubelet without an API server: what it could not do is not asked of it. */
function checkAlone(config: KubeletConfig, bootstrapKubeconfig: string): void {
  const cure = (what: string, flag: string) =>
    new ExitError(exitCode.usage, `no client provided, cannot use webhook ${what}: give --kubeconfig, or ${flag}`);
  if (bootstrapKubeconfig)
    throw new ExitError(
      exitCode.usage,
      "--kubeconfig is needed beside --bootstrap-kubeconfig: where what it leads to is kept",
    );
  if (config.webhookAuth) throw cure("authentication", "--authentication-token-webhook=false");
  if (config.authorizationMode === "Webhook") throw cure("authorization", "--authorization-mode=AlwaysAllow");
}
