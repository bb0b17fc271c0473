/** What one server of a cluster runs beside its API: the controllers, the scheduler, and the add-ons that are part of the program. */
import type { KeyObject } from "node:crypto";
import type { RunningApiServer } from "@kubets/apiserver/run-api-server";
import { createEventRecorder } from "@kubets/client/cluster-event-recorder";
import { controllerMetrics } from "@kubets/client/controller-metrics";
import { runControllers } from "@kubets/client/controller-runner";
import { SharedInformers } from "@kubets/client/informer/shared-informers";
import { controllerManagerFlags } from "@kubets/controllers/flags";
import { optionsOfFlags } from "@kubets/controllers/options-of-flags";
import { startControllers } from "@kubets/controllers/start-controllers";
import { parseIp } from "@kubets/machinery";
import { formatDuration } from "@kubets/machinery/duration";
import { parseGates } from "@kubets/machinery/feature-gates";
import { parseFlags } from "@kubets/machinery/flags";
import { joinHostPort } from "@kubets/machinery/ip";
import { startDnsAddon } from "../addons/dns.ts";
import { startIngressAddon } from "../addons/ingress.ts";
import { startLoadBalancerAddon } from "../addons/load-balancer.ts";
import { grantNetwork } from "../addons/network.ts";
import { startStorageAddon } from "../addons/storage.ts";
import { dnsAddresses } from "../cluster/addresses.ts";
import { clientAs, startSchedulerIn } from "../control-plane/control-plane.ts";
import { nodeCertificateApprover } from "../join/approve.ts";
import { publishJoining } from "../join/publish.ts";
import { startMetricsAddon } from "../metrics-api/addon.ts";
import { FRONT_PROXY } from "./certificates.ts";
import type { LiveCertificates } from "./live-certificates.ts";
import type { ServerFlags, ServerParts } from "./run-server.ts";

interface ControlPlaneOptions {
  readonly flags: ServerFlags;
  readonly advertiseAddress: string;
  readonly api: RunningApiServer;
  readonly certificates: LiveCertificates;
  readonly tokenKey: KeyObject;
}

export interface RunningControlPlane {
  /** Resolves when all works; never, if the signal came first. */
  readonly ready: Promise<void>;
  /** Resolves after the signal, when all has ended. */
  readonly ended: Promise<void>;
}

interface ControlPlaneTerm extends ServerParts {
  /** Where another server may go on from there: then nothing more is asked of the API. */
  readonly until?: AbortSignal | undefined;
}

export function runControlPlane(options: ControlPlaneOptions, parts: ControlPlaneTerm): RunningControlPlane {
  const { flags, api } = options;
  const inside = { ...parts, server: api.server };
  const controllers = startAllControllers(options, parts);
  const { metrics, added } = startAddons(options, parts);
  const gates = parseGates(flags["feature-gates"] ?? "");
  const scheduler = flags["disable-scheduler"] ? undefined : startSchedulerIn(inside, gates);
  if (scheduler)
    api.server.context.pages.set("/debug/decisions", (query) =>
      scheduler.decisions.report(query.get("pod") ?? undefined),
    );
  const close = () =>
    metrics?.then(
      (served) => served.close(),
      () => {},
    );
  return {
    ready: Promise.all([controllers.started, scheduler?.ready, ...added]).then(() => {}),
    ended: controllers.stopped.then(close),
  };
}

function startAllControllers({ flags, api, certificates, tokenKey }: ControlPlaneOptions, parts: ControlPlaneTerm) {
  const { pki } = certificates;
  const { clock, random, log, signal, until } = parts;
  const inside = { server: api.server, clock, until };
  return startControllers({
    client: clientAs(
      inside,
      { name: "system:kube-controller-manager", groups: ["system:masters"] },
      "kube-controller-manager",
    ),
    clientFor: (account) => clientAs(inside, serviceAccount(account), `kube-controller-manager/${account}`),
    clock,
    random,
    log: log.with({ component: "controllers" }),
    signal,
    controllers: flags.controllers,
    metrics: controllerMetrics(api.server.context.metrics.registry.part(signal), clock),
    options: {
      ...controllerOptionsOf([
        `cluster-signing-duration=${formatDuration(flags["certificate-lifetime"])}`,
        ...(flags["feature-gates"] ? [`feature-gates=${flags["feature-gates"]}`] : []),
        ...flags["controller-manager-arg"],
      ]),
      rootCa: pki.caPem,
      clusterCidrs: rangesOf(flags["cluster-cidr"]),
      signer: { certificate: pki.caPem, key: pki.authority.key },
      serviceAccountKey: tokenKey,
    },
  });
}

function startAddons(options: ControlPlaneOptions, parts: ControlPlaneTerm) {
  const { flags, advertiseAddress, api, certificates } = options;
  const { pki } = certificates;
  const { addons } = flags;
  const client = clientAs(
    { ...parts, server: api.server },
    { name: "system:kubets", groups: ["system:masters"] },
    "kubets",
  );
  const isLoopback = parseIp(advertiseAddress)?.isLoopback() ?? false;
  // Where a cluster of simulated nodes is: no endpoint of a service may stand there, and nodes have no disks.
  const metrics =
    addons.includes("metrics") && !isLoopback
      ? startMetricsAddon({
          ...parts,
          client,
          log: parts.log.with({ component: "metrics-api" }),
          address: advertiseAddress,
          certificates,
          frontProxyName: FRONT_PROXY,
        })
      : undefined;
  const dns = dnsAddresses(rangesOf(flags["service-cluster-ip-range"]));
  const added = [
    metrics,
    grantNetwork(client),
    publishJoining(
      client,
      { server: `https://${joinHostPort(advertiseAddress, api.listener.port)}`, ca: pki.caPem },
      {
        podRanges: rangesOf(flags["cluster-cidr"]),
        serviceRanges: rangesOf(flags["service-cluster-ip-range"]),
        dnsAddress: dns[0] ?? "",
        clusterDomain: flags["cluster-domain"],
        addons,
      },
    ),
    approveNodeCertificates(client, [advertiseAddress, ...flags["tls-san"]], parts),
    addons.includes("storage") && !isLoopback && startStorageAddon({ client }),
    addons.includes("ingress") && !isLoopback && startIngressAddon(client, advertiseAddress),
    addons.includes("load-balancers") &&
      flags["load-balancer-range"].length > 0 &&
      startLoadBalancerAddon(flags["load-balancer-range"], {
        ...parts,
        client,
        log: parts.log.with({ component: "load-balancers" }),
      }),
    addons.includes("dns") &&
      startDnsAddon(dns, { ...parts, client, log: parts.log.with({ component: "dns-service" }) }),
  ];
  return { metrics, added };
}

function approveNodeCertificates(client: ReturnType<typeof clientAs>, servers: string[], parts: ServerParts) {
  const log = parts.log.with({ component: "node-certificates" });
  const events = createEventRecorder({ ...parts, log, client, component: "kubets" });
  const cache = new SharedInformers({ ...parts, log, client });
  return runControllers([nodeCertificateApprover(servers)], { ...parts, log, client, cache, events }).started;
}

const rangesOf = (text: string): string[] => (text ? text.split(",") : []);

const controllerOptionsOf = (args: readonly string[]) =>
  optionsOfFlags(
    parseFlags(
      controllerManagerFlags,
      args.map((arg) => `--${arg}`),
    ).values,
  );

/** Each controller has the rights of its own account and no more. */
const serviceAccount = (name: string) => ({
  name: `system:serviceaccount:kube-system:${name}`,
  groups: ["system:serviceaccounts", "system:serviceaccounts:kube-system"],
});
