/** The real API server for a test, in this process, on the storage it is given: over HTTPS on a free port of loopback, and without sockets. */
import { admissionPlugins } from "@kubets/apiserver/admission/plugins/index";
import { featureGates } from "@kubets/apiserver/feature-gates";
import { type RunOptions, runApiServer } from "@kubets/apiserver/run-api-server";
import { serviceNetworkOptions } from "@kubets/apiserver/services/options";
import { ownServingCertificate } from "@kubets/apiserver/serving-certificate";
import { createClient, type Transport } from "@kubets/client";
import { realClock, realRandom, silentLogger } from "@kubets/machinery";
import type { Storage } from "@kubets/storage";
import { HttpTransport } from "@kubets/wire/transport";

const ADMIN = { name: "admin", groups: ["system:masters"] };
const TOKEN = "for-this-test";

export async function startApiServer(storage: Storage, options: Partial<RunOptions> = {}) {
  const certificate = ownServingCertificate(
    undefined,
    { dnsNames: ["localhost"], ipAddresses: ["127.0.0.1"] },
    Date.now(),
  );
  const { gates } = featureGates("");
  const running = await runApiServer({
    storage,
    clock: realClock,
    random: realRandom,
    log: silentLogger,
    listen: { host: "127.0.0.1", port: 0, tls: certificate },
    advertiseAddress: "127.0.0.1",
    tokenUsers: new Map([[TOKEN, ADMIN]]),
    anonymous: false,
    authorizationModes: ["RBAC"],
    admission: admissionPlugins({ enable: [], disable: [] }),
    serviceNetwork: serviceNetworkOptions("10.96.0.0/12", "30000-32767"),
    endpoint: false,
    allowPrivileged: true,
    minWatchSeconds: 60,
    nodes: { tls: {}, addressTypes: [] },
    featureEnabled: (name) => gates.enabled(name as Parameters<typeof gates.enabled>[0]),
    ...options,
  }).catch(async (error: unknown) => {
    await storage.close();
    throw error;
  });
  const http = new HttpTransport({
    server: `https://127.0.0.1:${running.listener.port}`,
    tls: { ca: certificate.cert },
  });
  const overHttps: Transport = {
    request: (request) =>
      http.request({ ...request, headers: { ...request.headers, authorization: `Bearer ${TOKEN}` } }),
    close: () => http.close(),
  };
  return {
    overHttps,
    inProcess: running.server.transport(ADMIN),
    client: createClient(overHttps, { userAgent: "e2e" }),
    url: `https://127.0.0.1:${running.listener.port}`,
    token: TOKEN,
    served: running.server.context.served,
    async stop() {
      await http.close();
      await running.close();
      await storage.close();
    },
  };
}
