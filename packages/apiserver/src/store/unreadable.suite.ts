/** What every storage driver brings about with values that cannot be read: `unreadableSuite("memory", withStorage)`. */
import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { builtInResources } from "@kubets/api/all";
import { configmaps } from "@kubets/api/generated/refs";
import type { KubeObject } from "@kubets/api/meta";
import type { ResourceDefinition } from "@kubets/api/resource";
import { silentLogger } from "@kubets/machinery";
import type { Storage } from "@kubets/storage";
import type { CachedChange } from "./cached-change.ts";
import { ResourceStore } from "./resource-store.ts";
import { RevisionFeed } from "./revision-feed.ts";
import { StoredForm, type Transformer } from "./stored-form.ts";
import { UnreadableError, UnreadableListError } from "./unreadable.ts";

export const definition = builtInResources.find(
  ({ resource }) => resource === configmaps.resource,
) as ResourceDefinition;
export const PREFIX = "/registry/configmaps/";
export const object = (name: string) =>
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
export async function storeOver(storage: Storage, key: string, keys: Set<string>) {
  const form = new StoredForm(() => lock(key, keys));
  const feed = new RevisionFeed(storage, form, silentLogger);
  const store = new ResourceStore(feed.addCache(definition), feed, form);
  await feed.start();
  return { store, feed, cache: store.cache, stop: () => feed.stop() };
}

export const put = (storage: Storage, name: string, text: string) =>
  storage.commit({ key: `${PREFIX}ns/${name}`, value: () => Buffer.from(text) });

export const names = (cache: ResourceStore["cache"]) => cache.list().map(({ name }) => name);

/** A subscriber that notes what it hears. */
export function listen(cache: ResourceStore["cache"]) {
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

/** Opens a storage with nothing in it, and lets go of it afterwards. */
type WithStorage = (run: (storage: Storage) => Promise<void>) => Promise<void>;

export function unreadableSuite(driver: string, withStorage: WithStorage, skip: string | false = false): void {
  describe(`what cannot be read, in ${driver} storage`, { skip }, () => {
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
        await store.fresh();
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
        const revision = (await storage.currentRevision()) + 1;
        const text = `a:{"kind":"ConfigMap","metadata":{"name":"one","namespace":"ns","resourceVersion":"${revision}"},}`;
        await put(storage, "one", text);
        const { store, cache, stop } = await storeOver(storage, "a", new Set("a"));
        assert.deepEqual(names(cache), ["one"], "it bears its revision, as what this server writes");
        const heard = listen(cache);
        assert.equal(await store.removeUnreadable("ns/one", async () => {}), true);
        assert.deepEqual(heard, ["end"]);
        stop();
      }));
  });
}
