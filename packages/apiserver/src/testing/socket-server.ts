/** An API server on memory storage behind a real socket, for tests of what goes over the wire. The token `jane` is a user, `root` may do everything. */
import { servedResources } from "@kubets/api/runtime-config";
import {
  type Clock,
  type Logger,
  mustParseCidr,
  parsePortRange,
  realClock,
  realRandom,
  silentLogger,
} from "@kubets/machinery";
import { MemoryStorage } from "@kubets/storage";
import type { ServerTls } from "@kubets/wire/http";
import { admissionPlugins } from "../admission/plugins/index.ts";
import type { Audit } from "../audit/audit.ts";
import { MASTERS } from "../authn/authenticator.ts";
import type { Egress } from "../egress/egress.ts";
import { type Patience, type RunOptions, runApiServer } from "../run-api-server.ts";
import { ownServingCertificate } from "../serving-certificate.ts";
import type { NodeConnection } from "../subresources/node-connection.ts";

interface SocketServerOptions {
  /** The features that are on; no others are. */
  readonly gates?: readonly string[];
  /** APIs to serve beside the stable ones. */
  readonly runtimeConfig?: readonly string[];
  readonly log?: Logger;
  readonly logRequests?: boolean;
  readonly nodes?: NodeConnection;
  readonly audit?: Audit;
  readonly egress?: Egress;
  readonly clock?: Clock;
  /** Of several servers over one storage each has a name of its own. */
  readonly hostname?: string;
  /** Memory of its own when absent. */
  readonly storage?: MemoryStorage;
  /** One of its own when absent. */
  readonly tls?: ServerTls;
  /** How it knows proxies, shows itself as one, and asks other servers. */
  readonly trust?: Pick<RunOptions, "frontProxy" | "proxyClient" | "peers">;
}

export async function startSocketServer({
  gates = [],
  runtimeConfig = [],
  log = silentLogger,
  logRequests = false,
  nodes = { tls: {}, addressTypes: [] },
  audit,
  egress = {},
  clock = realClock,
  hostname,
  storage = new MemoryStorage({ clock }),
  tls = ownServingCertificate(undefined, { dnsNames: ["localhost"], ipAddresses: [] }, Date.now()),
  trust,
}: SocketServerOptions = {}) {
  const featureEnabled = (name: string) => gates.includes(name);
  const running = await runApiServer({
    storage,
    clock,
    random: realRandom,
    log,
    logRequests,
    listen: { host: "127.0.0.1", port: 0, tls },
    advertiseAddress: "127.0.0.1",
    tokenUsers: new Map([
      ["jane", { name: "jane", groups: ["system:authenticated"] }],
      ["root", { name: "root", groups: [MASTERS] }],
    ]),
    anonymous: true,
    authorizationModes: ["RBAC"],
    admission: admissionPlugins({ enable: [], disable: [] }),
    serviceNetwork: { ranges: [mustParseCidr("10.96.0.0/16")], nodePorts: parsePortRange("30000-32767") },
    endpoint: false,
    allowPrivileged: false,
    minWatchSeconds: 60,
    nodes,
    egress,
    resources: servedResources(runtimeConfig, featureEnabled),
    featureEnabled,
    ...(hostname && { hostname }),
    ...trust,
    ...(audit && { audit }),
  });
  return {
    server: running.server,
    port: running.listener.port,
    connections: () => running.listener.connections(),
    storage,
    stop: (patience: Patience) => running.close(patience),
    async close() {
      await running.close();
      await storage.close();
    },
  };
}
