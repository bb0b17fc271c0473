/** Writing: revisions, compare-and-set, what a lost write is told, many writers at once. */
import assert from "node:assert/strict";
import { it } from "node:test";
import type { CommitResult } from "../storage.ts";
import { bytes, Collector, eventually, put, remove, revisionOf, type StorageHarness, text } from "./harness.ts";

type Run = (test: (harness: StorageHarness) => Promise<void>) => () => Promise<void>;

export function commitCases(run: Run): void {
  it(
    "gives each write a larger revision and shows it when it resolves",
    run(async ({ storage, under }) => {
      const start = await storage.currentRevision();
      const first = await put(storage, `${under}a`, "one");
      const second = await put(storage, `${under}b`, "two");
      const third = await put(storage, `${under}a`, "three");
      assert.ok(start < first && first < second && second < third, `${start} ${first} ${second} ${third}`);
      assert.deepEqual(await storage.get(`${under}a`), {
        key: `${under}a`,
        value: bytes("three"),
        revision: third,
        created: first,
      });
      assert.ok((await storage.currentRevision()) >= third);
    }),
  );

  it(
    "passes the revision to the value, if it knows it, and before commit returns",
    run(async ({ storage, under }) => {
      let told: number | undefined;
      let calls = 0;
      const committing = storage.commit({
        key: `${under}a`,
        value: (revision) => {
          calls++;
          told = revision;
          return bytes("x");
        },
      });
      assert.equal(calls, 1);
      const revision = revisionOf(await committing);
      assert.equal(calls, 1);
      if (storage.exclusive) assert.equal(told, revision);
      else assert.equal(told, undefined);
    }),
  );

  it(
    "creates only what is not there, and tells what is",
    run(async ({ storage, under }) => {
      const key = `${under}a`;
      const created = await put(storage, key, "one", 0);
      let called = false;
      const value = () => {
        called = true;
        return bytes("two");
      };
      const lost = await storage.commit({ key, value, expect: 0 });
      assert.deepEqual(lost, { ok: false, current: { key, value: bytes("one"), revision: created, created } });
      if (storage.exclusive) assert.equal(called, false, "the value of a lost write is not asked for");
    }),
  );

  it(
    "updates and deletes at the expected revision alone, with the entry before in the answer",
    run(async ({ storage, under }) => {
      const key = `${under}a`;
      const first = await put(storage, key, "one");
      const updated = await storage.commit({ key, value: () => bytes("two"), expect: first });
      assert.ok(updated.ok);
      assert.deepEqual(updated.previous, { key, value: bytes("one"), revision: first, created: first });
      const lostDelete = await storage.commit({ key, value: null, expect: first });
      assert.ok(!lostDelete.ok);
      assert.equal(text(lostDelete.current), "two");
      const deleted = await storage.commit({ key, value: null, expect: updated.revision });
      assert.ok(deleted.ok && deleted.revision > updated.revision);
      assert.deepEqual(deleted.previous, { key, value: bytes("two"), revision: updated.revision, created: first });
      assert.equal(await storage.get(key), undefined);
    }),
  );

  it(
    "answers a mismatch without an entry for what is not there, and changes nothing",
    run(async ({ storage, under }) => {
      const before = await put(storage, `${under}other`, "x");
      const key = `${under}a`;
      for (const write of [
        { key, value: null },
        { key, value: null, expect: 0 },
        { key, value: null, expect: before },
        { key, value: () => bytes("x"), expect: before },
      ]) {
        assert.deepEqual(await storage.commit(write), { ok: false, current: undefined });
      }
      assert.equal(await storage.currentRevision(), before);
    }),
  );

  it(
    "begins anew after a delete: another creation revision",
    run(async ({ storage, under }) => {
      const first = await put(storage, `${under}a`, "one");
      await remove(storage, `${under}a`, first);
      const again = await put(storage, `${under}a`, "two", 0);
      const entry = await storage.get(`${under}a`);
      assert.equal(entry?.created, again);
      assert.equal(entry?.revision, again);
    }),
  );

  it(
    "keeps empty values, large values and all bytes",
    run(async ({ storage, under }) => {
      const all = Uint8Array.from({ length: 256 }, (_, i) => i);
      const large = new Uint8Array(1_200_000).map((_, i) => i % 251);
      for (const [name, value] of Object.entries({ empty: new Uint8Array(0), all, large })) {
        revisionOf(await storage.commit({ key: under + name, value: () => value }));
        const read = await storage.get(under + name);
        assert.ok(read && Buffer.compare(read.value, value) === 0, name);
      }
    }),
  );

  it(
    "lets one of many writers of one revision win, and tells all others what stands there",
    run(async ({ storage, under }) => {
      const key = `${under}a`;
      const start = await put(storage, key, "start");
      const results = await Promise.all(
        Array.from({ length: 40 }, (_, i) => storage.commit({ key, value: () => bytes(`writer-${i}`), expect: start })),
      );
      const won = results.flatMap((result, i) => (result.ok ? [i] : []));
      assert.equal(won.length, 1);
      for (const result of results) if (!result.ok) assert.equal(text(result.current), `writer-${won[0]}`);
      assert.equal(text(await storage.get(key)), `writer-${won[0]}`);
    }),
  );

  it(
    "counts right when many writers try again until they win",
    run(async ({ storage, under }) => {
      const key = `${under}counter`;
      let revision = await put(storage, key, "0");
      const seen = new Collector(storage, under, revision);
      const increment = async () => {
        let { revision: expect, value } = (await storage.get(key)) ?? assert.fail("gone");
        for (;;) {
          const next = String(Number(new TextDecoder().decode(value)) + 1);
          const result: CommitResult = await storage.commit({ key, expect, value: () => bytes(next) });
          if (result.ok) return;
          ({ revision: expect, value } = result.current ?? assert.fail("gone"));
        }
      };
      await Promise.all(Array.from({ length: 25 }, increment));
      assert.equal(text(await storage.get(key)), "25");
      await eventually("25 changes seen", () => seen.changes.length === 25);
      for (const change of seen.changes) {
        assert.ok(change.type === "put" && change.entry.revision > revision);
        assert.equal(change.previous?.revision, revision);
        revision = change.entry.revision;
      }
      seen.handle.stop();
    }),
  );

  it(
    "rejects a write whose value throws, and goes on",
    run(async ({ storage, under }) => {
      const value = () => {
        throw new Error("no value");
      };
      await assert.rejects(storage.commit({ key: `${under}a`, value }), /no value/);
      assert.equal(await storage.get(`${under}a`), undefined);
      await put(storage, `${under}a`, "fine", 0);
    }),
  );

  it(
    "refuses everything after close",
    run(async ({ storage, under }) => {
      const ended = new Collector(storage, under, await storage.currentRevision());
      const pending = storage.commit({ key: `${under}a`, value: () => bytes("x") });
      await storage.close();
      assert.ok((await pending).ok, "what was begun before is finished");
      assert.deepEqual(
        ended.ends.map((end) => end.why),
        ["stopped"],
      );
      await assert.rejects(storage.get(`${under}a`), { name: "StorageClosedError" });
      await assert.rejects(storage.list(under), { name: "StorageClosedError" });
      await assert.rejects(storage.commit({ key: `${under}a`, value: null }), { name: "StorageClosedError" });
      await storage.close();
    }),
  );
}
