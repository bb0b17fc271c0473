/** The DNS server over its sockets: UDP, TCP, long answers, other servers behind it, changes as they come. Everything on loopback. */
import assert from "node:assert/strict";
import { createSocket } from "node:dgram";
import { connect } from "node:net";
import { after, before, describe, it } from "node:test";
import { configmaps, endpointslices, namespaces, services } from "@kubets/api/generated/refs";
import { createClient, SharedInformers } from "@kubets/client";
import { MemoryApi } from "@kubets/client/testing/memory-api";
import { type RunningDns, startDns } from "@kubets/dns/run-dns";
import { realClock, realRandom, silentLogger } from "@kubets/machinery";
import { MetricsRegistry } from "@kubets/machinery/metrics";
import * as packet from "dns-packet";

const question = (name: string, type = "A") =>
  packet.encode({ type: "query", id: 9, flags: packet.RECURSION_DESIRED, questions: [{ type, name }] });

function askUdp(port: number, name: string, type = "A"): Promise<packet.DecodedPacket> {
  const socket = createSocket("udp4");
  return new Promise<packet.DecodedPacket>((resolve, reject) => {
    const timer = setTimeout(() => reject(new Error("no answer")), 5000);
    socket.once("message", (message) => {
      clearTimeout(timer);
      resolve(packet.decode(message));
    });
    socket.send(question(name, type), port, "127.0.0.1");
  }).finally(() => socket.close());
}

/** Several questions on one connection; the answers come in their order. */
function askTcp(port: number, names: readonly string[]): Promise<packet.DecodedPacket[]> {
  const socket = connect(port, "127.0.0.1");
  return new Promise<packet.DecodedPacket[]>((resolve, reject) => {
    let got = Buffer.alloc(0);
    const answers: packet.DecodedPacket[] = [];
    socket.once("error", reject);
    socket.on("data", (chunk: Buffer) => {
      got = Buffer.concat([got, chunk]);
      while (got.length >= 2 && got.length >= 2 + got.readUInt16BE(0)) {
        answers.push(packet.decode(got.subarray(2, 2 + got.readUInt16BE(0))));
        got = got.subarray(2 + got.readUInt16BE(0));
      }
      if (answers.length === names.length) resolve(answers);
    });
    for (const name of names) {
      const message = question(name);
      const size = Buffer.alloc(2);
      size.writeUInt16BE(message.length);
      socket.write(Buffer.concat([size, message]));
    }
  }).finally(() => socket.destroy());
}

const data = ({ answers }: packet.DecodedPacket) => answers.map((each) => each.data as string);

describe("the DNS server", () => {
  const stop = new AbortController();
  const client = createClient(new MemoryApi());
  const cache = new SharedInformers({
    client,
    clock: realClock,
    random: realRandom,
    log: silentLogger,
    signal: stop.signal,
  });
  const metrics = new MetricsRegistry();
  const world = createSocket("udp4");
  let asked = 0;
  let dns: RunningDns;
  let port = 0;

  const headless = (name: string, count: number) => ({
    metadata: { name: `${name}-1`, namespace: "default", labels: { "kubernetes.io/service-name": name } },
    addressType: "IPv4",
    endpoints: Array.from({ length: count }, (_, i) => ({ addresses: [`10.1.${i >> 8}.${i & 255}`], conditions: {} })),
    ports: [],
  });

  before(async () => {
    world.on("message", (message, from) => {
      asked++;
      const { id, questions } = packet.decode(message) as unknown as {
        id: number;
        questions: { name: string; type: string }[];
      };
      const answers = [{ type: "A", name: questions[0]?.name, ttl: 60, data: "192.0.2.80" }];
      // Someone who guesses: another id. It must not be believed.
      const forged = packet.encode({
        type: "response",
        id: id ^ 1,
        questions,
        answers: [{ ...answers[0], data: "6.6.6.6" }],
      });
      world.send(forged, from.port, from.address);
      world.send(packet.encode({ type: "response", id, questions, answers }), from.port, from.address);
    });
    await new Promise<void>((resolve) => world.bind(0, "127.0.0.1", resolve));
    await client.create(namespaces, { metadata: { name: "default" } });
    await client.create(services, {
      metadata: { name: "web", namespace: "default" },
      spec: { type: "ClusterIP", clusterIP: "10.96.0.50", clusterIPs: ["10.96.0.50"] },
    });
    await client.create(services, {
      metadata: { name: "out", namespace: "default" },
      spec: { type: "ExternalName", externalName: "www.example.org" },
    });
    await client.create(services, { metadata: { name: "many", namespace: "default" }, spec: { clusterIP: "None" } });
    await client.create(endpointslices, headless("many", 1000));
    dns = await startDns({
      cache,
      clock: realClock,
      log: silentLogger,
      clusterDomain: "cluster.local",
      listen: [{ host: "127.0.0.1", port: 0 }],
      upstreams: [{ host: "127.0.0.1", port: world.address().port }],
      metrics,
      signal: stop.signal,
    });
    await dns.ready;
    port = dns.ports[0] as number;
  });
  after(async () => {
    stop.abort();
    await dns?.close();
    world.close();
  });

  it("answers over UDP and TCP", async () => {
    const name = "web.default.svc.cluster.local";
    assert.deepEqual(data(await askUdp(port, name)), ["10.96.0.50"]);
    const answers = await askTcp(port, [name, "x.default.svc.cluster.local", "www.example.org", name]);
    assert.deepEqual(
      answers.map((each) => `${each.rcode} ${data(each)}`),
      ["NOERROR 10.96.0.50", "NXDOMAIN ", "SERVFAIL ", "NOERROR 10.96.0.50"],
    );
  });

  it("says over UDP that it is too long, and all of it over TCP", async () => {
    const name = "many.default.svc.cluster.local";
    assert.equal((await askUdp(port, name)).flag_tc, true);
    const [answer] = await askTcp(port, [name]);
    assert.equal(answer?.answers.length, 1000);
  });

  it("is right as soon as a change is heard", async () => {
    const name = "fresh.default.svc.cluster.local";
    const key = { name: "fresh", namespace: "default" };
    const informer = cache.informer(services);
    // Told after the server, which followed first.
    const heard = (how: "added" | "changed" | "deleted") =>
      new Promise<void>((resolve) => {
        const subscription = informer.subscribe({
          [how](service: { metadata: { name: string } }) {
            if (service.metadata.name !== key.name) return;
            subscription.stop();
            resolve();
          },
        });
      });
    const spec = (clusterIP: string) => ({ clusterIP, clusterIPs: [clusterIP] });
    assert.equal((await askUdp(port, name)).rcode, "NXDOMAIN");
    const added = heard("added");
    const made = await client.create(services, { metadata: key, spec: spec("10.96.0.60") });
    await added;
    assert.deepEqual(data(await askUdp(port, name)), ["10.96.0.60"]);
    const changed = heard("changed");
    await client.update(services, { ...made, spec: { ...made.spec, ...spec("10.96.0.61") } });
    await changed;
    assert.deepEqual(data(await askUdp(port, name)), ["10.96.0.61"]);
    const deleted = heard("deleted");
    await client.delete(services, key);
    await deleted;
    assert.equal((await askUdp(port, name)).rcode, "NXDOMAIN");
  });

  it("asks other servers for other names, once for as long as they live", async () => {
    const before = asked;
    for (let i = 0; i < 3; i++) assert.deepEqual(data(await askUdp(port, "www.example.com")), ["192.0.2.80"]);
    assert.equal(asked, before + 1);
    await Promise.all(Array.from({ length: 20 }, () => askUdp(port, "together.example.com")));
    assert.equal(asked, before + 2);
  });

  it("takes hosts and stub domains from the ConfigMap kube-dns, and lets them go with it", async () => {
    const stub = createSocket("udp4").on("message", (message, from) => {
      const { id, questions } = packet.decode(message) as unknown as { id: number; questions: { name: string }[] };
      const answers = [{ type: "A", name: questions[0]?.name, ttl: 60, data: "192.0.2.99" }];
      stub.send(packet.encode({ type: "response", id, questions, answers }), from.port, from.address);
    });
    await new Promise<void>((resolve) => stub.bind(0, "127.0.0.1", resolve));
    const key = { namespace: "kube-system", name: "kube-dns" };
    const becomes = async (name: string, address: string, type = "A") => {
      const end = performance.now() + 5000;
      while (data(await askUdp(port, name, type)).join() !== address)
        assert.ok(performance.now() < end, `${name} did not become ${address}`);
    };
    try {
      await client.create(configmaps, {
        metadata: key,
        data: {
          hosts: "192.0.2.7 printer.office\n2001:db8::7 printer.office",
          stubDomains: JSON.stringify({ "acme.local": [`127.0.0.1:${stub.address().port}`] }),
        },
      });
      await becomes("printer.office", "192.0.2.7");
      await becomes("printer.office", "2001:db8::7", "AAAA");
      await becomes("7.2.0.192.in-addr.arpa", "printer.office", "PTR");
      await becomes("www.acme.local", "192.0.2.99");
      await becomes("www.notacme.local", "192.0.2.80");
      await client.delete(configmaps, key);
      await becomes("printer.office", "192.0.2.80");
      await becomes("other.acme.local", "192.0.2.80");
    } finally {
      stub.close();
    }
  });

  it("follows an external name out of the cluster", async () => {
    assert.deepEqual(data(await askUdp(port, "out.default.svc.cluster.local")), ["www.example.org", "192.0.2.80"]);
  });

  it("counts", async () => {
    const text = [...metrics.expose()].join("");
    assert.match(text, /coredns_dns_requests_total\{proto="udp",type="A"\} \d+/);
    assert.match(text, /coredns_dns_responses_total\{rcode="NXDOMAIN"\} \d+/);
  });
});
