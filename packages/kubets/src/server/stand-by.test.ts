import assert from "node:assert/strict";
import { test } from "node:test";
import type { ApiServer } from "@kubets/apiserver/api-server";
import { MemoryApi } from "@kubets/client/testing/memory-api";
import type { Transport } from "@kubets/client/transport";
import { seededRandom, silentLogger, VirtualClock } from "@kubets/machinery";
import { ExitError } from "@kubets/machinery/exit-codes";
import { standBy } from "./stand-by.ts";

/** A server whose storage can be cut off, and a control plane that counts its terms; `ends`: whether it stops when it is told to. */
function stand(t: { after(work: () => void): void }, ends: boolean) {
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
  const work = async (leading: AbortSignal) => {
    terms.begun++;
    const { promise, resolve } = Promise.withResolvers<void>();
    leading.addEventListener("abort", () => ends && resolve());
    return { ended: promise.then(() => void terms.ended++) };
  };
  const server = { transport: () => transport } as unknown as ApiServer;
  const parts = { clock, random: seededRandom(1), log: silentLogger, signal: stop.signal };
  const { ended } = standBy(server, work, parts);
  return { clock, storage, terms, stop, ended };
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

test("a control plane that does not end in time takes its server with it", async (t) => {
  const { clock, storage, ended } = stand(t, false);
  await clock.advance(1000);
  storage.cut = true;
  const outcome = assert.rejects(ended, (error) => error instanceof ExitError && error.code === 75);
  await clock.advance(20_000);
  await outcome;
});
