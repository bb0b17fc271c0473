/** `node bench/ingress-process.ts PORT SERVER RULES`: an ingress of so many rules, before one server on loopback. */
import { endpointslices, ingressclasses, ingresses, services } from "@kubets/api/generated/refs";
import { createClient, SharedInformers } from "@kubets/client";
import { MemoryApi } from "@kubets/client/testing/memory-api";
import { startIngress } from "@kubets/ingress";
import { realClock, realRandom, silentLogger } from "@kubets/machinery";
import { MetricsRegistry } from "@kubets/machinery/metrics";

const [port = 0, to = 0, rules = 1] = process.argv.slice(2).map(Number);
const client = createClient(new MemoryApi({ inProcess: true }));
const metadata = { namespace: "default", name: "web" };
await client.create(ingressclasses, { metadata: { name: "kubets" }, spec: { controller: "kubets.io/ingress" } });
await client.create(services, { metadata, spec: { ports: [{ name: "http", port: 80, protocol: "TCP" }] } });
await client.create(endpointslices, {
  metadata: { ...metadata, labels: { "kubernetes.io/service-name": "web" } },
  addressType: "IPv4",
  ports: [{ name: "http", port: to, protocol: "TCP" }],
  endpoints: [{ addresses: ["127.0.0.1"], conditions: { ready: true } }],
});
for (let i = 0; i < rules; i++)
  await client.create(ingresses, {
    metadata: { namespace: "default", name: `i${i}` },
    spec: {
      ingressClassName: "kubets",
      rules: [
        {
          host: i === 0 ? "shop.test" : `shop-${i}.test`,
          http: {
            paths: [{ path: "/", pathType: "Prefix", backend: { service: { name: "web", port: { number: 80 } } } }],
          },
        },
      ],
    },
  });
const parts = { clock: realClock, random: realRandom, log: silentLogger, signal: new AbortController().signal };
await startIngress({
  ...parts,
  cache: new SharedInformers({ client, ...parts }),
  classes: { controller: "kubets.io/ingress", name: "kubets", takesUnnamed: false },
  places: [{ host: "127.0.0.1", port, isSecure: false }],
  metrics: new MetricsRegistry(),
});
