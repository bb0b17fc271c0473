/** Reading: order, prefixes, pages, and the same as of a revision; compaction. */
import assert from "node:assert/strict";
import { it } from "node:test";
import { put, remove, type StorageHarness, shown, text } from "./harness.ts";

type Run = (test: (harness: StorageHarness) => Promise<void>) => () => Promise<void>;

export function readCases(run: Run): void {
  it(
    "lists by bytes of the key, and only what is under the prefix",
    run(async ({ storage, under }) => {
      const keys = [
        "pods/b",
        "pods/a",
        "pods/a/x",
        "pods/a-b",
        "pods/a.b",
        "pods/A",
        "pods0",
        "pod",
        "pods/~",
        "pods-x/a",
        "pods/",
      ];
      for (const key of keys) await put(storage, under + key, "1");
      const page = await storage.list(`${under}pods/`);
      const found = page.entries.map((entry) => entry.key.slice(under.length));
      assert.deepEqual(found, ["pods/", "pods/A", "pods/a", "pods/a-b", "pods/a.b", "pods/a/x", "pods/b", "pods/~"]);
      assert.equal(await storage.count(`${under}pods/`), 8);
      assert.equal(await storage.count(`${under}pods`), 10);
      assert.equal(await storage.count(`${under}nothing/`), 0);
      assert.deepEqual((await storage.list(`${under}nothing/`)).entries, []);
    }),
  );

  it(
    "takes a whole key as a prefix of itself and of longer ones",
    run(async ({ storage, under }) => {
      for (const key of ["a", "ab", "b"]) await put(storage, under + key, key);
      assert.deepEqual(shown(await storage.list(`${under}a`), under), ["a=a", "ab=ab"]);
    }),
  );

  it(
    "pages without gaps, and counts what follows",
    run(async ({ storage, under }) => {
      for (let i = 0; i < 25; i++) await put(storage, `${under}k${String(i).padStart(2, "0")}`, String(i));
      await put(storage, `${under}l`, "other");
      const found: string[] = [];
      let after: string | undefined;
      for (let left = 25; left > 0; ) {
        const page = await storage.list(`${under}k`, { limit: 10, ...(after !== undefined && { after }) });
        left -= page.entries.length;
        assert.equal(page.remaining, left);
        for (const entry of page.entries) found.push(entry.key.slice(under.length));
        after = page.entries.at(-1)?.key;
      }
      assert.deepEqual(
        found,
        Array.from({ length: 25 }, (_, i) => `k${String(i).padStart(2, "0")}`),
      );
      assert.deepEqual((await storage.list(`${under}k`, { after: `${under}k24` })).entries, []);
      assert.equal((await storage.list(`${under}k`, { after: `${under}a`, limit: 1 })).remaining, 24);
      assert.equal((await storage.list(`${under}k`, { after: `${under}z` })).entries.length, 0);
    }),
  );

  it(
    "reads and pages as of a revision, whatever happened since",
    run(async ({ storage, under }) => {
      const one = await put(storage, `${under}a`, "a1");
      await put(storage, `${under}b`, "b1");
      await put(storage, `${under}c`, "c1");
      const then = await put(storage, `${under}a`, "a2");
      await remove(storage, `${under}b`);
      await put(storage, `${under}a`, "a3");
      await put(storage, `${under}aa`, "new");
      await remove(storage, `${under}a`);
      const last = await put(storage, `${under}a`, "a4");

      assert.deepEqual(shown(await storage.list(under, { at: then }), under), ["a=a2", "b=b1", "c=c1"]);
      const page = await storage.list(under, { at: then, limit: 1, after: `${under}a` });
      assert.deepEqual(shown(page, under), ["b=b1"]);
      assert.equal(page.remaining, 1);
      assert.equal(page.revision, then);
      assert.deepEqual(shown(await storage.list(under, { at: one }), under), ["a=a1"]);
      assert.deepEqual(shown(await storage.list(under, { at: last }), under), ["a=a4", "aa=new", "c=c1"]);
      assert.equal(text(await storage.get(`${under}a`, then)), "a2");
      assert.equal((await storage.get(`${under}a`, then))?.created, one);
      assert.equal(text(await storage.get(`${under}b`, then)), "b1");
      assert.equal(await storage.get(`${under}b`, last), undefined);
      assert.equal(await storage.get(`${under}a`, last - 1), undefined);
      assert.equal(await storage.get(`${under}aa`, then), undefined);
      assert.equal(await storage.get(`${under}never`, then), undefined);
    }),
  );

  it(
    "refuses revisions that are compacted or to come",
    run(async ({ storage, under }) => {
      const one = await put(storage, `${under}a`, "a1");
      const two = await put(storage, `${under}a`, "a2");
      await put(storage, `${under}b`, "b1");
      await remove(storage, `${under}b`);
      const end = await put(storage, `${under}a`, "a3");
      await storage.compact(two);
      assert.equal(text(await storage.get(`${under}a`, two)), "a2");
      assert.deepEqual(shown(await storage.list(under, { at: two }), under), ["a=a2"]);
      for (const read of [() => storage.get(`${under}a`, one), () => storage.list(under, { at: one })]) {
        await assert.rejects(read, { name: "RevisionError", why: "compacted", wanted: one });
      }
      for (const read of [() => storage.get(`${under}a`, end + 1000), () => storage.list(under, { at: end + 1000 })]) {
        await assert.rejects(read, { name: "RevisionError", why: "future", wanted: end + 1000 });
      }
      await assert.rejects(storage.compact(end + 1000), { name: "RevisionError", why: "future" });
      await storage.compact(end);
      assert.deepEqual(shown(await storage.list(under, { at: end }), under), ["a=a3"]);
      assert.deepEqual(shown(await storage.list(under), under), ["a=a3"]);
    }),
  );

  it(
    "takes a second compaction of the same revision as done",
    run(async ({ storage, under }) => {
      const one = await put(storage, `${under}a`, "a1");
      const two = await put(storage, `${under}a`, "a2");
      await storage.compact(two);
      await storage.compact(two);
      await storage.compact(one);
      await assert.rejects(storage.get(`${under}a`, one), { why: "compacted" });
      assert.equal(text(await storage.get(`${under}a`, two)), "a2");
    }),
  );
}
