/** An API server over memory for tests: virtual time, seeded randomness, clients for any user; nothing is left behind when it is closed. */
import { servedResources } from "@kubets/api/runtime-config";
import { createClient } from "@kubets/client/typed-client";
import { mustParseCidr, parsePortRange, seededRandom, silentLogger, VirtualClock } from "@kubets/machinery";
import { MemoryStorage } from "@kubets/storage";
import type { PluginConfigurations } from "../admission/configuration.ts";
import type { AdmissionPlugin } from "../admission/plugin.ts";
import { admissionPlugins } from "../admission/plugins/index.ts";
import { createApiServer, SERVER_USER } from "../api-server.ts";
import type { Audit } from "../audit/audit.ts";
import { MASTERS, type User } from "../authn/authenticator.ts";
import type { AuthorizerChoice } from "../authz/modes.ts";
import { bootstrap } from "../bootstrap.ts";
import type { LiveEncryption } from "../encryption/live-encryption.ts";
import type { ConcurrencyOptions } from "../fairness/concurrency-options.ts";
import type { WriteBarrier } from "../storage-versions/write-barrier.ts";

export interface TestServerOptions {
  readonly anonymous?: boolean;
  readonly modes?: readonly AuthorizerChoice[];
  readonly enable?: readonly string[];
  readonly disable?: readonly string[];
  readonly configurations?: PluginConfigurations;
  readonly own?: readonly AdmissionPlugin[];
  readonly serviceRanges?: readonly string[];
  readonly nodePorts?: string;
  readonly concurrency?: ConcurrencyOptions;
  readonly audit?: Audit;
  /** APIs to serve beside the stable ones. */
  readonly runtimeConfig?: readonly string[];
  /** Features that are off; all others are on. */
  readonly off?: readonly string[];
  readonly encryption?: LiveEncryption;
  /** Memory of its own when absent. */
  readonly storage?: MemoryStorage;
  readonly barrier?: WriteBarrier;
}

export async function startTestServer(options: TestServerOptions = {}) {
  const clock = new VirtualClock();
  const storage = options.storage ?? new MemoryStorage({ clock });
  const server = await createApiServer({
    storage,
    clock,
    random: seededRandom(7),
    log: silentLogger,
    options: {
      allowPrivileged: true,
      featureEnabled: (name) => !options.off?.includes(name),
      minWatchSeconds: 1800,
      maxBodyBytes: 3 << 20,
      addresses: [],
    },
    nodes: { tls: {}, addressTypes: [] },
    authenticators: () => [],
    anonymous: options.anonymous ?? false,
    authorizationModes: options.modes ?? ["AlwaysAllow"],
    admission: admissionPlugins({
      enable: options.enable ?? [],
      disable: options.disable ?? ["ServiceAccount"],
      ...(options.configurations && { configurations: options.configurations }),
      ...(options.own && { own: options.own }),
    }),
    ...(options.encryption && { encryption: options.encryption }),
    ...(options.audit && { audit: options.audit }),
    ...(options.barrier && { barrier: options.barrier }),
    ...(options.runtimeConfig && { resources: servedResources(options.runtimeConfig, () => true) }),
    ...(options.concurrency && { concurrency: options.concurrency }),
    serviceNetwork: {
      ranges: (options.serviceRanges ?? ["10.96.0.0/16"]).map(mustParseCidr),
      nodePorts: parsePortRange(options.nodePorts ?? "30000-32767"),
    },
  });
  const as = (user: User) => createClient(server.transport(user));
  await bootstrap(server);
  await server.services?.start(as(SERVER_USER), 6443, undefined);
  server.setReady();
  return {
    server,
    clock,
    as,
    admin: as({ name: "admin", groups: [MASTERS] }),
    user: (name: string, ...groups: string[]) => as({ name, groups: [...groups, "system:authenticated"] }),
    async close() {
      server.close();
      await storage.close();
    },
  };
}
