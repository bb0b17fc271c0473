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
import { admissionPlugins } from "../admission/plugins/index.ts";
import type { Audit } from "../audit/audit.ts";
import { MASTERS } from "../authn/authenticator.ts";
import type { Egress } from "../egress/egress.ts";
import { type Patience, runApiServer } from "../run-api-server.ts";
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
}: SocketServerOptions = {}) {
  const featureEnabled = (name: string) => gates.includes(name);
  const storage = new MemoryStorage({ clock });
  const running = await runApiServer({
    storage,
    clock,
    random: realRandom,
    log,
    logRequests,
    listen: {
      host: "127.0.0.1",
      port: 0,
      tls: ownServingCertificate(undefined, { dnsNames: ["localhost"], ipAddresses: [] }, Date.now()),
    },
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
