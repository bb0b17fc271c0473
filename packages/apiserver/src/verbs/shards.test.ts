/** Lists, watches and deletes of a share of the objects (`shardSelector`). */
import assert from "node:assert/strict";
import { after, before, describe, it } from "node:test";
import { configmaps, customresourcedefinitions, namespaces } from "@kubets/api/generated/refs";
import type { ConfigMap } from "@kubets/api/generated/types/core-v1";
import type { KubeObject } from "@kubets/api/meta";
import type { ResourceRef } from "@kubets/api/resource-ref";
import type { ListOptions, ObjectList, WatchEvent, WatchOptions } from "@kubets/client/client";
import { SharedInformers } from "@kubets/client/informer/shared-informers";
import { listPages } from "@kubets/client/pager";
import { realClock, realRandom, StatusError, silentLogger } from "@kubets/machinery";
import {
  evenShard,
  hasObject,
  PAST_ALL,
  type ShardField,
  type ShardSelector,
  shardSelectorText,
} from "@kubets/machinery/shard-selector";
import * as fc from "fast-check";
import { startTestServer } from "../testing/server.ts";
import { definitionOfThings, untilServed } from "../testing/things.ts";
import { linesOf, told } from "../testing/told.ts";

type TestServer = Awaited<ReturnType<typeof startTestServer>>;
const NAMESPACE = "kube-public";
const things: ResourceRef = {
  group: "example.com",
  version: "v1",
  resource: "things",
  kind: "Thing",
  namespaced: false,
};

const text = (index: number, count: number, field?: ShardField) => shardSelectorText(evenShard(index, count, field));
const namesOf = (objects: readonly KubeObject[]) => objects.map(({ metadata }) => metadata.name).sort();
const within = (objects: readonly KubeObject[], shard: ShardSelector) =>
  namesOf(objects.filter((object) => hasObject(shard, object)));

async function create(server: TestServer, count: number, prefix = "c"): Promise<ConfigMap[]> {
  const made: ConfigMap[] = [];
  for (let i = 0; i < count; i++) {
    const metadata = { namespace: NAMESPACE, name: `${prefix}${i}`, labels: { even: String(i % 2 === 0) } };
    made.push(await server.admin.create(configmaps, { metadata }));
  }
  return made;
}

/** A watch of configmaps, and how to wait for what it tells. */
async function follow(server: TestServer, options: WatchOptions, ref: ResourceRef = configmaps) {
  const seen: string[] = [];
  let look = () => {};
  const handle = await server.admin.watch(ref, options, {
    events(batch: readonly WatchEvent<KubeObject>[]) {
      for (const { type, object } of batch) seen.push(`${type} ${object.metadata.name ?? ""}`.trim());
      look();
    },
    closed() {},
  });
  const until = (event: string) =>
    new Promise<void>((resolve) => {
      look = () => void (seen.includes(event) && resolve());
      look();
    });
  return { seen, until, stop: () => handle.stop() };
}

const refused = (why: string) => (error: unknown) =>
  error instanceof StatusError && error.code === 400 && error.message.startsWith(`invalid shard selector: ${why}`);

describe("a list of a shard", () => {
  let server: TestServer;
  let all: ConfigMap[];
  before(async () => {
    server = await startTestServer();
    all = await create(server, 24);
  });
  after(() => server.close());

  const list = (options: ListOptions) => server.admin.list(configmaps, { namespace: NAMESPACE, ...options });

  it("has what is of it, and says which one it is", async () => {
    for (const index of [0, 1, 2]) {
      const { items, metadata } = await list({ shardSelector: text(index, 3) });
      assert.deepEqual(namesOf(items), within(all, evenShard(index, 3)));
      assert.deepEqual(metadata.shardInfo, { selector: text(index, 3) });
    }
    const { items, metadata } = await list({});
    assert.deepEqual(namesOf(items), namesOf(all));
    assert.equal(metadata.shardInfo, undefined);
  });

  it("has what is of any of its ranges, and says them in the one form", async () => {
    const asked = `shardRange( object.metadata.uid,"0x0000000000000000",'0x4000000000000000')||${text(3, 4)}`;
    const { items, metadata } = await list({ shardSelector: asked });
    const ranges = [0, 3].flatMap((index) => evenShard(index, 4).ranges);
    assert.deepEqual(namesOf(items), within(all, { field: "object.metadata.uid", ranges }));
    assert.deepEqual(metadata.shardInfo, { selector: `${text(0, 4)} || ${text(3, 4)}` });
  });

  it("goes by namespace, too", async () => {
    const everywhere = await server.admin.list(configmaps);
    const halves = await Promise.all(
      [0, 1].map((index) =>
        server.admin.list(configmaps, { shardSelector: text(index, 2, "object.metadata.namespace") }),
      ),
    );
    halves.forEach(({ items }, index) =>
      assert.deepEqual(namesOf(items), within(everywhere.items, evenShard(index, 2, "object.metadata.namespace"))),
    );
    assert.deepEqual(halves.flatMap(({ items }) => items).length, everywhere.items.length);
    const none = await Promise.all(
      [0, 1].map((index) =>
        server.admin.list(namespaces, { shardSelector: text(index, 2, "object.metadata.namespace") }),
      ),
    );
    assert.equal(none.filter(({ items }) => items.length > 0).length, 1, "those of no namespace stay together");
  });

  it("goes together with other selectors", async () => {
    const even = all.filter(({ metadata }) => metadata.labels?.["even"] === "true");
    const byLabel = await list({ labelSelector: "even=true", shardSelector: text(0, 2) });
    assert.deepEqual(namesOf(byLabel.items), within(even, evenShard(0, 2)));
    const byName = (index: number) => list({ fieldSelector: "metadata.name=c7", shardSelector: text(index, 2) });
    const found = [...(await byName(0)).items, ...(await byName(1)).items];
    assert.deepEqual(namesOf(found), ["c7"]);
  });

  it("goes on in pages, which do not say how much there is to come", async () => {
    for (const index of [0, 1]) {
      const pages: ObjectList<ConfigMap>[] = [];
      const options = { namespace: NAMESPACE, shardSelector: text(index, 2), limit: 2 };
      for await (const page of listPages(server.admin, configmaps, options)) {
        pages.push(page);
        // The next page is one of the past.
        await server.admin.patch(configmaps, { namespace: NAMESPACE, name: "c1" }, touched(pages.length));
      }
      assert.ok(pages.length > 2);
      assert.deepEqual(namesOf(pages.flatMap(({ items }) => items)), within(all, evenShard(index, 2)));
      assert.equal(new Set(pages.map(({ metadata }) => metadata.resourceVersion)).size, 1);
      for (const { metadata } of pages) {
        assert.deepEqual(metadata.shardInfo, { selector: text(index, 2) });
        assert.equal(metadata.remainingItemCount, undefined);
      }
    }
  });

  it("is had as of each revision that lists can be had of", async () => {
    const { metadata } = await list({});
    const [late] = await create(server, 1, "late");
    const revisions: ListOptions[] = [
      { resourceVersion: metadata.resourceVersion, resourceVersionMatch: "Exact" },
      { resourceVersion: "0" },
      { resourceVersion: metadata.resourceVersion, resourceVersionMatch: "NotOlderThan" },
    ];
    for (const [i, revision] of revisions.entries())
      for (const index of [0, 1]) {
        const { items } = await list({ ...revision, shardSelector: text(index, 2) });
        assert.deepEqual(namesOf(items), within(i === 0 ? all : [...all, late as ConfigMap], evenShard(index, 2)));
      }
    await server.admin.delete(configmaps, { namespace: NAMESPACE, name: "late0" });
  });

  it("is refused where the selector is wrong, and whole where it is empty", async () => {
    const shardSelector = "shardRange(object.metadata.name, '0x0', '0x1')";
    const wrong = { namespace: NAMESPACE, shardSelector };
    const why = refused('unsupported field path "object.metadata.name"');
    await assert.rejects(list({ shardSelector }), why);
    await assert.rejects(server.admin.deleteCollection(configmaps, wrong), why);
    await assert.rejects(server.admin.watch(configmaps, wrong, { events() {}, closed() {} }), why);
    await assert.rejects(list({ shardSelector: " " }), refused("empty shard selector is not allowed"));
    const path = `/api/v1/namespaces/${NAMESPACE}/configmaps?shardSelector=`;
    assert.equal((await server.admin.raw("GET", path)).status, 200);
  });

  it("has, with all the others, everything once: whatever the ranges, fields and pages", async () => {
    const everything = (await server.admin.list(configmaps)).items;
    const field = fc.constantFrom<ShardField>("object.metadata.uid", "object.metadata.namespace");
    const cuts = fc.uniqueArray(fc.bigInt({ min: 1n, max: (1n << 64n) - 1n }), { maxLength: 12 });
    const limit = fc.option(fc.integer({ min: 1, max: 9 }), { nil: undefined });
    await fc.assert(
      fc.asyncProperty(field, cuts, fc.integer({ min: 1, max: 5 }), limit, async (field, cuts, count, limit) => {
        const bounds = ["0x0000000000000000", ...cuts.sort((a, b) => (a < b ? -1 : 1)).map(hex), PAST_ALL];
        const ranges = bounds.slice(1).map((end, i) => ({ start: bounds[i] as string, end }));
        const found: string[] = [];
        for (let index = 0; index < count; index++) {
          const own = ranges.filter((_, i) => i % count === index);
          if (own.length === 0) continue;
          const shardSelector = shardSelectorText({ field, ranges: own });
          for await (const { items } of listPages(server.admin, configmaps, { shardSelector, ...(limit && { limit }) }))
            found.push(...items.map(({ metadata }) => metadata.uid));
        }
        assert.deepEqual(found.sort(), everything.map(({ metadata }) => metadata.uid).sort());
      }),
    );
  });
});

const hex = (value: bigint) => `0x${value.toString(16).padStart(16, "0")}`;
const touched = (by: number) => ({ type: "merge", body: { data: { by: String(by) } } }) as const;

describe("a watch of a shard", () => {
  let server: TestServer;
  before(async () => {
    server = await startTestServer();
  });
  after(() => server.close());

  it("tells what happens to what is of it, from its creation to its end, and nothing else", async () => {
    const { registry } = server.server.context.metrics;
    const { metadata } = await server.admin.list(configmaps);
    const from = { namespace: NAMESPACE, resourceVersion: metadata.resourceVersion };
    const shards = await Promise.all(
      [0, 1, 2].map((index) => follow(server, { ...from, shardSelector: text(index, 3) })),
    );
    const same = await follow(server, { ...from, shardSelector: text(0, 3) });
    const whole = await follow(server, from);
    const all = await create(server, 12);
    for (const { metadata: at } of all) await server.admin.patch(configmaps, at, touched(1));
    for (const { metadata: at } of all) await server.admin.delete(configmaps, at);
    await whole.until("DELETED c11");
    const late = await Promise.all(
      [0, 1, 2].map((index) => follow(server, { ...from, shardSelector: text(index, 3) })),
    );
    const expected = (index: number) => whole.seen.filter((event) => isOf(all, index, event));
    for (const index of [0, 1, 2]) {
      assert.ok(expected(index).length >= 3);
      for (const { seen, until } of [shards[index] ?? assert.fail(), late[index] ?? assert.fail()]) {
        await until(expected(index).at(-1) as string);
        assert.deepEqual(seen, expected(index));
      }
    }
    await same.until(expected(0).at(-1) as string);
    assert.deepEqual(same.seen, expected(0));
    const series = (name: string) => `apiserver_watch_${name}{group="",resource="configmaps"}`;
    assert.equal(told(registry, series("shards_total")), 7);
    const others = 36 - expected(0).length;
    assert.equal(told(registry, series("filtered_events_total")), 72 + others);
    for (const { stop } of [...shards, ...late, same, whole]) stop();
    assert.equal(told(registry, series("shards_total")), 0);
  });

  it("begins with what is there of it", async () => {
    const all = await create(server, 12);
    for (const index of [0, 1]) {
      const options = { namespace: NAMESPACE, shardSelector: text(index, 2) };
      const streamed = await follow(server, {
        ...options,
        sendInitialEvents: true,
        resourceVersionMatch: "NotOlderThan",
        allowBookmarks: true,
      });
      const plain = await follow(server, { ...options, resourceVersion: "0" });
      const mine = within(all, evenShard(index, 2)).map((name) => `ADDED ${name}`);
      await streamed.until("BOOKMARK");
      await plain.until(mine.at(-1) as string);
      assert.deepEqual([streamed.seen.sort(), plain.seen.sort()], [[...mine, "BOOKMARK"].sort(), mine]);
      streamed.stop();
      plain.stop();
    }
    await server.admin.deleteCollection(configmaps, { namespace: NAMESPACE, labelSelector: "even" });
  });

  it("keeps an informer in step, which asks for nothing else", async (t) => {
    const all = await create(server, 12);
    const stopping = new AbortController();
    t.after(() => stopping.abort());
    const parts = { client: server.admin, clock: realClock, random: realRandom, log: silentLogger };
    const asked = t.mock.method(server.admin, "watch");
    const informers = new SharedInformers({ ...parts, signal: stopping.signal });
    const of = (index: number) => informers.informer(configmaps, { namespace: NAMESPACE, shard: evenShard(index, 2) });
    await Promise.all([of(0).synced, of(1).synced]);
    for (const index of [0, 1]) assert.deepEqual(namesOf(of(index).list()), within(all, evenShard(index, 2)));
    const selectors = asked.mock.calls.map(({ arguments: [, options] }) => options.shardSelector);
    assert.deepEqual(selectors, [text(0, 2), text(1, 2)]);
  });
});

const isOf = (all: readonly KubeObject[], index: number, event: string) =>
  within(all, evenShard(index, 3)).some((name) => event.endsWith(` ${name}`));

describe("of a shard", () => {
  it("all are deleted, and of the others none", async (t) => {
    const server = await startTestServer();
    t.after(server.close);
    const all = await create(server, 12);
    await server.admin.deleteCollection(configmaps, {
      namespace: NAMESPACE,
      labelSelector: "even",
      shardSelector: text(0, 2),
    });
    const { items } = await server.admin.list(configmaps, { namespace: NAMESPACE, labelSelector: "even" });
    assert.deepEqual(namesOf(items), within(all, evenShard(1, 2)));
  });

  it("custom objects are listed and watched as well", async (t) => {
    const server = await startTestServer();
    t.after(server.close);
    await server.admin.create(customresourcedefinitions, definitionOfThings());
    await untilServed(server.server);
    const watches = await Promise.all([0, 1].map((index) => follow(server, { shardSelector: text(index, 2) }, things)));
    const all: KubeObject[] = [];
    for (let i = 0; i < 12; i++) all.push(await server.admin.create(things, { metadata: { name: `t${i}` } }));
    for (const index of [0, 1]) {
      const { items, metadata } = await server.admin.list(things, { shardSelector: text(index, 2) });
      const mine = within(all, evenShard(index, 2));
      assert.deepEqual(namesOf(items), mine);
      assert.deepEqual(metadata.shardInfo, { selector: text(index, 2) });
      const { seen, until } = watches[index] ?? assert.fail();
      for (const name of mine) await until(`ADDED ${name}`);
      assert.equal(seen.length, mine.length);
    }
  });
});

describe("where shards are switched off", () => {
  it("selectors of shards are overlooked, also wrong ones", async (t) => {
    const server = await startTestServer({ off: ["ShardedListAndWatch"] });
    t.after(server.close);
    const all = await create(server, 6);
    for (const shardSelector of [text(0, 1000), "nonsense("]) {
      const options = { namespace: NAMESPACE, labelSelector: "even", shardSelector };
      const { items, metadata } = await server.admin.list(configmaps, options);
      assert.deepEqual(namesOf(items), namesOf(all));
      assert.equal(metadata.shardInfo, undefined);
      const { seen, until, stop } = await follow(server, options);
      await until("ADDED c5");
      assert.equal(seen.length, 6);
      stop();
    }
    assert.deepEqual(linesOf(server.server.context.metrics.registry, "apiserver_watch_shards_total"), []);
  });
});
