/**
 * A component of the control plane as a program: it reaches the API server, serves what every component serves, and works, alone or while
 * it holds its lease, until a signal ends it.
 */
import { randomUUID } from "node:crypto";
import { readFileSync } from "node:fs";
import { hostname } from "node:os";
import { configmaps } from "@kubets/api/generated/refs";
import type { ConfigMap } from "@kubets/api/generated/types/core-v1";
import { isReason, type Logger, realClock, realRandom } from "@kubets/machinery";
import { ExitError, exitCode } from "@kubets/machinery/exit-codes";
import type { MetricsRegistry } from "@kubets/machinery/metrics";
import { processMetrics } from "@kubets/machinery/process-metrics";
import { onStopSignal } from "@kubets/machinery/shutdown";
import type { Listener, ServerTls } from "@kubets/wire/http";
import { openSslCiphers } from "@kubets/wire/tls/cipher-suites";
import type { Client } from "../client.ts";
import { type Connection, connectionFrom } from "../kubeconfig/connection.ts";
import { openTransport } from "../kubeconfig/open-client.ts";
import { machineReading } from "../kubeconfig/reading.ts";
import { runLeaderElection } from "../leader-election.ts";
import { transportMeter } from "../metered-transport.ts";
import type { Transport } from "../transport.ts";
import { createClient } from "../typed-client.ts";
import type { ComponentFlags } from "./component-flags.ts";
import { type Check, type ComponentServerOptions, serveComponent } from "./component-server.ts";
import { ownCertificate } from "./own-certificate.ts";
import { RequestAccess } from "./request-access.ts";

export interface ComponentParts {
  readonly client: Client;
  readonly connection: Connection;
  readonly signal: AbortSignal;
}

export interface Component extends Pick<ComponentServerOptions, "live" | "ready" | "config" | "more" | "moreMetrics"> {
  readonly name: string;
  readonly metrics: MetricsRegistry;
  /** Whether the API server chooses who leads. */
  readonly coordinated?: boolean;
  /** Works until the signal; called when it leads, if it is to lead. */
  work(parts: ComponentParts): Promise<void>;
}

export async function runComponent(flags: ComponentFlags, component: Component, log: Logger): Promise<void> {
  const { name, metrics } = component;
  const connection = await connect(flags.kubeconfig, flags.master);
  processMetrics(metrics);
  metrics.disable(flags["disabled-metrics"]);
  const meter = transportMeter(metrics);
  const opened: Transport[] = [];
  const open = async (to: Connection): Promise<Client> => {
    const transport = meter(await openTransport(to), new URL(to.server).host);
    opened.push(transport);
    return createClient(transport, { userAgent: name });
  };
  const { signal } = onStopSignal();
  const client = await open(connection);
  const election = { lost: false };
  const server = flags["secure-port"] ? await serve(flags, component, { client, open, log, election }) : undefined;
  const work = (until: AbortSignal) => component.work({ client, connection, signal: until });
  const outcome = await (flags["leader-elect"]
    ? runLeaderElection({
        client,
        clock: realClock,
        random: realRandom,
        log,
        signal,
        releaseOnStop: true,
        coordinated: component.coordinated ?? false,
        identity: `${hostname()}_${randomUUID()}`,
        namespace: flags["leader-elect-resource-namespace"],
        name: flags["leader-elect-resource-name"],
        leaseDurationMs: flags["leader-elect-lease-duration"],
        renewDeadlineMs: flags["leader-elect-renew-deadline"],
        retryPeriodMs: flags["leader-elect-retry-period"],
        lead: (leading) => work(AbortSignal.any([signal, leading])),
      })
    : work(signal).then(() => "stopped" as const));
  election.lost = outcome === "lost";
  await server?.close();
  for (const transport of opened) await transport.close();
  if (outcome === "lost")
    throw new ExitError(exitCode.failure, "another process holds the lease now: start again to stand by");
}

async function connect(kubeconfig: string, master: string): Promise<Connection> {
  const found = await connectionFrom(kubeconfig ? { kubeconfig } : {}, machineReading());
  return { ...found, ...(master && { server: master }) };
}

interface Serving {
  readonly client: Client;
  open(connection: Connection): Promise<Client>;
  readonly log: Logger;
  readonly election: { readonly lost: boolean };
}

async function serve(
  flags: ComponentFlags,
  component: Component,
  { client, open, log, election }: Serving,
): Promise<Listener> {
  const reviewer = async (path: string) => (path ? await open(await connect(path, "")) : client);
  const authentication = await reviewer(flags["authentication-kubeconfig"]);
  const access = new RequestAccess({
    authentication,
    authorization: await reviewer(flags["authorization-kubeconfig"]),
    clock: realClock,
    alwaysAllowPaths: flags["authorization-always-allow-paths"],
    keepMs: {
      token: flags["authentication-token-webhook-cache-ttl"],
      allowed: flags["authorization-webhook-cache-authorized-ttl"],
      denied: flags["authorization-webhook-cache-unauthorized-ttl"],
    },
  });
  const leads: Check = { name: "leaderElection", problem: () => (election.lost ? "the lease is lost" : undefined) };
  const { live = [], ...rest } = component;
  const listener = await serveComponent({
    ...rest,
    live: [...live, ...(flags["leader-elect"] ? [leads] : [])],
    program: { name: component.name, startedAt: realClock.now() - process.uptime() * 1000, flags },
    clock: realClock,
    listen: {
      host: flags["bind-address"],
      port: flags["secure-port"],
      tls: await tlsOf(flags, authentication),
    },
    access,
    log,
  });
  log.info("serving", { port: listener.port });
  return listener;
}

async function tlsOf(flags: ComponentFlags, client: Client): Promise<ServerTls> {
  const { "tls-cert-file": cert, "tls-private-key-file": key } = flags;
  if (!cert !== !key)
    throw new ExitError(exitCode.usage, "--tls-cert-file and --tls-private-key-file must be given together");
  const ciphers = openSslCiphers(flags["tls-cipher-suites"]);
  const clientCa = flags["client-ca-file"]
    ? readText(flags["client-ca-file"], "client-ca-file")
    : await clientAuthority(flags, client);
  return {
    ...(cert
      ? { cert: readText(cert, "tls-cert-file"), key: readText(key, "tls-private-key-file") }
      : ownCertificate(hostname().toLowerCase(), flags["bind-address"], realClock.now())),
    ...(ciphers && { ciphers }),
    minVersion: flags["tls-min-version"] === "VersionTLS13" ? "TLSv1.3" : "TLSv1.2",
    ...(clientCa && { clientCa }),
  };
}

/** The cluster tells it to those who may read it; where it does not, clients are known by tokens alone. */
async function clientAuthority(flags: ComponentFlags, client: Client): Promise<string | undefined> {
  if (flags["authentication-skip-lookup"]) return undefined;
  try {
    const key = { namespace: "kube-system", name: "extension-apiserver-authentication" };
    return (await client.get<ConfigMap>(configmaps, key)).data?.["client-ca-file"];
  } catch (error) {
    if (flags["authentication-tolerate-lookup-failure"] || isReason(error, "NotFound")) return undefined;
    throw error;
  }
}

function readText(path: string, flag: string): string {
  try {
    return readFileSync(path, "utf8");
  } catch (error) {
    throw new ExitError(exitCode.usage, `--${flag}: ${path} cannot be read: ${(error as Error).message}`);
  }
}
