import assert from "node:assert/strict";
import { test } from "node:test";
import { configmaps, leasecandidates } from "@kubets/api/generated/refs";
import type { ApiServer } from "@kubets/apiserver/api-server";
import { MemoryApi } from "@kubets/client/testing/memory-api";
import type { Transport } from "@kubets/client/transport";
import { createClient } from "@kubets/client/typed-client";
import { seededRandom, silentLogger, VirtualClock } from "@kubets/machinery";
import { clientAs } from "../control-plane/control-plane.ts";
import { standBy } from "./stand-by.ts";

/** A server whose storage can be cut off, and a control plane that counts its terms; `ends`: whether it stops when it is told to. */
function stand(t: { after(work: () => void): void }, ends: boolean, coordinated = false) {
  const clock = new VirtualClock();
  const api = new MemoryApi();
  const storage = { cut: false };
  const transport: Transport = {
    request: (request) => (storage.cut ? Promise.reject(new Error("no quorum")) : api.request(request)),
    close() {},
  };
  const stop = new AbortController();
  t.after(() => stop.abort());
  const terms = { begun: 0, ended: 0 };
  const work = (leading: AbortSignal) => {
    terms.begun++;
    const { promise, resolve } = Promise.withResolvers<void>();
    leading.addEventListener("abort", () => ends && resolve());
    return { ready: Promise.resolve(), ended: promise.then(() => void terms.ended++) };
  };
  const server = { transport: () => transport } as unknown as ApiServer;
  const parts = { clock, random: seededRandom(1), log: silentLogger, signal: stop.signal, coordinated };
  const { ended } = standBy(server, work, parts);
  return { clock, api, storage, terms, stop, ended };
}

test("who loses the lease ends its control plane, and leads again when it can", async (t) => {
  const { clock, storage, terms, stop, ended } = stand(t, true);
  await clock.advance(1000);
  assert.deepEqual(terms, { begun: 1, ended: 0 });
  storage.cut = true;
  await clock.advance(15_000);
  assert.deepEqual(terms, { begun: 1, ended: 1 });
  storage.cut = false;
  await clock.advance(30_000);
  assert.deepEqual(terms, { begun: 2, ended: 1 });
  stop.abort();
  await clock.advance(1000);
  await ended;
});

test("as long as its control plane has not ended it does not lead again", async (t) => {
  const { clock, storage, terms } = stand(t, false);
  await clock.advance(1000);
  storage.cut = true;
  await clock.advance(15_000);
  storage.cut = false;
  await clock.advance(60_000);
  assert.deepEqual(terms, { begun: 1, ended: 0 });
});

test("where elections are coordinated it stands as a candidate, and waits to be chosen", async (t) => {
  const { clock, api, terms } = stand(t, true, true);
  await clock.advance(60_000);
  assert.deepEqual(terms, { begun: 0, ended: 0 });
  const { items } = await createClient(api).list(leasecandidates, { namespace: "kube-system" });
  assert.deepEqual(
    items.map(({ spec }) => spec.leaseName),
    ["kube-controller-manager"],
  );
});

test("after its term a client asks nothing more", async () => {
  const api = new MemoryApi();
  const until = new AbortController();
  const server = { transport: () => api } as unknown as ApiServer;
  const clock = new VirtualClock();
  const client = clientAs({ server, clock, until: until.signal }, { name: "a", groups: [] }, "test");
  const metadata = { namespace: "default", name: "a" };
  await client.create(configmaps, { metadata });
  until.abort(new Error("no longer the leader"));
  await assert.rejects(client.delete(configmaps, metadata), /no longer the leader/);
});
