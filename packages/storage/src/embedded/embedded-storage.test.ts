import assert from "node:assert/strict";
import { mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { describe, it, type TestContext } from "node:test";
import { VirtualClock } from "@kubets/machinery/virtual-clock";
import { storageSuite } from "../storage.suite.ts";
import type { Storage } from "../storage.ts";
import { bytes, Collector, eventually, put, remove, text } from "../suite/harness.ts";
import { logPath } from "./data-folder.ts";
import { openEmbeddedStorage } from "./embedded-storage.ts";
import { checkDataFolder, restoreSnapshot } from "./offline.ts";

storageSuite(
  "embedded",
  async () => {
    const folder = mkdtempSync(join(tmpdir(), "kubets-storage-"));
    const clock = new VirtualClock();
    const open = () => openEmbeddedStorage({ folder, clock });
    let storage = await open();
    return {
      storage,
      under: "/t/",
      pass: (ms) => clock.advance(ms),
      reopen: async () => {
        await storage.close();
        storage = await open();
        return storage;
      },
      dispose: async () => {
        await storage.close();
        rmSync(folder, { recursive: true });
      },
    };
  },
  { modelRuns: 25 },
);

describe("embedded storage over restarts", () => {
  it("has its entries, revisions and history again", async (t) => {
    const folder = tempFolder(t);
    const before = await openEmbeddedStorage({ folder });
    const first = await put(before, "/r/a", "1");
    await put(before, "/r/b", "1");
    await put(before, "/r/a", "2");
    const last = await remove(before, "/r/b");
    await before.close();

    const after = await openEmbeddedStorage({ folder });
    assert.equal(await after.currentRevision(), last);
    assert.equal(text(await after.get("/r/a")), "2");
    assert.equal(await after.get("/r/b"), undefined);
    assert.equal(text(await after.get("/r/a", first)), "1");
    const seen = new Collector(after, "/r/", first);
    assert.equal(await put(after, "/r/a", "3", first + 2), last + 1);
    await eventually("all seen", () => seen.changes.length === 4);
    assert.deepEqual(seen.lines("/r/"), ["put b=1 was -", "put a=2 was 1", "delete b was 1", "put a=3 was 2"]);
    assert.deepEqual(await after.check(), []);
    await after.close();
    assert.deepEqual(checkDataFolder(folder), []);
  });

  it("starts at revision 1, and stays where compaction left it", async (t) => {
    const folder = tempFolder(t);
    const before = await openEmbeddedStorage({ folder });
    assert.equal(await before.currentRevision(), 1);
    await put(before, "/r/a", "1");
    const last = await remove(before, "/r/a");
    await before.compact(last);
    await before.close();
    const after = await openEmbeddedStorage({ folder });
    assert.equal(await after.currentRevision(), last);
    await assert.rejects(after.list("/r/", { at: last - 1 }), { why: "compacted", bound: last });
    await after.close();
  });

  it("deletes what was to die, at its time or at once when that is over", async (t) => {
    const folder = tempFolder(t);
    const before = await openEmbeddedStorage({ folder, clock: new VirtualClock(0) });
    for (const [key, ttlSeconds] of [
      ["/r/soon", 10],
      ["/r/late", 100],
    ] as const) {
      await before.commit({ key, value: () => bytes("x"), ttlSeconds });
    }
    const start = await before.currentRevision();
    await before.close();

    const clock = new VirtualClock(60_000);
    const after = await openEmbeddedStorage({ folder, clock });
    const seen = new Collector(after, "/r/", start);
    await clock.advance(1000);
    await eventually("the first is gone", () => seen.changes.length === 1);
    await clock.advance(38_000);
    assert.deepEqual(seen.lines("/r/"), ["delete soon was x"]);
    await clock.advance(2000);
    await eventually("the second is gone", () => seen.changes.length === 2);
    await after.close();
  });

  it("goes on with a sweep that was cut short", async (t) => {
    const folder = tempFolder(t);
    const before = await openEmbeddedStorage({ folder });
    const last = await writeMany(before, 3000);
    const compacting = before.compact(last);
    await before.close();
    await compacting;
    const after = await openEmbeddedStorage({ folder });
    await after.compact(last);
    await after.close();
    assert.equal(rows(folder), 10);
    assert.deepEqual(checkDataFolder(folder), []);
  });
});

describe("the data folder", () => {
  it("is readable by its owner alone", async (t) => {
    const folder = join(tempFolder(t), "deep", "er");
    const storage = await openEmbeddedStorage({ folder });
    await put(storage, "/a", "x");
    assert.equal(statSync(folder).mode & 0o077, 0);
    for (const name of readdirSync(folder)) assert.equal(statSync(join(folder, name)).mode & 0o077, 0, name);
    await storage.close();
  });

  it("is refused to a second opener, with the holder's process id", async (t) => {
    const folder = tempFolder(t);
    const storage = await openEmbeddedStorage({ folder });
    await assert.rejects(openEmbeddedStorage({ folder }), {
      name: "FolderLockedError",
      message: new RegExp(`held by process ${process.pid}:`),
    });
    assert.throws(() => checkDataFolder(folder), { name: "FolderLockedError" });
    await put(storage, "/a", "x");
    await storage.close();
    await (await openEmbeddedStorage({ folder })).close();
  });

  it("of a newer format, of another program, or damaged is refused with what to do", async (t) => {
    const folder = tempFolder(t);
    const refused = (cure: RegExp) =>
      assert.rejects(openEmbeddedStorage({ folder }), { name: "FormatError", message: cure });
    const edit = (sql: string) => {
      const db = new DatabaseSync(logPath(folder));
      db.exec(sql);
      db.close();
    };
    await (await openEmbeddedStorage({ folder })).close();
    edit("PRAGMA user_version = 2");
    await refused(/has format 2, and this version of Kubets knows formats up to 1: start the newer version/);
    edit("PRAGMA application_id = 7");
    await refused(/is not a log of Kubets: choose another/);
    writeFileSync(logPath(folder), "something else entirely ".repeat(1000));
    await refused(/is damaged .*restore the newest snapshot/);
  });

  it("with a changed byte is found out by check and by opening", async (t) => {
    const folder = tempFolder(t);
    const storage = await openEmbeddedStorage({ folder });
    await put(storage, "/r/a", "a value that is easily found");
    await storage.close();
    const content = readFileSync(logPath(folder));
    content.write("eazily", content.indexOf("easily"));
    writeFileSync(logPath(folder), content);
    assert.match(checkDataFolder(folder)[0] ?? "", /revision 2 of \/r\/a: its bytes do not match/);
    await assert.rejects(openEmbeddedStorage({ folder }), /damaged at revision 2: restore/);
  });
});

describe("embedded history", () => {
  it("is kept for five minutes by default, and goes by itself", async (t) => {
    const clock = new VirtualClock();
    const storage = await openEmbeddedStorage({ folder: tempFolder(t), clock });
    const first = await put(storage, "/r/a", "1");
    await put(storage, "/r/a", "2");
    await clock.advance(4.9 * 60_000);
    assert.equal(text(await storage.get("/r/a", first)), "1");
    const last = await put(storage, "/r/a", "3");
    await clock.advance(60_000);
    await assert.rejects(storage.get("/r/a", first), { why: "compacted" });
    assert.equal(text(await storage.get("/r/a", last - 1)), "2");
    await clock.advance(5 * 60_000);
    await assert.rejects(storage.get("/r/a", last - 1), { why: "compacted" });
    await storage.close();
  });

  it("is let go of in time after a restart too", async (t) => {
    const folder = tempFolder(t);
    const before = await openEmbeddedStorage({ folder, clock: new VirtualClock(0) });
    const first = await put(before, "/r/a", "1");
    const last = await put(before, "/r/a", "2");
    await before.close();
    const clock = new VirtualClock(4 * 60_000);
    const after = await openEmbeddedStorage({ folder, clock });
    assert.equal(text(await after.get("/r/a", first)), "1");
    await clock.advance(2 * 60_000);
    await assert.rejects(after.get("/r/a", first), { why: "compacted" });
    assert.equal(text(await after.get("/r/a", last)), "2");
    await after.close();
  });

  it("is kept for ever by option, but for what is named short", async (t) => {
    const clock = new VirtualClock();
    const storage = await openEmbeddedStorage({ folder: tempFolder(t), clock, history: { keep: "forever" } });
    const first = await put(storage, "/registry/pods/a", "1");
    const lease = await put(storage, "/registry/leases/a", "1");
    for (const key of ["/registry/pods/a", "/registry/leases/a"]) await put(storage, key, "2");
    await clock.advance(86_400_000);
    assert.equal(text(await storage.get("/registry/pods/a", first)), "1");
    await assert.rejects(storage.get("/registry/leases/a", lease), { why: "compacted" });
    await assert.rejects(storage.list("/registry/", { at: lease }), { why: "compacted" });
    assert.equal((await storage.list("/registry/pods/", { at: lease })).entries.length, 1);
    await storage.close();
  });

  it("of one resource is bounded in bytes, and others keep theirs", async (t) => {
    const clock = new VirtualClock();
    const storage = await openEmbeddedStorage({ folder: tempFolder(t), clock, history: { budgetBytes: 100_000 } });
    const first = await put(storage, "/registry/pods/a", "1");
    await put(storage, "/registry/nodes/a", "1");
    const second = await put(storage, "/registry/nodes/a", "2");
    for (let i = 0; i < 100; i++) await put(storage, "/registry/pods/a", "x".repeat(2000));
    await clock.advance(1);
    await assert.rejects(storage.get("/registry/pods/a", first), { why: "compacted" });
    assert.equal(text(await storage.get("/registry/nodes/a", second - 1)), "1");
    const recent = (await storage.currentRevision()) - 20;
    assert.equal((await storage.get("/registry/pods/a", recent))?.revision, recent);
    await storage.close();
  });

  it("gives its space back when compacted, while commits go on", async (t) => {
    const folder = tempFolder(t);
    const storage = await openEmbeddedStorage({ folder });
    const last = await writeMany(storage, 5000, "x".repeat(2000));
    let compacted = false;
    const compacting = storage.compact(last).then(() => (compacted = true));
    let between = 0;
    while (!compacted) {
      await put(storage, "/r/other", String(between++));
    }
    await compacting;
    const end = await storage.currentRevision();
    await storage.compact(end);
    assert.ok(between > 5, `only ${between} commits went between`);
    await storage.close();
    assert.ok(statSync(logPath(folder)).size < 500_000, `${statSync(logPath(folder)).size} bytes are left`);
    assert.equal(rows(folder), 11);
  });

  it("does not hold a chunk of the loaded log for few values", async (t) => {
    const folder = tempFolder(t);
    const before = await openEmbeddedStorage({ folder });
    for (let i = 0; i < 20; i++) await put(before, `/r/${i}`, "x".repeat(10_000));
    await before.close();
    const storage = await openEmbeddedStorage({ folder });
    const kept = await storage.get("/r/0");
    const buffer = kept?.value.buffer;
    assert.equal(buffer, (await storage.get("/r/1"))?.value.buffer, "loaded values share a chunk");
    for (let i = 1; i < 20; i++) await put(storage, `/r/${i}`, "new");
    assert.notEqual(kept?.value.buffer, buffer);
    assert.equal(text(kept), "x".repeat(10_000));
    assert.equal(await storage.get("/r/0"), kept, "the entry itself is the same");
    await storage.close();
  });
});

describe("snapshots", () => {
  it("are made while commits go on, and restored with their history", async (t) => {
    const parent = tempFolder(t);
    const storage = await openEmbeddedStorage({ folder: join(parent, "data") });
    const first = await put(storage, "/r/0", "first");
    const last = await writeMany(storage, 2000);
    const busy = Promise.all(Array.from({ length: 50 }, (_, i) => put(storage, `/r/late-${i}`, "x")));
    const revision = await storage.snapshot(join(parent, "snapshot"));
    await busy;
    assert.ok(revision >= last);
    assert.equal(statSync(join(parent, "snapshot")).mode & 0o077, 0);
    await assert.rejects(storage.snapshot(join(parent, "snapshot")), /exist/);
    await put(storage, "/r/after", "x");
    await storage.close();

    assert.equal(restoreSnapshot(join(parent, "snapshot"), join(parent, "restored")), revision);
    const restored = await openEmbeddedStorage({ folder: join(parent, "restored") });
    assert.equal(await restored.currentRevision(), revision);
    assert.equal(text(await restored.get("/r/0", first)), "first");
    assert.equal(await restored.get("/r/after"), undefined);
    await restored.close();
    assert.throws(() => restoreSnapshot(join(parent, "snapshot"), join(parent, "restored")), /already has a log/);
  });

  it("can go on from a higher revision, so that no client sees one twice", async (t) => {
    const parent = tempFolder(t);
    const storage = await openEmbeddedStorage({ folder: join(parent, "data") });
    const first = await put(storage, "/r/a", "1");
    await storage.snapshot(join(parent, "snapshot"));
    await storage.close();
    assert.equal(
      restoreSnapshot(join(parent, "snapshot"), join(parent, "restored"), { bumpRevision: 1_000_000 }),
      first + 1_000_000,
    );
    const restored = await openEmbeddedStorage({ folder: join(parent, "restored") });
    assert.equal(text(await restored.get("/r/a")), "1");
    const late = new Collector(restored, "/r/", first);
    await eventually("must list again", () => late.ends[0]?.why === "compacted");
    assert.equal(await put(restored, "/r/a", "2"), first + 1_000_001);
    await restored.close();
  });

  it("that are damaged are not restored", async (t) => {
    const parent = tempFolder(t);
    writeFileSync(join(parent, "snapshot"), "nothing of the kind");
    assert.throws(() => restoreSnapshot(join(parent, "snapshot"), join(parent, "restored")), { name: "FormatError" });
    assert.deepEqual(readdirSync(join(parent, "restored")), []);
  });
});

describe("commits in groups", () => {
  it("become durable together, with one call for each watcher", async (t) => {
    const storage = await openEmbeddedStorage({ folder: tempFolder(t) });
    const seen = new Collector(storage, "/r/", await storage.currentRevision());
    await Promise.all(Array.from({ length: 500 }, (_, i) => put(storage, `/r/${i}`, "x")));
    assert.equal(seen.changes.length, 500);
    assert.ok(seen.upTos.length <= 5, `${seen.upTos.length} batches`);
    await storage.close();
  });

  it("answer nothing as done when the thread that writes is gone", async (t) => {
    const errors: Error[] = [];
    const folder = tempFolder(t);
    const storage = await openEmbeddedStorage({ folder, onFatal: (error) => errors.push(error) });
    const pending = put(storage, "/r/a", "x");
    storage.fail(new Error("the disk is gone"));
    await assert.rejects(pending, /the disk is gone/);
    await assert.rejects(put(storage, "/r/a", "x"), /the disk is gone/);
    assert.deepEqual(
      errors.map((error) => error.message),
      ["the disk is gone"],
    );
    await storage.close();
  });
});

function tempFolder(t: TestContext): string {
  const folder = mkdtempSync(join(tmpdir(), "kubets-storage-"));
  t.after(() => rmSync(folder, { recursive: true }));
  return folder;
}

/** Writes over ten keys many times; answers with the last revision. */
async function writeMany(storage: Storage, count: number, value = "x"): Promise<number> {
  const revisions = await Promise.all(Array.from({ length: count }, (_, i) => put(storage, `/r/${i % 10}`, value)));
  return Math.max(...revisions);
}

function rows(folder: string): number {
  const db = new DatabaseSync(logPath(folder));
  const row = db.prepare("SELECT count(*) AS rows FROM log").get();
  db.close();
  return Number(row?.rows);
}
