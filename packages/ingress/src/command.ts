/** `kubets ingress`: flags in, a running ingress, until a signal ends it. */
import { randomUUID } from "node:crypto";
import { hostname } from "node:os";
import { type Client, createEventRecorder, runControllers, runLeaderElection, SharedInformers } from "@kubets/client";
import { connectionFrom } from "@kubets/client/kubeconfig/connection";
import { openClient } from "@kubets/client/kubeconfig/open-client";
import { machineReading } from "@kubets/client/kubeconfig/reading";
import { createLogger, ExitError, exitCode, type Logger, realClock, realRandom } from "@kubets/machinery";
import { defineCommand } from "@kubets/machinery/command";
import { MetricsRegistry } from "@kubets/machinery/metrics";
import { installProcessHandlers } from "@kubets/machinery/process-errors";
import { processMetrics } from "@kubets/machinery/process-metrics";
import { onStopSignal } from "@kubets/machinery/shutdown";
import { type IngressFlags, ingressFlags } from "./flags.ts";
import type { Following } from "./follow.ts";
import { type Place, startIngress } from "./run-ingress.ts";
import { statusController } from "./status-controller.ts";
import { serveStatus } from "./status-server.ts";

export const ingressCommand = defineCommand({
  name: "ingress",
  summary: "Run the ingress controller",
  description:
    "Serves the Ingresses of the cluster: hosts, paths, TLS, WebSocket and gRPC, with the usual annotations of ingress-nginx. Routes change without a connection being dropped.",
  examples: [
    "kubets ingress --kubeconfig ingress.kubeconfig --publish-status-address 192.0.2.10",
    "kubets ingress --kubeconfig ingress.kubeconfig --bind-address 127.0.0.1 --http-port 8080 --https-port 8443",
  ],
  flags: ingressFlags,
  async run({ values: flags, args }) {
    if (args.length) throw new ExitError(exitCode.usage, `ingress takes no arguments, but was given ${args.join(" ")}`);
    const log = createLogger({ format: flags["logging-format"], level: flags.v >= 4 ? "debug" : "info" }).with({
      component: "ingress",
    });
    installProcessHandlers(log);
    await serve(flags, log);
  },
});

async function serve(flags: IngressFlags, log: Logger): Promise<void> {
  const connection = await connectionFrom(flags.kubeconfig ? { kubeconfig: flags.kubeconfig } : {}, machineReading());
  const { client, transport } = await openClient(connection, "kubets-ingress");
  const { signal } = onStopSignal();
  const metrics = new MetricsRegistry();
  processMetrics(metrics);
  const parts = { clock: realClock, random: realRandom, log, signal };
  const cache = new SharedInformers({ client, ...parts });
  let isReady = false;
  const where = flags["healthz-bind-address"];
  const status = where ? await serveStatus(where, metrics, () => isReady) : undefined;
  const ingress = await startIngress({
    ...parts,
    cache,
    metrics,
    places: placesOf(flags),
    classes: {
      controller: flags["controller-class"],
      name: flags["ingress-class"],
      takesUnnamed: flags["watch-ingress-without-class"],
    },
    defaultCertificate: flags["default-ssl-certificate"],
    publicHttpsPort: flags["public-https-port"],
  });
  isReady = true;
  log.info("ingress ready", { ports: ingress.ports.join() });
  const telling = flags["update-status"]
    ? tellStatus(flags, { client, cache, following: ingress.following, log, signal })
    : undefined;
  await new Promise<void>((resolve) => signal.addEventListener("abort", () => resolve(), { once: true }));
  isReady = false;
  await ingress.close(flags["shutdown-grace-period"]);
  await telling;
  status?.close();
  await transport.close();
}

interface Telling {
  readonly client: Client;
  readonly cache: SharedInformers;
  readonly following: Following;
  readonly log: Logger;
  readonly signal: AbortSignal;
}

/** Of several processes one does it, while it holds the lease; who loses it stands by again. */
async function tellStatus(flags: IngressFlags, { client, cache, following, log, signal }: Telling): Promise<void> {
  const parts = { client, clock: realClock, random: realRandom, log };
  const identity = `${hostname()}_${randomUUID()}`;
  const events = createEventRecorder({ ...parts, component: "ingress", signal });
  const controller = statusController({
    following,
    addresses: flags["publish-status-address"],
    publishService: flags["publish-service"],
  });
  while (!signal.aborted)
    await runLeaderElection({
      ...parts,
      signal,
      identity,
      namespace: flags["election-namespace"],
      name: flags["election-id"],
      releaseOnStop: true,
      lead: (leading) =>
        runControllers([controller], { ...parts, cache, events, signal: AbortSignal.any([signal, leading]) }).stopped,
    });
}

function placesOf(flags: IngressFlags): Place[] {
  const host = flags["bind-address"];
  const reusePort = flags["reuse-port"];
  return [
    { host, port: flags["http-port"], isSecure: false, reusePort },
    { host, port: flags["https-port"], isSecure: true, reusePort },
    ...flags["http-fd"].map((fd) => ({ fd: Number(fd), isSecure: false })),
    ...flags["https-fd"].map((fd) => ({ fd: Number(fd), isSecure: true })),
  ];
}
