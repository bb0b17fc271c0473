import assert from "node:assert/strict";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, describe, it } from "node:test";
import { KV, Lease, Maintenance, Watch } from "../generated/etcd.ts";
import { type GrpcClient, grpcClient } from "./client.ts";
import { GrpcError } from "./error.ts";
import { type GrpcServer, grpcServer, serve } from "./server.ts";

describe("gRPC over a unix socket", () => {
  const folder = mkdtempSync(join(tmpdir(), "grpc-"));
  let server: GrpcServer;
  let client: GrpcClient;
  let gone = 0;

  before(async () => {
    const listen = `unix://${folder}/sock`;
    server = await grpcServer({
      listen,
      services: [
        serve(KV, {
          range: (request, call) => {
            if (request.key.length === 0) throw new GrpcError("NOT_FOUND", "no such key");
            if (request.limit === 1) return new Promise(() => {});
            const value = Buffer.from(call.metadata("token") ?? "");
            return { count: request.limit, kvs: [{ key: request.key, value }] };
          },
        }),
        serve(Maintenance, {
          async *snapshot(_, call) {
            call.signal.addEventListener("abort", () => gone++);
            for (let i = 0; i < 1000; i++) yield { blob: Buffer.alloc(10_000, i), remainingBytes: 999 - i };
          },
        }),
        serve(Watch, {
          async *watch(requests) {
            for await (const request of requests) {
              if (request.cancelRequest) throw new GrpcError("OUT_OF_RANGE", "compacted");
              yield { watchId: request.createRequest?.watchId ?? -1, created: true };
            }
          },
        }),
      ],
    });
    client = grpcClient({ target: listen, metadata: { token: "t1" } });
  });
  after(async () => {
    client.close();
    await server.close();
    rmSync(folder, { recursive: true });
  });

  it("calls and gets the answer", async () => {
    const answer = await client.unary(KV.range, { key: Buffer.from("a"), limit: 5 });
    assert.equal(answer.count, 5);
    assert.equal(answer.kvs[0]?.value.toString(), "t1");
  });

  it("throws the server's error", async () => {
    await assert.rejects(client.unary(KV.range, {}), { name: "GrpcError", code: "NOT_FOUND", message: "no such key" });
    await assert.rejects(client.unary(KV.put, {}), { code: "UNIMPLEMENTED" });
  });

  it("stops at the deadline and when aborted", async () => {
    const hang = { key: Buffer.from("a"), limit: 1 };
    await assert.rejects(client.unary(KV.range, hang, { timeoutMs: 30 }), { code: "DEADLINE_EXCEEDED" });
    const abort = new AbortController();
    const running = client.unary(KV.range, hang, { signal: abort.signal });
    setImmediate(() => abort.abort());
    await assert.rejects(
      running,
      (error: Error) => error.name === "AbortError" || (error as GrpcError).code === "CANCELLED",
    );
  });

  it("streams from the server; leaving the loop cancels", async () => {
    let seen = 0;
    for await (const { blob } of client.serverStream(Maintenance.snapshot, {})) seen += blob.length;
    assert.equal(seen, 10_000_000);
    gone = 0;
    for await (const _ of client.serverStream(Maintenance.snapshot, {})) break;
    for (let i = 0; i < 100 && gone === 0; i++) await new Promise((resolve) => setTimeout(resolve, 10));
    assert.equal(gone, 1);
  });

  it("streams both ways", async () => {
    const call = await client.stream(Watch.watch);
    void call.write({ createRequest: { watchId: 7 } });
    const seen: unknown[] = [];
    await assert.rejects(
      async () => {
        for await (const response of call) {
          seen.push(response.watchId);
          void call.write({ cancelRequest: { watchId: 7 } });
        }
      },
      { code: "OUT_OF_RANGE", message: "compacted" },
    );
    assert.deepEqual(seen, [7]);
  });

  it("ends a stream that is ended", async () => {
    const call = await client.stream(Watch.watch);
    call.end();
    for await (const _ of call) assert.fail("nothing was asked for");
  });

  it("says when nobody is there", async () => {
    const nobody = grpcClient({ target: `unix://${folder}/none` });
    await assert.rejects(nobody.unary(Lease.leaseGrant, { TTL: 1 }), { code: "UNAVAILABLE" });
    nobody.close();
  });
});
