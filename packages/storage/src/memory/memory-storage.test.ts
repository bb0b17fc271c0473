import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { VirtualClock } from "@kubets/machinery/virtual-clock";
import { storageSuite } from "../storage.suite.ts";
import { Collector, eventually, put } from "../suite/harness.ts";
import { MemoryStorage } from "./memory-storage.ts";

storageSuite(
  "memory",
  async () => {
    const clock = new VirtualClock();
    const storage = new MemoryStorage({ clock });
    return { storage, under: "/t/", pass: (ms) => clock.advance(ms), dispose: () => storage.close() };
  },
  { modelRuns: 400 },
);

describe("memory storage alone", () => {
  it("starts at revision 1", async () => {
    const storage = new MemoryStorage();
    assert.equal(await storage.currentRevision(), 1);
    assert.equal(await put(storage, "/a", "x"), 2);
  });

  it("lets go of the oldest history when the budget is spent", async () => {
    const storage = new MemoryStorage({ historyBytes: 10_000 });
    const first = await put(storage, "/a", "x");
    for (let i = 0; i < 100; i++) await put(storage, "/a", String(i));
    await assert.rejects(storage.get("/a", first), { why: "compacted" });
    const late = new Collector(storage, "/", first);
    await eventually("closed", () => late.ends[0]?.why === "compacted");
    const recent = (await storage.currentRevision()) - 10;
    assert.equal((await storage.get("/a", recent))?.revision, recent);
  });

  it("costs microseconds to make", () => {
    const many = Array.from({ length: 100 }, () => new MemoryStorage());
    const start = performance.now();
    for (let i = 0; i < 1000; i++) many[i % 100] = new MemoryStorage();
    assert.ok(performance.now() - start < 100, "a thousand took more than 100 ms");
  });
});
