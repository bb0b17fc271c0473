/** Watching: from now, from the past, across compaction, in order and once; and keys that die by themselves. */
import assert from "node:assert/strict";
import { it } from "node:test";
import { bytes, Collector, eventually, put, remove, revisionOf, type StorageHarness } from "./harness.ts";

type Run = (test: (harness: StorageHarness) => Promise<void>) => () => Promise<void>;

export function watchCases(run: Run): void {
  it(
    "delivers what happens under the prefix, with what stood there before",
    run(async ({ storage, under }) => {
      const start = await storage.currentRevision();
      const seen = new Collector(storage, `${under}pods/`, start);
      await put(storage, `${under}pods/a`, "1");
      await put(storage, `${under}nodes/a`, "1");
      await put(storage, `${under}pods/a`, "2");
      const end = await remove(storage, `${under}pods/a`);
      await eventually("three changes", () => seen.changes.length === 3);
      assert.deepEqual(seen.lines(under), ["put pods/a=1 was -", "put pods/a=2 was 1", "delete pods/a was 2"]);
      const last = seen.changes[2];
      assert.ok(last?.type === "delete" && last.revision === end);
      assert.equal(seen.upTo, end);
      seen.handle.stop();
    }),
  );

  it(
    "has handed over a change when its commit resolves (exclusive drivers), also when only another prefix moved",
    run(async ({ storage, under }) => {
      if (!storage.exclusive) return;
      const start = await storage.currentRevision();
      const pods = new Collector(storage, `${under}pods/`, start);
      const nodes = new Collector(storage, `${under}nodes/`, start);
      await eventually("both are live", async () => {
        const revision = await put(storage, `${under}pods/warm`, "x");
        return pods.upTo >= revision && nodes.upTo >= revision;
      });
      const revision = await put(storage, `${under}pods/a`, "1");
      assert.equal(pods.upTo, revision);
      assert.equal(nodes.upTo, revision);
      assert.deepEqual(nodes.changes, []);
      pods.handle.stop();
      nodes.handle.stop();
    }),
  );

  it(
    "replays the past and goes on with the present, once and in order",
    run(async ({ storage, under }) => {
      const first = await put(storage, `${under}a`, "1");
      const expected: string[] = [];
      for (let i = 2; i < 30; i++) {
        await put(storage, `${under}a`, String(i));
        expected.push(`put a=${i} was ${i - 1}`);
      }
      const seen = new Collector(storage, under, first);
      for (let i = 30; i < 60; i++) {
        const committing = put(storage, `${under}a`, String(i));
        expected.push(`put a=${i} was ${i - 1}`);
        // Only a single writer carries out in the order of the calls.
        if (i % 7 === 0 || !storage.exclusive) await committing;
      }
      await put(storage, `${under}a`, "end");
      expected.push("put a=end was 59");
      await eventually("all seen", () => seen.changes.length >= expected.length);
      assert.deepEqual(seen.lines(under), expected);
      assert.deepEqual(
        seen.upTos,
        seen.upTos.toSorted((a, b) => a - b),
      );
      seen.handle.stop();
    }),
  );

  it(
    "replays deletes and new lives with their own past",
    run(async ({ storage, under }) => {
      const start = await storage.currentRevision();
      await put(storage, `${under}a`, "1");
      await remove(storage, `${under}a`);
      await put(storage, `${under}a`, "2");
      const end = await remove(storage, `${under}a`);
      const seen = new Collector(storage, under, start);
      await eventually("all four", () => seen.changes.length === 4);
      assert.deepEqual(seen.lines(under), ["put a=1 was -", "delete a was 1", "put a=2 was -", "delete a was 2"]);
      assert.ok(seen.upTo >= end);
      seen.handle.stop();
    }),
  );

  it(
    "closes a watch whose history is gone, and serves one from the compacted revision on",
    run(async ({ storage, under }) => {
      const one = await put(storage, `${under}a`, "1");
      await put(storage, `${under}a`, "2");
      const three = await put(storage, `${under}a`, "3");
      await put(storage, `${under}a`, "4");
      await storage.compact(three);
      const old = new Collector(storage, under, one);
      const whole = new Collector(storage, under, three);
      await eventually("the old one is closed", () => old.ends.length === 1);
      assert.equal(old.ends[0]?.why, "compacted");
      assert.deepEqual(old.changes, []);
      await eventually("the other has the change", () => whole.changes.length === 1);
      assert.deepEqual(whole.lines(under), ["put a=4 was 3"]);
      whole.handle.stop();
    }),
  );

  it(
    "does not close a live watch by compacting",
    run(async ({ storage, under }) => {
      const seen = new Collector(storage, under, await storage.currentRevision());
      const first = await put(storage, `${under}a`, "1");
      await eventually("live", () => seen.upTo >= first);
      await storage.compact(await put(storage, `${under}a`, "2"));
      await put(storage, `${under}a`, "3");
      await eventually("three changes", () => seen.changes.length === 3);
      assert.deepEqual(seen.ends, []);
      seen.handle.stop();
    }),
  );

  it(
    "says nothing more after stop",
    run(async ({ storage, under }) => {
      const start = await storage.currentRevision();
      const seen = new Collector(storage, under, start);
      seen.handle.stop();
      const other = new Collector(storage, under, start);
      await put(storage, `${under}a`, "1");
      await eventually("the other saw it", () => other.changes.length === 1);
      assert.deepEqual([seen.changes, seen.upTos, seen.ends], [[], [], []]);
      other.handle.stop();
      other.handle.stop();
    }),
  );

  it(
    "keeps the order for every watcher when a sink commits",
    run(async ({ storage, under }) => {
      const start = await storage.currentRevision();
      const echoes: Promise<number>[] = [];
      const first = new Collector(storage, under, start, (change) => {
        if (change.type === "put" && change.entry.key === `${under}a`)
          echoes.push(put(storage, `${under}echo`, String(echoes.length)));
      });
      const second = new Collector(storage, under, start);
      await Promise.all(Array.from({ length: 10 }, (_, i) => put(storage, `${under}a`, String(i))));
      await eventually("ten echoes", () => echoes.length === 10);
      await Promise.all(echoes);
      await eventually("both saw all", () => first.changes.length === 20 && second.changes.length === 20);
      assert.deepEqual(first.lines(under), second.lines(under));
      const revisions = first.changes.map((change) => (change.type === "put" ? change.entry.revision : 0));
      assert.deepEqual(
        revisions,
        revisions.toSorted((a, b) => a - b),
      );
      first.handle.stop();
      second.handle.stop();
    }),
  );

  it(
    "deletes a key when its time is over, seen by watchers as any delete",
    run(async ({ storage, under, pass }) => {
      const write = (key: string, ttlSeconds?: number) =>
        storage.commit({ key: under + key, value: () => bytes("x"), ...(ttlSeconds !== undefined && { ttlSeconds }) });
      const start = revisionOf(await write("stays"));
      const seen = new Collector(storage, under, start);
      await write("dies", 2);
      await write("kept", 2);
      await write("kept");
      await write("later", 3600);
      await pass(1000);
      assert.ok(await storage.get(`${under}dies`), "it died before its time");
      await pass(3500);
      await eventually("it died", () => seen.changes.length === 5);
      assert.equal(seen.lines(under).at(-1), "delete dies was x");
      assert.equal(await storage.get(`${under}dies`), undefined);
      assert.deepEqual(
        (await storage.list(under)).entries.map((entry) => entry.key.slice(under.length)),
        ["kept", "later", "stays"],
      );
      seen.handle.stop();
    }),
  );
}
