import assert from "node:assert/strict";
import { describe, it, type TestContext } from "node:test";
import { pods } from "@kubets/api/generated/refs";
import type { Pod } from "@kubets/api/generated/types/core-v1";
import { StatusError, seededRandom, silentLogger, VirtualClock } from "@kubets/machinery";
import { evenShard, hasObject } from "@kubets/machinery/shard-selector";
import { MemoryApi, type MemoryApiOptions } from "../testing/memory-api.ts";
import { createClient } from "../typed-client.ts";
import { SharedInformers } from "./shared-informers.ts";

/** A clock, a server and an informer of its pods that stops with the test. */
function newFixture(t: TestContext, options: MemoryApiOptions = {}) {
  const clock = new VirtualClock();
  const api = new MemoryApi(options);
  const client = createClient(api);
  const stopping = new AbortController();
  t.after(() => stopping.abort());
  const follow = () => {
    const cache = new SharedInformers({
      client,
      clock,
      random: seededRandom(7),
      log: silentLogger,
      signal: stopping.signal,
    });
    const informer = cache.informer(pods);
    const told: string[] = [];
    const line = ({ metadata, spec }: Pod) => `${metadata.name}@${spec?.nodeName ?? ""}`;
    informer.subscribe({
      added: (pod) => told.push(`+${line(pod)}`),
      changed: (pod) => told.push(`~${line(pod)}`),
      deleted: (pod) => told.push(`-${line(pod)}`),
    });
    return { cache, informer, told };
  };
  const create = (name: string, nodeName = "") =>
    client.create(pods, { metadata: { namespace: "ns", name }, spec: { nodeName } });
  const bind = (name: string, nodeName: string) =>
    client.patch(pods, { namespace: "ns", name }, { type: "merge", body: { spec: { nodeName } } });
  const remove = (name: string) => client.delete(pods, { namespace: "ns", name });
  const reads = () => api.requests.filter((text) => /^(GET|WATCH)/.test(text));
  return { clock, api, client, stopping, follow, create, bind, remove, reads };
}

const FORMS: readonly MemoryApiOptions[] = [
  {},
  { streamsLists: false },
  { expiresInStream: true, streamsLists: false },
  { inProcess: true },
  { inProcess: true, streamsLists: false },
];

for (const form of FORMS)
  describe(`informer of a server with ${JSON.stringify(form)}`, () => {
    it("syncs and follows", async (t) => {
      const { clock, follow, create, bind, remove } = newFixture(t, form);
      await create("a");
      const { informer, told } = follow();
      assert.equal(informer.hasSynced, false);
      await clock.advance(0);
      await clock.advance(5000);
      assert.equal(informer.hasSynced, true);
      await informer.synced;
      await create("b");
      await bind("b", "n1");
      await remove("a");
      await clock.advance(100);
      assert.deepEqual(told, ["+a@", "+b@", "~b@n1", "-a@"]);
    });

    it("shows a shard alone, though the server overlooks it", async (t) => {
      const { clock, api, client, stopping, create, bind, remove } = newFixture(t, form);
      const made = await Promise.all(["a", "b", "c", "d", "e", "f"].map((name) => create(name)));
      const cache = new SharedInformers({
        client,
        clock,
        random: seededRandom(7),
        log: silentLogger,
        signal: stopping.signal,
      });
      const shards = [evenShard(0, 2), evenShard(1, 2)];
      const informers = shards.map((shard) => cache.informer(pods, { shard }));
      const told = informers.map((informer) => {
        const names: string[] = [];
        informer.subscribe({ deleted: ({ metadata }) => names.push(metadata.name) });
        return names;
      });
      await clock.advance(5000);
      const late = await create("g");
      await bind("a", "n1");
      await remove("b");
      await clock.advance(100);
      const left = [...made, late].filter(({ metadata }) => metadata.name !== "b");
      const namesOf = (objects: readonly Pod[]) => objects.map(({ metadata }) => metadata.name).sort();
      for (const [i, shard] of shards.entries()) {
        assert.deepEqual(namesOf(informers[i]?.list() ?? []), namesOf(left.filter((pod) => hasObject(shard, pod))));
        assert.deepEqual(told[i], hasObject(shard, made[1] as Pod) ? ["b"] : []);
      }
      assert.ok(api.requests.some((text) => text.includes("shardSelector=shardRange")));
    });

    it("goes on from the last revision after a broken watch, without listing", async (t) => {
      const { clock, api, follow, create, reads } = newFixture(t, form);
      const { told } = follow();
      await clock.advance(5000);
      await create("a");
      await clock.advance(10);
      const before = reads().length;
      api.endWatches(new Error("connection reset"));
      await create("b");
      assert.deepEqual(told, ["+a@"]);
      await clock.advance(1600);
      assert.deepEqual(told, ["+a@", "+b@"]);
      assert.deepEqual(
        reads()
          .slice(before)
          .map((text) => /resourceVersion=(\d+)/.exec(text)?.[1]),
        ["1"],
      );
    });

    it("goes on at once after an orderly end", async (t) => {
      const { clock, api, follow, create } = newFixture(t, form);
      const { told } = follow();
      await clock.advance(5000);
      await create("a");
      await clock.advance(10);
      api.endWatches();
      await create("b");
      await clock.advance(1);
      assert.deepEqual(told, ["+a@", "+b@"]);
    });

    it("tells what changed meanwhile when the revision expired", async (t) => {
      const { clock, api, follow, create, bind, remove } = newFixture(t, form);
      for (const name of ["stays", "changes", "goes", "returns"]) await create(name);
      const { told, informer } = follow();
      await clock.advance(5000);
      told.length = 0;
      const stays = informer.get("ns/stays");
      api.endWatches(new Error("connection reset"));
      await bind("changes", "n1");
      await remove("goes");
      await remove("returns");
      await create("returns", "n2");
      await create("new");
      api.compact();
      await clock.advance(10_000);
      assert.deepEqual([...told].sort(), ["+new@", "+returns@n2", "-goes@", "-returns@", "~changes@n1"].sort());
      assert.ok(told.indexOf("-returns@") < told.indexOf("+returns@n2"));
      assert.equal(informer.get("ns/stays"), stays);
      await create("later");
      await clock.advance(10);
      assert.equal(told.at(-1), "+later@");
    });

    it("notices a watch that fell silent", async (t) => {
      const { clock, api, follow, create } = newFixture(t, form);
      const { told } = follow();
      await clock.advance(5000);
      api.silenceWatches();
      await create("a");
      await clock.advance(100_000);
      assert.deepEqual(told, []);
      await clock.advance(60_000);
      assert.deepEqual(told, ["+a@"]);
      assert.equal(api.watchers, 1);
    });

    it("leaves a quiet watch alone while bookmarks come, and resumes from them", async (t) => {
      const { clock, api, client, follow, reads } = newFixture(t, form);
      follow();
      await clock.advance(5000);
      const before = reads().length;
      for (let minute = 0; minute < 10; minute++) {
        await clock.advance(60_000);
        api.bookmark();
      }
      await clock.advance(10);
      assert.equal(reads().length, before);
      await client.act(pods, { name: "x" }, "none", {});
      api.compact();
      api.endWatches();
      await clock.advance(10);
      assert.equal(reads().length, before + 1);
    });

    it("waits longer and longer while the server is away", async (t) => {
      const { clock, api, follow, reads } = newFixture(t, form);
      api.failNext(...Array.from({ length: 8 }, () => new Error("connection refused")));
      const { informer } = follow();
      await clock.advance(0);
      const at: number[] = [];
      let seen = 0;
      while (seen < 8) {
        const count = reads().length;
        if (count > seen) at.push(clock.monotonic());
        seen = count;
        await clock.advance(100);
      }
      const waits = at.slice(1).map((time, i) => time - (at[i] as number));
      assert.ok(
        waits.every((wait, i) => wait >= Math.min(30_000, 800 * 2 ** i) - 100),
        String(waits),
      );
      assert.ok(
        waits.every((wait, i) => wait <= 2 * Math.min(30_000, 800 * 2 ** i) + 100),
        String(waits),
      );
      await clock.advance(120_000);
      assert.equal(informer.hasSynced, true);
    });

    it("stops with its signal", async (t) => {
      const { clock, api, follow, create, stopping } = newFixture(t, form);
      const { told, informer } = follow();
      await create("a");
      await clock.advance(5000);
      stopping.abort();
      await create("b");
      await clock.advance(600_000);
      assert.deepEqual(told, ["+a@"]);
      assert.equal(api.watchers, 0);
      assert.equal(informer.get("ns/a")?.metadata.name, "a");
    });
  });

describe("reflector", () => {
  it("honours how long the server asks it to wait", async (t) => {
    const { clock, api, follow } = newFixture(t);
    const busy = { code: 429, reason: "TooManyRequests", message: "busy", details: { retryAfterSeconds: 20 } };
    api.failNext(new StatusError(busy));
    const { informer } = follow();
    await clock.advance(19_000);
    assert.equal(informer.hasSynced, false);
    await clock.advance(2000);
    assert.equal(informer.hasSynced, true);
  });

  it("lists in pages of 500", async (t) => {
    const { clock, follow, create, reads } = newFixture(t, { streamsLists: false });
    for (let i = 0; i < 1100; i++) await create(`p${i}`);
    const { informer } = follow();
    await clock.advance(0);
    await clock.advance(100);
    assert.equal(informer.list().length, 1100);
    assert.equal(reads().filter((text) => text.includes("limit=500")).length, 3);
  });

  it("lists anew when the server's revisions went back", async (t) => {
    const { clock, api, follow, create } = newFixture(t);
    const { informer, told } = follow();
    await create("a");
    await clock.advance(5000);
    const causes = [{ reason: "ResourceVersionTooLarge", message: "Too large resource version" }];
    api.failNext(
      new StatusError({ code: 504, reason: "Timeout", message: "Too large resource version", details: { causes } }),
    );
    api.endWatches();
    await clock.advance(2000);
    assert.deepEqual(told, ["+a@"]);
    assert.equal(informer.hasSynced, true);
    assert.match(api.requests.at(-1) ?? "", /sendInitialEvents=true/);
  });

  it("lists where a server overlooks that the list was to come as events", async (t) => {
    const { clock, api, follow, create } = newFixture(t, { streamsLists: "overlooked" });
    await create("a");
    const { informer, told } = follow();
    await clock.advance(60_000);
    assert.equal(informer.hasSynced, false);
    api.bookmark();
    await clock.advance(10);
    await create("b");
    await clock.advance(10);
    assert.deepEqual(told, ["+a@", "+b@"]);
  });

  it("shares the server's own objects in-process", async (t) => {
    const { clock, client, follow, create } = newFixture(t, { inProcess: true });
    const made = await create("a");
    const { informer } = follow();
    await clock.advance(10);
    assert.equal(informer.get("ns/a"), made);
    assert.equal(await client.get(pods, { namespace: "ns", name: "a" }), made);
  });
});
