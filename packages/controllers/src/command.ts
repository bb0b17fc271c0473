/** `kubets controller-manager`: flags in, running controllers out, until a signal ends them or another process leads. */
import { serviceaccounts } from "@kubets/api/generated/refs";
import { type Client, createClient, type Transport } from "@kubets/client";
import { runComponent } from "@kubets/client/component/run-component";
import { controllerMetrics } from "@kubets/client/controller-metrics";
import type { Connection } from "@kubets/client/kubeconfig/connection";
import { openTransport } from "@kubets/client/kubeconfig/open-client";
import { COORDINATED } from "@kubets/client/lease-candidate";
import { createLogger, isReason, type Logger, realClock, realRandom } from "@kubets/machinery";
import { defineCommand } from "@kubets/machinery/command";
import { ExitError, exitCode } from "@kubets/machinery/exit-codes";
import { isOpen, NATIVE_HISTOGRAMS } from "@kubets/machinery/given-gates";
import { MetricsRegistry } from "@kubets/machinery/metrics";
import { installProcessHandlers } from "@kubets/machinery/process-errors";
import { type ControllerManagerFlags, commandFlags } from "./flags.ts";
import { controllers } from "./index.ts";
import { optionsOfFlags } from "./options-of-flags.ts";
import { startControllers } from "./start-controllers.ts";

const NAME = "kube-controller-manager";

export const controllerManagerCommand = defineCommand({
  name: "controller-manager",
  summary: "Run the controllers alone",
  description:
    "Brings the cluster in step with what its objects say: makes pods for Deployments and Jobs, endpoints for services, collects garbage, and more.",
  examples: [
    "kubets controller-manager --kubeconfig controller-manager.conf --root-ca-file ca.crt",
    "kubets controller-manager --kubeconfig controller-manager.conf --controllers deployment,replicaset --leader-elect=false",
  ],
  flags: commandFlags,
  async run({ values: flags, args }) {
    if (args.length)
      throw new ExitError(exitCode.usage, `controller-manager takes no arguments, but was given ${args.join(" ")}`);
    const log = createLogger({ format: flags["logging-format"], level: flags.v >= 4 ? "debug" : "info" }).with({
      component: "controller-manager",
    });
    installProcessHandlers(log);
    await manage(flags, log);
  },
});

async function manage(flags: ControllerManagerFlags, log: Logger): Promise<void> {
  const options = optionsOfFlags(flags);
  const metrics = new MetricsRegistry();
  if (isOpen(NATIVE_HISTOGRAMS, options.featureGates)) metrics.openNativeHistograms();
  await runComponent(
    flags,
    {
      name: NAME,
      metrics,
      coordinated: isOpen(COORDINATED, options.featureGates),
      async work({ client, connection, signal }) {
        const accounts = flags["use-service-account-credentials"] ? await openAccounts(client, connection) : undefined;
        const { started, stopped, names } = startControllers({
          client,
          ...(accounts && { clientFor: (account) => accounts.clients.get(account) ?? client }),
          clock: realClock,
          random: realRandom,
          log,
          signal,
          controllers: flags.controllers,
          options,
          metrics: controllerMetrics(metrics, realClock),
        });
        void started.then(() => log.info("ready", { controllers: names.length }));
        await stopped;
        for (const each of accounts?.transports ?? []) await each.close();
      },
    },
    log,
  );
}

/** How long a token of a controller's own account is asked for, and how long before its end another is. */
const TOKEN_SECONDS = 3600;
const RENEW_BEFORE_MS = 10 * 60_000;

/** Each request carries a token of that account, which is asked for when there is none, or it ends soon, or it is refused. */
async function openAs(account: string, manager: Client, connection: Connection): Promise<Transport> {
  const key = { namespace: "kube-system", name: account };
  let token: { text: Promise<string>; until: number } | undefined;
  const ask = async () => {
    await manager.create(serviceaccounts, { metadata: key }).catch((error: unknown) => {
      if (!isReason(error, "AlreadyExists")) throw error;
    });
    const body = {
      kind: "TokenRequest",
      apiVersion: "authentication.k8s.io/v1",
      spec: { expirationSeconds: TOKEN_SECONDS },
    };
    return (await manager.act<{ status: { token: string } }>(serviceaccounts, key, "token", body)).status.token;
  };
  const forget = () => {
    token = undefined;
    return true;
  };
  const credentials: Connection["credentials"] = {
    certificate: async () => undefined,
    async authorization() {
      const now = realClock.monotonic();
      if (!token || now > token.until) token = { text: ask(), until: now + TOKEN_SECONDS * 1000 - RENEW_BEFORE_MS };
      return `Bearer ${await token.text.catch((error: unknown) => {
        forget();
        throw error;
      })}`;
    },
    refused: forget,
  };
  return openTransport({ ...connection, credentials });
}

/** Accounts have a connection of their own each: one that shows the manager's certificate would be the manager's. */
async function openAccounts(
  manager: Client,
  connection: Connection,
): Promise<{ clients: Map<string, Client>; transports: Transport[] }> {
  const clients = new Map<string, Client>();
  const transports: Transport[] = [];
  for (const account of new Set(controllers.map((each) => each.account))) {
    if (!account) continue;
    const transport = await openAs(account, manager, connection);
    transports.push(transport);
    clients.set(account, createClient(transport, { userAgent: `${NAME}/${account}` }));
  }
  return { clients, transports };
}
