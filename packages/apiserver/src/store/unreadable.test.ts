import assert from "node:assert/strict";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, it } from "node:test";
import { builtInResources } from "@kubets/api/all";
import { configmaps } from "@kubets/api/generated/refs";
import type { KubeObject } from "@kubets/api/meta";
import type { ResourceDefinition } from "@kubets/api/resource";
import { silentLogger, VirtualClock } from "@kubets/machinery";
import { MemoryStorage, openEmbeddedStorage, type Storage } from "@kubets/storage";
import { ConvertingStore } from "../crd/converting-store.ts";
import type { CachedChange } from "./cached-change.ts";
import { ResourceStore } from "./resource-store.ts";
import { RevisionFeed } from "./revision-feed.ts";
import { StoredForm, type Transformer } from "./stored-form.ts";
import { MOST_NAMED, UnreadableError, UnreadableListError, unreadableStatus } from "./unreadable.ts";

const definition = builtInResources.find(({ resource }) => resource === configmaps.resource) as ResourceDefinition;
const PREFIX = "/registry/configmaps/";
const object = (name: string) =>
  ({ kind: "ConfigMap", apiVersion: "v1", metadata: { name, namespace: "ns", resourceVersion: "0" } }) as KubeObject;

/** Keys by name; who seals says with which, and who opens must have it. */
function lock(key: string, keys: ReadonlySet<string>): Transformer {
  const head = Buffer.from(`${key}:`);
  return {
    id: key,
    seal: (bytes) => Buffer.concat([head, bytes]),
    open(bytes) {
      const id = Buffer.from(bytes.subarray(0, 2)).toString().slice(0, 1);
      if (!keys.has(id)) throw new Error("no matching prefix found");
      return { bytes: bytes.subarray(2), id };
    },
  };
}

/** A server's store over a storage; the keys may change under it. */
async function storeOver(storage: Storage, key: string, keys: Set<string>) {
  const form = new StoredForm(() => lock(key, keys));
  const feed = new RevisionFeed(storage, form, silentLogger);
  const store = new ResourceStore(feed.addCache(definition), feed, form);
  await feed.start();
  return { store, feed, cache: store.cache, stop: () => feed.stop() };
}

type Drivers = Readonly<Record<string, (run: (storage: Storage) => Promise<void>) => Promise<void>>>;

const drivers: Drivers = {
  async memory(run) {
    const storage = new MemoryStorage({ clock: new VirtualClock() });
    await run(storage);
    await storage.close();
  },
  async embedded(run) {
    const folder = mkdtempSync(join(tmpdir(), "kubets-unreadable-"));
    try {
      const storage = await openEmbeddedStorage({ folder, clock: new VirtualClock(), logger: silentLogger });
      await run(storage);
      await storage.close();
    } finally {
      rmSync(folder, { recursive: true });
    }
  },
};

const put = (storage: Storage, name: string, text: string) =>
  storage.commit({ key: `${PREFIX}ns/${name}`, value: () => Buffer.from(text) });

const names = (cache: ResourceStore["cache"]) => cache.list().map(({ name }) => name);

/** A subscriber that notes what it hears. */
function listen(cache: ResourceStore["cache"]) {
  const heard: string[] = [];
  const subscription = cache.hub.subscribe(
    { key: "all", matches: () => true },
    {
      deliver: ({ events }) => heard.push(...events.map(({ type, object: { name } }) => `${type} ${name}`)),
      end() {
        heard.push("end");
        subscription.stop();
      },
    },
  );
  return heard;
}

for (const [driver, withStorage] of Object.entries(drivers))
  describe(`what cannot be read, in ${driver} storage`, () => {
    it("stands in nobody's way at start, is read when its key comes back, and can be deleted", () =>
      withStorage(async (storage) => {
        const first = await storeOver(storage, "a", new Set("a"));
        for (const name of ["one", "two"]) await first.store.create(`ns/${name}`, object(name));
        first.stop();
        await put(storage, "damaged", 'b:{"kind":"ConfigMap","metadata":{}}');

        const keys = new Set("b");
        const { store, cache, stop } = await storeOver(storage, "b", keys);
        await store.create("ns/three", object("three"));
        assert.deepEqual(names(cache), ["three"]);
        assert.deepEqual([...store.unreadable.keys()].sort(), ["ns/damaged", "ns/one", "ns/two"]);
        assert.deepEqual(await store.create("ns/one", object("one")), { done: false, current: undefined });
        await assert.rejects(store.readAgain("ns/one"), UnreadableError);
        await assert.rejects(store.readAllAgain("ns"), ({ errors }: UnreadableListError) => errors.length === 3);
        await assert.rejects(store.readAllAgain("ns", "two"), ({ errors }: UnreadableListError) => errors.length === 1);
        await store.readAllAgain("other");
        await store.readAllAgain("ns", "three");

        const told: CachedChange[] = [];
        cache.onChange((change) => told.push(change));
        keys.add("a");
        await store.readAgain("ns/two");
        assert.deepEqual(names(cache), ["three", "two"]);
        assert.deepEqual(
          told.map(({ current, previous, isGap }) => [current?.name, previous, isGap]),
          [["two", undefined, true]],
        );
        keys.delete("a");

        let asked = 0;
        const admit = async () => void asked++;
        assert.equal(await store.removeUnreadable("ns/three", admit), false, "it can be read");
        assert.equal(await store.removeUnreadable("ns/none", admit), false, "it is not there");
        assert.equal(asked, 0);
        for (const name of ["one", "two", "damaged"])
          assert.equal(await store.removeUnreadable(`ns/${name}`, admit), true, name);
        assert.equal(asked, 3);
        assert.equal(store.unreadable.size, 0);
        assert.deepEqual(names(cache), ["three"]);
        assert.equal(await storage.count(PREFIX), 1);
        stop();
      }));

    it("ends watches when it comes and when it goes, and who comes back from before begins anew", () =>
      withStorage(async (storage) => {
        const { store, cache, stop } = await storeOver(storage, "a", new Set("a"));
        const made = await store.create("ns/one", object("one"));
        const before = store.revision;
        const heard = listen(cache);
        await put(storage, "one", "b:{}");
        assert.deepEqual(heard, ["end"]);
        assert.ok(made.done && cache.get("ns/one") === undefined);
        assert.equal(cache.history.after(before), undefined);
        assert.equal(await store.changesAfter(before), "compacted");
        await assert.rejects(store.listAt(store.revision, "ns", {}), UnreadableListError);
        assert.equal((await store.listAt(before, "ns", {})).objects.length, 1);

        const next = listen(cache);
        const unseen = store.revision;
        await store.create("ns/two", object("two"));
        assert.deepEqual(next, ["ADDED two"], "others are told of as ever");
        await store.removeUnreadable("ns/one", async () => {});
        assert.deepEqual(next, ["ADDED two", "end"]);
        assert.equal(await store.changesAfter(unseen), "compacted");
        assert.deepEqual(cache.history.after(store.revision), []);
        assert.equal((await store.listAt(store.revision, "ns", {})).objects.length, 1);
        stop();
      }));

    it("is told as deleted where memory still holds what it was", () =>
      withStorage(async (storage) => {
        const keys = new Set("a");
        const { store, cache, stop } = await storeOver(storage, "a", keys);
        await store.create("ns/one", object("one"));
        keys.delete("a");
        const heard = listen(cache);
        assert.equal(await store.removeUnreadable("ns/one", async () => {}), true);
        assert.deepEqual(heard, ["DELETED one"]);
        stop();
      }));

    it("is found out where nobody has looked into it since it was damaged", () =>
      withStorage(async (storage) => {
        const text = 'a:{"kind":"ConfigMap","metadata":{"name":"one","namespace":"ns","resourceVersion":"2"},}';
        await put(storage, "one", text);
        const { store, cache, stop } = await storeOver(storage, "a", new Set("a"));
        assert.deepEqual(names(cache), ["one"], "it bears its revision, as what this server writes");
        const heard = listen(cache);
        assert.equal(await store.removeUnreadable("ns/one", async () => {}), true);
        assert.deepEqual(heard, ["end"]);
        stop();
      }));
  });

it("a version that a webhook converts to lacks it as the stored one does, and begins anew when it can be read", async () => {
  const storage = new MemoryStorage({ clock: new VirtualClock() });
  const keys = new Set("a");
  const { store, feed, stop } = await storeOver(storage, "a", keys);
  const converted = new ConvertingStore(definition, store, feed, (objects) => Promise.resolve([...objects]));
  for (const name of ["one", "two"]) await converted.create(`ns/${name}`, object(name));
  await converted.fresh();
  const heard = listen(converted.cache);
  const value = (await storage.get(`${PREFIX}ns/one`))?.value as Uint8Array;
  await put(storage, "one", "b:{}");
  assert.deepEqual(heard, ["end"]);
  await converted.fresh();
  assert.deepEqual(names(converted.cache), ["two"]);
  assert.deepEqual([...converted.unreadable.keys()], ["ns/one"]);
  await assert.rejects(converted.readAgain("ns/one"), UnreadableError);
  await storage.commit({ key: `${PREFIX}ns/one`, value: () => value });
  await converted.fresh();
  assert.deepEqual(names(converted.cache), ["one", "two"]);
  await put(storage, "two", "b:{}");
  assert.equal(await converted.removeUnreadable("ns/two", async () => {}), true);
  await converted.fresh();
  assert.deepEqual(names(converted.cache), ["one"]);
  stop();
  await storage.close();
});

describe("clients", () => {
  const entry = (name: string) => ({ key: `${PREFIX}ns/${name}`, revision: 7 });
  const sealed = new UnreadableError(entry("one"), "sealed", new Error("no matching prefix found"));
  const damaged = new UnreadableError(entry("two"), "damaged", new Error("it is no object"));
  const list = (count: number) =>
    new UnreadableListError({ group: "", resource: "configmaps" }, Array<UnreadableError>(count).fill(sealed));

  it("are told what stands where, if it can be deleted all the same", () => {
    const { status } = unreadableStatus(sealed, true) ?? {};
    assert.equal(status?.reason, "InternalError");
    assert.equal(
      status.message,
      "Internal error occurred: StorageError: corrupt object, Code: 7, Key: /registry/configmaps/ns/one, ResourceVersion: 0, AdditionalErrorMsg: data from the storage is not transformable revision=0: no matching prefix found",
    );
    assert.match(damaged.corruption, /AdditionalErrorMsg: object not decodable revision=7: it is no object$/);
    const ofList = unreadableStatus(list(2), true)?.status;
    assert.deepEqual(
      [ofList?.code, ofList?.reason, ofList?.message],
      [500, "StorageReadError", "failed to read one or more configmaps from the storage"],
    );
    const cause = { reason: "UnexpectedServerResponse", message: sealed.corruption, field: sealed.storageKey };
    assert.deepEqual(ofList?.details, { name: "list", kind: "configmaps", causes: [cause, cause] });
  });

  it("are told of a hundred, and that there are more", () => {
    const causes = unreadableStatus(list(MOST_NAMED + 1), true)?.status.details?.causes ?? [];
    assert.equal(causes.length, 101);
    assert.deepEqual(causes.at(-1), {
      reason: "FieldValueTooMany",
      message: "too many errors, the list is truncated",
    });
  });

  it("are told the least where it cannot be deleted", () => {
    const messages = [sealed, list(2)].map((error) => unreadableStatus(error, false)?.status.message);
    assert.deepEqual(messages, [
      "Internal error occurred: no matching prefix found",
      'Internal error occurred: unable to transform key "/registry/configmaps/ns/one": no matching prefix found',
    ]);
    assert.equal(unreadableStatus(new Error("another"), true), undefined);
  });
});
