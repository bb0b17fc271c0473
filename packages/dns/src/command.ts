/** `kubets dns`: flags in, a running DNS server, until a signal ends it. */
import { readFileSync } from "node:fs";
import { networkInterfaces } from "node:os";
import { SharedInformers } from "@kubets/client";
import { connectionFrom } from "@kubets/client/kubeconfig/connection";
import { openClient } from "@kubets/client/kubeconfig/open-client";
import { machineReading } from "@kubets/client/kubeconfig/reading";
import { createLogger, ExitError, exitCode, type Logger, realClock, realRandom } from "@kubets/machinery";
import { defineCommand } from "@kubets/machinery/command";
import { MetricsRegistry } from "@kubets/machinery/metrics";
import { installProcessHandlers } from "@kubets/machinery/process-errors";
import { onStopSignal } from "@kubets/machinery/shutdown";
import { type DnsFlags, dnsFlags } from "./flags.ts";
import { nameServers } from "./resolv-conf.ts";
import { startDns } from "./run-dns.ts";
import { serveStatus } from "./status-server.ts";

export const dnsCommand = defineCommand({
  name: "dns",
  summary: "Run the DNS server of the cluster",
  description:
    "Answers for services and pods after the DNS specification of Kubernetes, and asks others for all other names.",
  examples: ["kubets dns --kubeconfig dns.kubeconfig --bind-address 127.0.0.1 --port 5353"],
  flags: dnsFlags,
  async run({ values: flags, args }) {
    if (args.length) throw new ExitError(exitCode.usage, `dns takes no arguments, but was given ${args.join(" ")}`);
    const log = createLogger({ format: flags["logging-format"], level: flags.v >= 4 ? "debug" : "info" }).with({
      component: "dns",
    });
    installProcessHandlers(log);
    await serve(flags, log);
  },
});

async function serve(flags: DnsFlags, log: Logger): Promise<void> {
  const connection = await connectionFrom(flags.kubeconfig ? { kubeconfig: flags.kubeconfig } : {}, machineReading());
  const { client, transport } = await openClient(connection, "kubets-dns");
  const { signal } = onStopSignal();
  const metrics = new MetricsRegistry();
  const dns = await startDns({
    cache: new SharedInformers({ client, clock: realClock, random: realRandom, log, signal }),
    clock: realClock,
    log,
    clusterDomain: flags["cluster-domain"],
    listen: flags["bind-address"].map((host) => ({ host, port: flags.port })),
    upstreams: upstreamsOf(flags),
    serverAddresses: flags["service-ip"],
    ttl: Math.round(flags.ttl / 1000),
    metrics,
    signal,
  });
  const status = flags["metrics-bind-address"] ? serveStatus(flags["metrics-bind-address"], dns, metrics) : undefined;
  void dns.ready.then(() => log.info("ready", { ports: dns.ports.join() }));
  await new Promise<void>((resolve) => signal.addEventListener("abort", () => resolve(), { once: true }));
  status?.close();
  await dns.close();
  await transport.close();
}

/** A server that would ask itself is left out: its own addresses are no name servers. */
function upstreamsOf(flags: DnsFlags) {
  const path = flags["resolv-conf"];
  if (!path) return [];
  const everywhere = flags["bind-address"].some((host) => host === "0.0.0.0" || host === "::");
  const ofMachine = Object.values(networkInterfaces()).flatMap((each) => (each ?? []).map(({ address }) => address));
  const own = flags.port !== 53 ? [] : everywhere ? ofMachine : flags["bind-address"];
  try {
    return nameServers(readFileSync(path, "utf8"), [...own, ...flags["service-ip"]]);
  } catch (error) {
    throw new ExitError(exitCode.usage, `--resolv-conf ${path} cannot be read: ${(error as Error).message}`);
  }
}
