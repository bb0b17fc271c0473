/** The processes of bench/scheduler-api.ts: `server FOLDER` (an API server, and a scheduler in it when told so) and `scheduler URL TOKEN CA`. */
import { join } from "node:path";
import { admissionPlugins } from "@kubets/apiserver/admission/plugins/index";
import { featureGates } from "@kubets/apiserver/feature-gates";
import { runApiServer } from "@kubets/apiserver/run-api-server";
import { serviceNetworkOptions } from "@kubets/apiserver/services/options";
import { ownServingCertificate } from "@kubets/apiserver/serving-certificate";
import { type Client, createClient, createSeriesRecorder, SharedInformers } from "@kubets/client";
import { createLogger, realClock, realRandom } from "@kubets/machinery";
import { startScheduler } from "@kubets/scheduler";
import { openEmbeddedStorage } from "@kubets/storage";
import { HttpTransport } from "@kubets/wire/transport";

export interface Told {
  readonly port?: number;
  readonly ca?: string;
  readonly token?: string;
  readonly cpuMs?: number;
}

const TOKEN = "bench-token";
const ADMIN = { name: "admin", groups: ["system:masters"] };

const [role, ...args] = process.argv.slice(2);
const [clock, random] = [realClock, realRandom];
const log = createLogger({ level: "warn" });
const abort = new AbortController();
const tell = (told: Told) => process.send?.(told);

function schedule(client: Client): void {
  const { signal } = abort;
  const cache = new SharedInformers({ client, clock, random, log, signal });
  const events = createSeriesRecorder({
    client,
    clock,
    random,
    log,
    component: "default-scheduler",
    host: "bench",
    signal,
  });
  startScheduler({ client, cache, clock, random, log, events, signal });
}

const { client, stop } = role === "server" ? await startServer(args[0] as string) : connect();

process.on("message", (order) => {
  if (order === "schedule") schedule(client);
  if (order === "cpu") {
    const { user, system } = process.cpuUsage();
    tell({ cpuMs: (user + system) / 1000 });
  }
  if (order === "stop") {
    abort.abort();
    void stop().then(() => process.exit(0));
  }
});

async function startServer(folder: string) {
  const storage = await openEmbeddedStorage({ folder: join(folder, "data"), clock, logger: log });
  const names = { dnsNames: ["localhost"], ipAddresses: ["127.0.0.1"] };
  const certificate = ownServingCertificate(undefined, names, clock.now());
  const { gates } = featureGates("");
  const running = await runApiServer({
    storage,
    clock,
    random,
    log,
    listen: { host: "127.0.0.1", port: 0, tls: certificate },
    advertiseAddress: "127.0.0.1",
    tokenUsers: new Map([[TOKEN, ADMIN]]),
    anonymous: false,
    authorizationModes: ["Node", "RBAC"],
    admission: admissionPlugins({ enable: [], disable: [] }),
    serviceNetwork: serviceNetworkOptions("10.96.0.0/12", "30000-32767"),
    endpoint: false,
    allowPrivileged: true,
    minWatchSeconds: 1800,
    nodes: { tls: {}, addressTypes: [] },
    featureEnabled: (name) => gates.enabled(name as Parameters<typeof gates.enabled>[0]),
  });
  tell({ port: running.listener.port, ca: certificate.cert, token: TOKEN });
  const user = { name: "system:kube-scheduler", groups: [] };
  return {
    client: createClient(running.server.transport(user), { userAgent: "kube-scheduler" }),
    async stop() {
      await running.close();
      await storage.close();
    },
  };
}

function connect() {
  const [server = "", token = "", ca = ""] = args;
  const http = new HttpTransport({ server, tls: { ca } });
  const authorization = `Bearer ${token}`;
  tell({});
  const transport = {
    request: (request: Parameters<typeof http.request>[0]) =>
      http.request({ ...request, headers: { ...request.headers, authorization } }),
    close: () => http.close(),
  };
  return { client: createClient(transport, { userAgent: "kube-scheduler" }), stop: async () => http.close() };
}
