/** The real API server in this process, on memory storage, as tests and benches of controllers have it; and clients of it for whomever. */
import type { ResourceDefinition } from "@kubets/api/resource";
import { admissionPlugins } from "@kubets/apiserver/admission/plugins/index";
import { createApiServer, SERVER_USER } from "@kubets/apiserver/api-server";
import { bootstrap } from "@kubets/apiserver/bootstrap";
import type { LiveEncryption } from "@kubets/apiserver/encryption/live-encryption";
import { trackLegacyTokens } from "@kubets/apiserver/tokens/legacy-token-use";
import { createClient, type Transport } from "@kubets/client";
import type { Clock, Logger, Random } from "@kubets/machinery";
import { MemoryStorage } from "@kubets/storage";

export interface ControlPlaneOptions {
  readonly clock: Clock;
  readonly random: Random;
  readonly log: Logger;
  readonly storage?: MemoryStorage;
  readonly encryption?: Pick<LiveEncryption, "transformer" | "prepare">;
  readonly resources?: readonly ResourceDefinition[];
  /** Features that are off by default. */
  readonly features?: readonly string[];
}

export async function startControlPlane({ clock, random, log, features = [], ...given }: ControlPlaneOptions) {
  const storage = given.storage ?? new MemoryStorage({ clock });
  const server = await createApiServer({
    storage,
    clock,
    random,
    log,
    options: {
      allowPrivileged: true,
      featureEnabled: (name) => features.includes(name),
      minWatchSeconds: 1800,
      maxBodyBytes: 3 << 20,
      addresses: [],
    },
    nodes: { tls: {}, addressTypes: [] },
    authenticators: () => [],
    anonymous: false,
    authorizationModes: ["RBAC"],
    // Nobody is there who would take the taint of a new node away.
    admission: admissionPlugins({ enable: [], disable: ["ServiceAccount", "TaintNodesByCondition"] }),
    ...(given.encryption && { encryption: given.encryption }),
    ...(given.resources && { resources: given.resources }),
  });
  await bootstrap(server);
  await trackLegacyTokens(createClient(server.transport(SERVER_USER)), clock.now());
  server.setReady();
  const clientAs = (
    name: string,
    groups: readonly string[] = ["system:masters"],
    road: (transport: Transport) => Transport = (same) => same,
  ) => createClient(road(server.transport({ name, groups })));
  return {
    server,
    clientAs,
    /** With the rights of a controller's own account and no more, as in a real cluster. */
    clientFor: (account: string, road?: (transport: Transport) => Transport) =>
      clientAs(
        `system:serviceaccount:kube-system:${account}`,
        ["system:serviceaccounts", "system:serviceaccounts:kube-system"],
        road,
      ),
    async close() {
      server.close();
      await storage.close();
    },
  };
}
