import assert from "node:assert/strict";
import { once } from "node:events";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { type AddressInfo, connect, createServer, type Server } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Duplex } from "node:stream";
import { after, before, describe, it } from "node:test";
import { realClock } from "@kubets/machinery";
import { MetricsRegistry } from "@kubets/machinery/metrics";
import { GrpcError, grpcServer, serve } from "@kubets/wire/grpc";
import { testPki } from "@kubets/wire/testing/certificates";
import { startConnectProxy } from "@kubets/wire/testing/connect-proxy";
import type { Dialer } from "@kubets/wire/transport";
import { linesOf } from "../testing/told.ts";
import { openEgress } from "./egress.ts";
import { PACKET, type Packet, ProxyService } from "./konnectivity.ts";
import { EgressMetrics } from "./metrics.ts";

describe("connections through proxies", () => {
  const folder = mkdtempSync(join(tmpdir(), "kubets-egress-"));
  const file = (name: string, text = "") => {
    writeFileSync(join(folder, name), text);
    return join(folder, name);
  };
  let echo: Server;
  let port = 0;

  before(async () => {
    echo = createServer({ allowHalfOpen: true }, (socket) => socket.on("error", () => {}).pipe(socket));
    await once(echo.listen(0, "127.0.0.1"), "listening");
    ({ port } = echo.address() as AddressInfo);
  });
  after(() => {
    echo.close();
    rmSync(folder, { recursive: true });
  });

  function open(connection: object) {
    const head = { apiVersion: "apiserver.k8s.io/v1beta1", kind: "EgressSelectorConfiguration" };
    const path = file("egress.json", JSON.stringify({ ...head, egressSelections: [{ name: "cluster", connection }] }));
    const registry = new MetricsRegistry();
    const { cluster } = openEgress(path, realClock, new EgressMetrics(registry));
    const told = (name: string) => linesOf(registry, `apiserver_egress_dialer_${name}`);
    return { dial: cluster as Dialer, told };
  }
  const through = (transport: object, proxyProtocol = "HTTPConnect") => open({ proxyProtocol, transport });

  /** What is sent comes back, however much it is. */
  async function echoes(connection: Duplex): Promise<void> {
    const sent = Buffer.alloc(300_000, "0123456789");
    connection.write(sent);
    const received: Buffer[] = [];
    await new Promise<void>((resolve) => {
      connection.on("data", (chunk: Buffer) => {
        received.push(chunk);
        if (received.reduce((sum, { length }) => sum + length, 0) === sent.length) resolve();
      });
    });
    assert.deepEqual(Buffer.concat(received), sent);
    connection.end();
    await once(connection, "close");
  }

  it("lead where they are to, by CONNECT over TCP, TLS and a Unix socket", async () => {
    const { ca, server, client } = testPki();
    const path = join(folder, "proxy");
    const tlsConfig = {
      caBundle: file("ca", ca),
      clientCert: file("cert", client.cert),
      clientKey: file("key", client.key),
    };
    const tls = { ...server, ca, requestCert: true, rejectUnauthorized: true };
    const ways = [
      [await startConnectProxy(), (url: string) => ({ tcp: { url } }), "tcp"],
      [await startConnectProxy({ tls }), (url: string) => ({ tcp: { url, tlsConfig } }), "tcp"],
      [await startConnectProxy({ path }), () => ({ uds: { udsName: path } }), "uds"],
    ] as const;
    for (const [proxy, transport, label] of ways) {
      const { dial, told } = through(transport(proxy.url));
      await echoes(await dial("192.0.2.1", port));
      await echoes(await dial("2001:db8::1", port));
      assert.deepEqual(proxy.targets, [`192.0.2.1:${port}`, `[2001:db8::1]:${port}`]);
      const labels = `{protocol="http_connect",transport="${label}"}`;
      assert.deepEqual(told("dial_start_total"), [`apiserver_egress_dialer_dial_start_total${labels} 2`]);
      assert.deepEqual(told("dial_duration_seconds_count"), [
        `apiserver_egress_dialer_dial_duration_seconds_count${labels} 2`,
      ]);
      assert.deepEqual(told("dial_failure_count"), []);
      await proxy.close();
    }
  });

  it("fail as the original tells it, and are counted by how far they came", async () => {
    const failures = (stage: string) => [
      `apiserver_egress_dialer_dial_failure_count{protocol="http_connect",transport="tcp",stage="${stage}"} 1`,
    ];
    const table: readonly [answer: string, why: RegExp][] = [
      ["HTTP/1.1 403 Forbidden\r\n\r\n", /^proxy error from localhost:\d+ while dialing a:1, code 403: 403 Forbidden$/],
      ["HTTP/1.1 200 OK\r\n\r\nearly", /^unexpected 5 bytes of buffered data from CONNECT proxy "localhost:\d+"$/],
      ["nonsense\r\n\r\n", /^reading HTTP response from CONNECT to a:1 via proxy .* failed: malformed HTTP response$/],
      ["HTTP/1.1 2", /^reading HTTP response from CONNECT to a:1 via proxy localhost:\d+ failed: unexpected EOF$/],
      ["x".repeat(20_000), /failed: malformed HTTP response$/],
    ];
    for (const [answer, message] of table) {
      const proxy = await startConnectProxy({ answer });
      const { dial, told } = through({ tcp: { url: proxy.url } });
      await assert.rejects(dial("a", 1), { message });
      assert.deepEqual(told("dial_failure_count"), failures("proxy"));
      await proxy.close();
    }
    const gone = await startConnectProxy();
    await gone.close();
    const { dial, told } = through({ tcp: { url: gone.url } });
    await assert.rejects(
      dial("a", 1),
      /^Error: dialing proxy "localhost:\d+" failed: dial tcp .*: connect: connection refused$/,
    );
    assert.deepEqual(told("dial_failure_count"), failures("connect"));
    assert.deepEqual(told("dial_duration_seconds_count"), []);
  });

  it("are none of ours where a selector says Direct", () => {
    assert.equal(open({ proxyProtocol: "Direct" }).dial, undefined);
  });

  it("tell at the start what is wrong with the files of TLS", () => {
    const tlsConfig = { clientCert: file("no-cert", "nonsense"), clientKey: file("no-key", "nonsense") };
    assert.throws(() => through({ tcp: { url: "https://a", tlsConfig } }), /failed to setup egress selector: .*PEM/);
  });

  it("lead through Konnectivity, both ways until either side ends", async () => {
    const dialed: string[] = [];
    const path = join(folder, "konnectivity");
    const server = await grpcServer({
      listen: `unix://${path}`,
      services: [serve(ProxyService, { proxy: (packets) => konnectivity(packets, dialed) })],
    });
    const { dial, told } = through({ uds: { udsName: path } }, "GRPC");
    await echoes(await dial("192.0.2.1", port));
    assert.deepEqual(dialed, [`tcp 192.0.2.1:${port}`]);
    await assert.rejects(dial("refused", 1), /^Error: no agent for refused:1$/);
    await assert.rejects(dial("closed", 1), /^Error: dial closed$/);
    await server.close();
    await assert.rejects(dial("a", 1), /^Error: dialing proxy ".*konnectivity" failed: /);
    const labels = 'protocol="grpc",transport="uds"';
    assert.deepEqual(told("dial_failure_count"), [
      `apiserver_egress_dialer_dial_failure_count{${labels},stage="proxy"} 2`,
      `apiserver_egress_dialer_dial_failure_count{${labels},stage="connect"} 1`,
    ]);
    assert.deepEqual(told("dial_duration_seconds_count"), [
      `apiserver_egress_dialer_dial_duration_seconds_count{${labels}} 1`,
    ]);
  });
});

/** As Konnectivity's server and agent do it, for one connection. */
async function* konnectivity(packets: AsyncIterable<Packet>, dialed: string[]): AsyncGenerator<Packet> {
  const iterator = packets[Symbol.asyncIterator]();
  const next = async () => ((await iterator.next()) as { value?: Packet }).value;
  const { dialRequest } = (await next()) ?? {};
  if (!dialRequest) throw new GrpcError("INVALID_ARGUMENT", "no dial");
  const { random, protocol, address } = dialRequest;
  if (address.startsWith("closed")) return yield { type: PACKET.closeDial, closeDial: { random } };
  const error = address.startsWith("refused") ? `no agent for ${address}` : "";
  // What is meant for another is passed over.
  yield { type: PACKET.dialResponse, dialResponse: { error: "another's", connectID: 0, random: random + 1 } };
  yield { type: PACKET.dialResponse, dialResponse: { error, connectID: 7, random } };
  if (error) return;
  dialed.push(`${protocol} ${address}`);
  const far = connect({ host: "127.0.0.1", port: Number(address.split(":").at(-1)) });
  const toFar = (async () => {
    for (let packet = await next(); packet; packet = await next()) {
      if (packet.type === PACKET.closeRequest) far.end();
      if (packet.data) {
        assert.equal(Number(packet.data.connectID), 7);
        far.write(packet.data.data);
      }
    }
  })();
  for await (const data of far as AsyncIterable<Buffer>) yield { type: PACKET.data, data: { connectID: 7, data } };
  yield { type: PACKET.closeResponse, closeResponse: { error: "", connectID: 7 } };
  await toFar;
}
