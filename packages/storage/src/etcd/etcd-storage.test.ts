/** The etcd driver against a server that answers what the test says: what a real cluster does too seldom. */
import assert from "node:assert/strict";
import { once } from "node:events";
import { mkdtempSync, rmSync } from "node:fs";
import { createConnection } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, it, type TestContext } from "node:test";
import { KV, Lease, Maintenance, Watch, type WatchRequest, type WatchResponse } from "@kubets/wire/generated/etcd";
import { GrpcError, grpcServer, serve } from "@kubets/wire/grpc";
import type { Init } from "@kubets/wire/proto";
import { testPki } from "@kubets/wire/testing/certificates";
import type { Dialer } from "@kubets/wire/transport";
import { bytes, Collector, eventually } from "../suite/harness.ts";
import { connect, type EtcdStorage } from "./etcd-storage.ts";

type Answer = Init<WatchResponse>;

/** A server with one script for each stream that is opened: requests in, answers out. */
interface Fake {
  readonly version: string;
  readonly streams?: readonly ((requests: AsyncIterable<WatchRequest>) => AsyncGenerator<Answer>)[];
  readonly kv?: Parameters<typeof serve<typeof KV>>[1];
}

async function against(t: TestContext, { version, streams = [], kv = {} }: Fake): Promise<EtcdStorage> {
  const folder = mkdtempSync(join(tmpdir(), "kubets-etcd-fake-"));
  let opened = 0;
  const server = await grpcServer({
    listen: `unix://${folder}/etcd`,
    services: [
      serve(Maintenance, { status: () => ({ version }) }),
      serve(KV, { range: () => ({ header: { revision: 50 } }), ...kv }),
      serve(Lease, { leaseGrant: (request) => ({ ID: 7, TTL: request.TTL }) }),
      serve(Watch, {
        async *watch(requests) {
          const script = streams[opened++];
          if (!script) throw new GrpcError("UNAVAILABLE", "no more streams");
          yield* script(requests);
        },
      }),
    ],
  });
  const storage = await connect({ endpoints: [`unix://${folder}/etcd`], timeoutMs: 30_000 });
  t.after(async () => {
    await storage.close();
    await server.close();
    rmSync(folder, { recursive: true, force: true });
  });
  return storage;
}

const put = (key: string, revision: number) => ({
  type: 0,
  kv: { key: Buffer.from(key), value: Buffer.from(`v${revision}`), modRevision: revision, createRevision: revision },
});

describe("watching an etcd", () => {
  it("puts together what comes in parts, and drops what came before", async (t) => {
    const storage = await against(t, {
      version: "3.5.20",
      streams: [
        async function* (requests) {
          for await (const { createRequest } of requests) {
            assert.equal(createRequest?.startRevision, 11);
            const watchId = createRequest.watchId;
            yield { watchId, created: true, header: { revision: 30 } };
            yield { watchId, events: [put("/a", 10), put("/a", 11)], fragment: true, header: { revision: 30 } };
            yield { watchId, events: [put("/b", 12)], header: { revision: 30 } };
          }
        },
      ],
    });
    const seen = new Collector(storage, "/", 10);
    await eventually("both", () => seen.changes.length === 2);
    assert.deepEqual(seen.upTos, [12]);
    seen.handle.stop();
  });

  it("goes on behind the last change when the stream is lost", async (t) => {
    const starts: unknown[] = [];
    const storage = await against(t, {
      version: "3.5.20",
      streams: [
        async function* (requests) {
          for await (const { createRequest } of requests) {
            starts.push(createRequest?.startRevision);
            yield { watchId: createRequest?.watchId ?? 0, events: [put("/a", 11)] };
            // Half of a change that is sent in parts: it must come again as a whole.
            yield { watchId: createRequest?.watchId ?? 0, events: [put("/a", 12)], fragment: true };
            throw new GrpcError("UNAVAILABLE", "the member goes down");
          }
        },
        async function* (requests) {
          for await (const { createRequest } of requests) {
            starts.push(createRequest?.startRevision);
            yield { watchId: createRequest?.watchId ?? 0, events: [put("/a", 12), put("/a", 13)] };
          }
        },
      ],
    });
    const seen = new Collector(storage, "/", 10);
    await eventually("three changes", () => seen.changes.length === 3);
    assert.deepEqual(starts, [11, 12]);
    assert.deepEqual(seen.upTos, [11, 13]);
    assert.deepEqual(seen.ends, []);
    seen.handle.stop();
  });

  it("asks for progress after a consistent read, until all have it, where it can be believed", async (t) => {
    let asked = 0;
    const stream = async function* (requests: AsyncIterable<WatchRequest>): AsyncGenerator<Answer> {
      for await (const { createRequest, progressRequest } of requests) {
        if (createRequest) yield { watchId: createRequest.watchId, created: true, header: { revision: 50 } };
        // The first is not answered, as by a server that is still sending; the second may be older than the watch.
        if (progressRequest && ++asked > 1) yield { watchId: -1, header: { revision: 50 } };
      }
    };
    const storage = await against(t, { version: "3.5.20", streams: [stream] });
    assert.equal(storage.progressReliable, true);
    const seen = new Collector(storage, "/", 10);
    assert.equal(await storage.currentRevision(), 50);
    await eventually("progress", () => seen.upTo === 50);
    assert.ok(asked >= 2);
    seen.handle.stop();

    const old = await against(t, { version: "3.5.12", streams: [stream] });
    assert.equal(old.progressReliable, false);
    asked = 0;
    const blind = new Collector(old, "/", 10);
    await old.currentRevision();
    await new Promise((resolve) => setTimeout(resolve, 150));
    assert.equal(asked, 0);
    assert.deepEqual(blind.upTos, []);
    blind.handle.stop();
  });

  it("tells compacted from lost", async (t) => {
    const storage = await against(t, {
      version: "3.5.20",
      streams: [
        async function* (requests) {
          for await (const { createRequest } of requests) {
            const watchId = createRequest?.watchId ?? 0;
            if (createRequest?.startRevision === 6) yield { watchId, canceled: true, compactRevision: 20 };
            else yield { watchId, canceled: true, cancelReason: "permission denied" };
          }
        },
      ],
    });
    const compacted = new Collector(storage, "/", 5);
    const lost = new Collector(storage, "/", 30);
    await eventually("both ended", () => compacted.ends.length + lost.ends.length === 2);
    assert.deepEqual(compacted.ends, [{ why: "compacted" }]);
    assert.equal(lost.ends[0]?.why, "lost");
    assert.match(lost.ends[0]?.cause?.message ?? "", /permission denied/);
  });
});

describe("writing to an etcd", () => {
  const current = (value: string) => ({
    responseRange: { kvs: [{ key: Buffer.from("/a"), value: Buffer.from(value), modRevision: 12, createRevision: 5 }] },
  });
  const txn = (
    second: Init<{ succeeded: boolean; responses: ReturnType<typeof current>[] }>,
    first = new GrpcError("UNAVAILABLE", "etcdserver: leader changed"),
  ) => {
    let calls = 0;
    return () => {
      if (calls++ === 0) throw first;
      return { header: { revision: 20 }, ...second };
    };
  };

  it("settles an update whose first try was carried out though its answer was lost", async (t) => {
    const storage = await against(t, {
      version: "3.5.20",
      kv: { txn: txn({ succeeded: false, responses: [current("mine")] }) },
    });
    const result = await storage.commit({ key: "/a", expect: 11, value: () => bytes("mine") });
    assert.ok(result.ok && result.revision === 12);
  });

  it("tries an update again when its time was up at the member, which says so in words of its own", async (t) => {
    const late = new GrpcError("UNKNOWN", "context deadline exceeded");
    const second = { succeeded: true, responses: [] };
    const storage = await against(t, { version: "3.5.20", kv: { txn: txn(second, late) } });
    const result = await storage.commit({ key: "/a", expect: 11, value: () => bytes("mine") });
    assert.ok(result.ok && result.revision === 20);
  });

  it("tries a write again whose time was up before it could be sent, whatever it is", async (t) => {
    const unsent = new GrpcError("DEADLINE_EXCEEDED", "Deadline exceeded after 6.376s,Waiting for LB pick");
    const second = { succeeded: true, responses: [] };
    const storage = await against(t, { version: "3.5.20", kv: { txn: txn(second, unsent) } });
    const result = await storage.commit({ key: "/a", value: () => bytes("mine") });
    assert.ok(result.ok && result.revision === 20);
  });

  it("sees that another was faster", async (t) => {
    const storage = await against(t, {
      version: "3.5.20",
      kv: { txn: txn({ succeeded: false, responses: [current("other")] }) },
    });
    const result = await storage.commit({ key: "/a", expect: 11, value: () => bytes("mine") });
    assert.ok(!result.ok && result.current?.revision === 12);
  });

  it("rejects a write that cannot be tried again, when it is not known whether it was carried out", async (t) => {
    const storage = await against(t, { version: "3.5.20", kv: { txn: txn({ succeeded: true, responses: [] }) } });
    await assert.rejects(
      storage.commit({ key: "/a", value: () => bytes("mine") }),
      /whether \/a was written is not known: .*leader changed/,
    );
  });

  it("takes a new lease when the shared one is gone", async (t) => {
    let calls = 0;
    const storage = await against(t, {
      version: "3.5.20",
      kv: {
        txn: () => {
          if (calls++ === 0) throw new GrpcError("NOT_FOUND", "etcdserver: requested lease not found");
          return { succeeded: true, header: { revision: 20 }, responses: [{ responsePut: {} }] };
        },
      },
    });
    const result = await storage.commit({ key: "/a", value: () => bytes("x"), ttlSeconds: 100 });
    assert.ok(result.ok);
    assert.equal(calls, 2);
  });
});

describe("reaching an etcd", () => {
  it("says why the dialer does not lead there", async () => {
    const dialer = () => Promise.reject(new Error("the proxy says no"));
    const connecting = connect({ endpoints: ["http://kubernetes:2379"], dialer, timeoutMs: 30_000 });
    await assert.rejects(connecting, /no member of the etcd cluster answers: .*kubernetes:2379: .*the proxy says no/);
  });

  for (const secure of [false, true])
    it(`goes by the dialer that is given, ${secure ? "with TLS" : "in plain text"}`, async () => {
      const { ca, server: tls } = testPki();
      const services = [
        serve(Maintenance, { status: () => ({ version: "3.5.20" }) }),
        serve(KV, { range: () => ({ header: { revision: 50 } }) }),
      ];
      const server = await grpcServer({ listen: "127.0.0.1:0", services, ...(secure && { tls }) });
      const dialed: string[] = [];
      const dialer: Dialer = async (host, port) => {
        dialed.push(`${host}:${port}`);
        const socket = createConnection({ host: "127.0.0.1", port: server.port });
        await once(socket, "connect");
        return socket;
      };
      // A name of the certificate; nothing is known of it here.
      const endpoints = [`${secure ? "https" : "http"}://kubernetes:2379`];
      const storage = await connect({ endpoints, dialer, ...(secure && { tls: { ca } }) });
      assert.equal(await storage.currentRevision(), 50);
      assert.deepEqual(dialed, ["kubernetes:2379"]);
      await storage.close();
      await server.close();
    });
});
