/** The etcd driver against a real cluster of three members with TLS: the shared suite, and a member killed under writes. */
import assert from "node:assert/strict";
import { after, before, describe, it } from "node:test";
import { setTimeout as wait } from "node:timers/promises";
import { type Change, type CommitResult, connectEtcd } from "@kubets/storage";
import { storageSuite } from "@kubets/storage/storage.suite";
import { connected, type EtcdCluster, startEtcd, whyNoEtcd } from "./etcd-cluster.ts";

const skip = whyNoEtcd();
let cluster: EtcdCluster;
let cases = 0;

before(async () => {
  if (skip === undefined) cluster = await startEtcd(3);
});
after(async () => {
  if (skip === undefined) await cluster.remove();
});

const eventuallyConnected = () => connected(cluster);

storageSuite(
  "etcd",
  async () => {
    const storage = await eventuallyConnected();
    return { storage, under: `/case-${++cases}/`, pass: (ms) => wait(ms), dispose: () => storage.close() };
  },
  { modelRuns: 10, ...(skip !== undefined && { skip }) },
);

describe("an etcd cluster", { skip: skip ?? false }, () => {
  it("loses no write and no event when members are killed under writes", { timeout: 90_000 }, async (t) => {
    const storage = await eventuallyConnected();
    const start = await storage.currentRevision();
    const seen: Change[] = [];
    const ends: string[] = [];
    storage.watch("/kill/", start, {
      changes: (changes) => seen.push(...changes),
      closed: ({ why }) => ends.push(why),
    });

    const acknowledged = new Map<number, string>();
    let unknown = 0;
    let stopped = false;
    const writer = async (id: number) => {
      let current = 0;
      for (let i = 0; !stopped; i++) {
        const key = `/kill/writer-${id}`;
        const value = `${id}:${i}`;
        let result: CommitResult;
        try {
          result = await storage.commit({ key, expect: current, value: () => Buffer.from(value) });
        } catch {
          unknown++;
          current = (await storage.get(key))?.revision ?? 0;
          continue;
        }
        assert.ok(result.ok, `${key} has one writer, and yet it lost`);
        acknowledged.set(result.revision, value);
        current = result.revision;
      }
    };
    const writing = Promise.all(Array.from({ length: 8 }, (_, id) => writer(id)));
    for (const member of [0, 1, 2]) {
      await wait(1000);
      await cluster.kill(member);
      await wait(1500);
      cluster.restart(member);
    }
    await wait(1500);
    stopped = true;
    await writing;

    const last = Math.max(...acknowledged.keys());
    await until("the watch has caught up", () => seen.some((change) => revisionOf(change) >= last));
    const revisions = seen.map(revisionOf);
    assert.deepEqual(
      revisions,
      [...new Set(revisions)].sort((a, b) => a - b),
      "each event once, in order",
    );
    const bySeen = new Map(seen.map((change) => [revisionOf(change), change]));
    for (const [revision, value] of acknowledged) {
      const change = bySeen.get(revision);
      assert.ok(
        change?.type === "put" && Buffer.from(change.entry.value).toString() === value,
        `${value} at ${revision} is lost`,
      );
    }
    assert.deepEqual(ends, []);
    assert.ok(acknowledged.size > 100);
    t.diagnostic(
      `3 members killed one after the other; ${acknowledged.size} acknowledged writes, all seen once; ${unknown} of unknown outcome`,
    );
    await storage.close();
  });

  it("says so when nobody answers", async () => {
    const connecting = connectEtcd({ endpoints: ["https://127.0.0.1:1"], tls: cluster.tls, timeoutMs: 500 });
    await assert.rejects(
      connecting,
      /no member of the etcd cluster answers: .*https:\/\/127\.0\.0\.1:1: .*ECONNREFUSED/,
    );
  });

  it("is refused without a client certificate", async () => {
    const connecting = connectEtcd({ endpoints: cluster.endpoints, tls: { ca: cluster.tls.ca }, timeoutMs: 1000 });
    await assert.rejects(connecting, /no member of the etcd cluster answers/);
  });

  it("knows whether its progress can be believed", async () => {
    const storage = await eventuallyConnected();
    assert.equal(typeof storage.progressReliable, "boolean");
    await storage.close();
  });

  it("lists more than one call brings, all at one revision", { timeout: 60_000 }, async () => {
    const storage = await eventuallyConnected();
    const names = Array.from({ length: 2500 }, (_, i) => `/many/${String(i).padStart(5, "0")}`);
    await Promise.all(names.map((key) => storage.commit({ key, value: () => Buffer.from("x") })));
    const page = await storage.list("/many/");
    assert.deepEqual(
      page.entries.map((entry) => entry.key),
      names,
    );
    const part = await storage.list("/many/", { limit: 1200, after: names[99] ?? "" });
    assert.equal(part.entries.length, 1200);
    assert.equal(part.remaining, 1200);
    await storage.close();
  });
});

const revisionOf = (change: Change) => (change.type === "put" ? change.entry.revision : change.revision);

async function until(what: string, condition: () => boolean): Promise<void> {
  const deadline = performance.now() + 15_000;
  while (!condition()) {
    if (performance.now() > deadline) assert.fail(`did not come true: ${what}`);
    await wait(10);
  }
}
