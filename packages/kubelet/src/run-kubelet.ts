/**
 * A kubelet on this machine as its configuration says: its runtime, disk and cgroups are real, its API is served, its health can be asked.
 * The program `kubets kubelet` and a node's agent are made of it.
 */
import { chmodSync, existsSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { hostname } from "node:os";
import { join } from "node:path";
import type { Client } from "@kubets/client/client";
import { ownCertificate } from "@kubets/client/component/own-certificate";
import type { ClientCertificate } from "@kubets/client/kubeconfig/credentials";
import type { Clock, Logger, Random } from "@kubets/machinery";
import { isOpen } from "@kubets/machinery/given-gates";
import type { Listener, ServerTls } from "@kubets/wire/http";
import { openSslCiphers } from "@kubets/wire/tls/cipher-suites";
import { cgroupfs } from "./cgroups/cgroupfs.ts";
import { keepsMemory, memoryReserve } from "./cgroups/layout.ts";
import { podCgroups } from "./cgroups/pod-cgroups.ts";
import { systemdSlices } from "./cgroups/systemd-slices.ts";
import { cpuPeriodOf, type KubeletConfig } from "./config.ts";
import { realDisk } from "./disk/real-disk.ts";
import { machineExec } from "./exec.ts";
import { type Kubelet, startKubelet } from "./kubelet.ts";
import { kernelLog } from "./node/kernel-log.ts";
import { readMachine } from "./node/machine.ts";
import type { KubeletPaths } from "./paths.ts";
import { readTopology } from "./resources/machine-topology.ts";
import { criRuntime } from "./runtime/cri/runtime.ts";
import { followFiles } from "./server/followed-files.ts";
import { serveHealth, serveKubelet, serveReadOnly } from "./server/server.ts";
import { machineShutdowns } from "./shutdown/machine-shutdowns.ts";

export interface KubeletRun {
  /** Without one it runs its static pods alone. */
  readonly client?: Client;
  readonly config: KubeletConfig;
  /** What the program was started with, for /flagz. */
  readonly flags?: Readonly<Record<string, unknown>>;
  readonly nodeName: string;
  readonly addresses: readonly string[];
  readonly paths: KubeletPaths;
  /** Where a certificate is kept that the kubelet makes for itself when it is given none. */
  readonly certFolder: string;
  /** What the kubelet serves with, where it asks the cluster for that; until there is one it makes one for itself. */
  readonly serving?: () => ClientCertificate | undefined;
  readonly clock: Clock;
  readonly random: Random;
  readonly log: Logger;
}

export interface RunningKubelet {
  readonly kubelet: Kubelet;
  /** Reads the files of the serving certificate again; new connections are shown it. */
  reloadTls(): void;
  /** Containers go on. */
  stop(): Promise<void>;
}

export async function runKubelet(run: KubeletRun): Promise<RunningKubelet> {
  const { config, paths, log } = run;
  for (const folder of Object.values(paths)) mkdirSync(folder, { recursive: true });
  const { containerRuntimeEndpoint: endpoint, imageServiceEndpoint: imageEndpoint } = config;
  const timeoutMs = config.file.runtimeRequestTimeout;
  const inPieces = isOpen("CRIListStreaming", config.file.featureGates);
  const runtime = criRuntime({ endpoint, timeoutMs, inPieces, ...(imageEndpoint && { imageEndpoint }) });
  const machine = await readMachine(paths.root);
  const kubelet = await startKubelet({
    ...run,
    runtime,
    disk: realDisk(machineExec()),
    exec: machineExec(),
    machine,
    topology: await readTopology(machine.memoryBytes),
    cgroups: podCgroups({
      tree: config.cgroupDriver === "systemd" ? systemdSlices(machineExec()) : cgroupfs(log),
      root: config.cgroupRoot,
      pidsLimit: config.podPidsLimit,
      cpuPeriodUs: cpuPeriodOf(config.file),
      memoryReserve: memoryReserve(config, machine),
      keepsMemory: keepsMemory(config),
    }),
    plugins: true,
    kernelLog,
    shutdowns: machineShutdowns({ exec: machineExec(), log }),
    resolvConf: textOf(config.resolvConf),
  });
  const { api, others } = await serve(kubelet, run);
  const stopping = new AbortController();
  const reloadTls = () => api?.reloadTls(servingTls(run));
  const changed = () => {
    try {
      reloadTls();
      log.info("what the kubelet serves with was read again");
    } catch (error) {
      // Half of a pair may be there already.
      log.warn("what the kubelet serves with could not be read again", { error });
    }
  };
  void followFiles({ paths: api ? servingFiles(config) : [], clock: run.clock, signal: stopping.signal, changed });
  return {
    kubelet,
    reloadTls,
    async stop() {
      stopping.abort();
      await kubelet.stop();
      await Promise.all([...(api ? [api] : []), ...others].map((server) => server.close()));
      runtime.close();
    },
  };
}

/** Files that are read again when they change. */
export function servingFiles({ tlsCertFile, tlsPrivateKeyFile, clientCaFile, file }: KubeletConfig): string[] {
  const { featureGates } = file;
  return [
    ...(isOpen("ReloadKubeletServerCertificateFile", featureGates) ? [tlsCertFile, tlsPrivateKeyFile] : []),
    ...(isOpen("ReloadKubeletClientCAFile", featureGates) ? [clientCaFile] : []),
  ].filter(Boolean);
}

/** A resolver configuration that is not there says nothing. */
const textOf = (path: string): string => (path && existsSync(path) ? readFileSync(path, "utf8") : "");

async function serve(kubelet: Kubelet, run: KubeletRun): Promise<{ api: Listener | undefined; others: Listener[] }> {
  const { address: host, port, healthzPort, healthzAddress, readOnlyPort, file } = run.config;
  const api = file.enableServer ? await serveKubelet({ kubelet, tls: servingTls(run), host, port }) : undefined;
  const others: Listener[] = [];
  if (readOnlyPort > 0) others.push(await serveReadOnly(kubelet, readOnlyPort, host));
  if (healthzPort > 0) others.push(await serveHealth(kubelet, healthzPort, healthzAddress));
  return { api, others };
}

function servingTls({ config, certFolder, addresses, clock, serving }: KubeletRun): ServerTls {
  const { tlsCertFile, tlsPrivateKeyFile, clientCaFile } = config;
  const read = (path: string) => readFileSync(path, "utf8");
  const isGiven = tlsCertFile && tlsPrivateKeyFile;
  const own = isGiven ? undefined : (serving?.() ?? keptCertificate(certFolder, addresses[0] ?? "", clock));
  const ciphers = openSslCiphers(config.file.tlsCipherSuites);
  return {
    minVersion: config.file.tlsMinVersion === "VersionTLS13" ? "TLSv1.3" : "TLSv1.2",
    ...(ciphers && { ciphers }),
    cert: own?.cert ?? read(tlsCertFile),
    key: own?.key ?? read(tlsPrivateKeyFile),
    ...(clientCaFile && { clientCa: read(clientCaFile) }),
  };
}

/** Made once, so that who trusts it goes on doing so. */
function keptCertificate(folder: string, address: string, clock: Clock): { cert: string; key: string } {
  const [certFile, keyFile] = [join(folder, "kubelet.crt"), join(folder, "kubelet.key")];
  if (!existsSync(certFile) || !existsSync(keyFile)) {
    mkdirSync(folder, { recursive: true });
    const { cert, key } = ownCertificate(hostname(), address, clock.now());
    writeFileSync(keyFile, key, { mode: 0o600 });
    chmodSync(keyFile, 0o600);
    writeFileSync(certFile, cert);
  }
  return { cert: readFileSync(certFile, "utf8"), key: readFileSync(keyFile, "utf8") };
}
