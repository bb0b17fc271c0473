/** `kubets kubelet`: flags and a configuration file in, a kubelet, until a signal ends it. Containers go on. */
import { hostname } from "node:os";
import { connectionFrom } from "@kubets/client/kubeconfig/connection";
import type { ClientCertificate } from "@kubets/client/kubeconfig/credentials";
import { openClient } from "@kubets/client/kubeconfig/open-client";
import { machineReading } from "@kubets/client/kubeconfig/reading";
import { createLogger, realClock, realRandom } from "@kubets/machinery";
import { defineCommand } from "@kubets/machinery/command";
import { ExitError, exitCode } from "@kubets/machinery/exit-codes";
import { machineAddress } from "@kubets/machinery/machine-address";
import { installProcessHandlers } from "@kubets/machinery/process-errors";
import { onStopSignal } from "@kubets/machinery/shutdown";
import { kubeletDefaults } from "./config.ts";
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
    "Runs the pods of a node on a CRI runtime. It wants a kubeconfig, or one to bootstrap with; a KubeletConfiguration file says the rest.",
  examples: ["kubets kubelet --kubeconfig kubelet.conf --config config.yaml --node-ip 192.0.2.11"],
  flags: kubeletFlags,
  async run({ values: flags, given, args }) {
    if (args.length) throw new ExitError(exitCode.usage, `kubelet takes no arguments, but was given ${args.join(" ")}`);
    if (!flags.kubeconfig) throw new ExitError(exitCode.usage, "--kubeconfig is needed: how the API server is reached");
    const config = kubeletConfig({ values: flags, given }, readConfigFiles(flags.config, flags["config-dir"]));
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
    const reading = machineReading((text) => log.warn(text));
    const { kubeconfig, "bootstrap-kubeconfig": bootstrapKubeconfig, "cert-dir": certFolder } = flags;
    const parts = { clock: realClock, random: realRandom, log, signal };
    const store = new CertificateStore(certFolder, "kubelet-client", realClock);
    if (bootstrapKubeconfig) await bootstrap({ kubeconfig, bootstrapKubeconfig, nodeName, store, reading, ...parts });
    const connection = await connectionFrom({ kubeconfig }, reading);
    const { client, transport } = await openClient(connection, "kubelet");
    if (config.file.rotateCertificates) {
      const newest = store.read();
      if (newest) await transport.useCertificate(newest);
      const current = newest ?? (await connection.credentials.certificate());
      const use = (certificate: ClientCertificate) => transport.useCertificate(certificate);
      if (current) rotateClient({ nodeName, current, store }, use, { client, ...parts });
    }
    const addresses = flags["node-ip"].length > 0 ? flags["node-ip"] : [machineAddress()];
    const serving = config.file.serverTLSBootstrap
      ? new CertificateStore(certFolder, "kubelet-server", realClock)
      : undefined;
    const running = await runKubelet({
      client,
      config: { ...config, hostname: nodeName },
      nodeName,
      addresses,
      paths: { root: flags["root-dir"], podLogs: config.file.podLogsDir },
      certFolder,
      ...(serving && { serving: () => serving.read() }),
      clock: realClock,
      random: realRandom,
      log,
    });
    if (serving)
      void bootstrapServing({ nodeName, addresses, store: serving }, () => running.reloadTls(), { client, ...parts });
    void running.kubelet.ready.then(
      () => log.info("node ready", { node: nodeName }),
      () => {},
    );
    await new Promise<void>((resolve) =>
      signal.aborted ? resolve() : signal.addEventListener("abort", () => resolve(), { once: true }),
    );
    await running.stop();
    await transport.close();
  },
});
