/**
 * How soon DNS is right after a change: an API server in a process of its own, the DNS server here with a client over HTTPS as nodes have it. Services come and change
 * their addresses, endpoints of a headless one come and go; from the start of each write on, UDP is asked until the answer is right. Target: 100 ms.
 */
import { createSocket } from "node:dgram";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { endpointslices, namespaces, services } from "@kubets/api/generated/refs";
import { SharedInformers } from "@kubets/client";
import { connectionFrom } from "@kubets/client/kubeconfig/connection";
import { openClient } from "@kubets/client/kubeconfig/open-client";
import { machineReading } from "@kubets/client/kubeconfig/reading";
import { startDns } from "@kubets/dns/run-dns";
import { realClock, realRandom, silentLogger } from "@kubets/machinery";
import { decode, encode } from "dns-packet";
import { startServer } from "./server-process.ts";

const SERVICES = 100;
const CHANGES = 100;

const server = await startServer();
const folder = mkdtempSync(join(tmpdir(), "kubets-bench-"));
const stop = new AbortController();
const { signal } = stop;
try {
  const file = join(folder, "kubeconfig");
  const config = {
    clusters: [{ name: "a", cluster: { server: server.url, "insecure-skip-tls-verify": true } }],
    users: [{ name: "a", user: { token: server.token } }],
    contexts: [{ name: "a", context: { cluster: "a", user: "a" } }],
    "current-context": "a",
  };
  writeFileSync(file, JSON.stringify(config));
  const { client, transport } = await openClient(await connectionFrom({ kubeconfig: file }, machineReading()), "bench");
  const inNamespace = (name: string) => ({ name, namespace: "bench" });
  const made = (name: string) => ({ metadata: inNamespace(name), spec: { ports: [{ port: 80 }] } });
  await client.create(namespaces, { metadata: { name: "bench" } });
  for (let i = 0; i < SERVICES; i++) await client.create(services, made(`s${i}`));
  await client.create(services, { metadata: inNamespace("headless"), spec: { clusterIP: "None" } });

  const cache = new SharedInformers({ client, clock: realClock, random: realRandom, log: silentLogger, signal });
  const listen = [{ host: "127.0.0.1", port: 0 }];
  const common = { cache, clock: realClock, log: silentLogger, clusterDomain: "cluster.local", upstreams: [], signal };
  const dns = await startDns({ ...common, listen });
  await dns.ready;
  const socket = createSocket("udp4");
  await new Promise<void>((resolve) => socket.connect(dns.ports[0] as number, "127.0.0.1", resolve));
  const ask = (name: string) =>
    new Promise<string>((resolve) => {
      socket.once("message", (message) =>
        resolve(
          decode(message)
            .answers.map((each) => String(each.data))
            .join(),
        ),
      );
      socket.send(
        encode({ type: "query", id: 1, questions: [{ type: "A", name: `${name}.bench.svc.cluster.local` }] }),
      );
    });
  const times: number[] = [];
  async function changed(name: string, right: (answer: string) => boolean, write: () => Promise<unknown>) {
    const start = performance.now();
    const written = write();
    while (!right(await ask(name)));
    times.push(performance.now() - start);
    await written;
  }

  for (let i = 0; i < CHANGES; i++) {
    await changed(
      `new${i}`,
      (answer) => answer !== "",
      () => client.create(services, made(`new${i}`)),
    );
    const address = `10.20.0.${i + 1}`;
    await changed(
      "headless",
      (answer) => answer === address,
      () =>
        client.create(endpointslices, {
          metadata: { ...inNamespace(`h${i}`), labels: { "kubernetes.io/service-name": "headless" } },
          addressType: "IPv4",
          endpoints: [{ addresses: [address], conditions: { ready: true } }],
          ports: [],
        }),
    );
    await changed(
      "headless",
      (answer) => answer === "",
      () => client.delete(endpointslices, inNamespace(`h${i}`)),
    );
    await changed(
      `new${i}`,
      (answer) => answer === "",
      () => client.delete(services, inNamespace(`new${i}`)),
    );
  }
  times.sort((a, b) => a - b);
  const at = (share: number) => times[Math.floor(share * (times.length - 1))]?.toFixed(1);
  console.log(
    `${times.length} changes beside ${SERVICES} services, from the start of the write to the right answer: p50 ${at(0.5)}, p99 ${at(0.99)}, longest ${at(1)} ms (target 100)`,
  );
  socket.close();
  stop.abort();
  await dns.close();
  await transport.close();
} finally {
  await server.stop();
  rmSync(folder, { recursive: true });
}
