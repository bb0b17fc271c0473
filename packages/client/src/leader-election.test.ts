import assert from "node:assert/strict";
import { describe, it, type TestContext } from "node:test";
import { leasecandidates, leases } from "@kubets/api/generated/refs";
import type { LeaseSpec } from "@kubets/api/generated/types/coordination-v1";
import { seededRandom, silentLogger, VirtualClock } from "@kubets/machinery";
import { formatMicroTime } from "@kubets/machinery/time";
import { type LeaderElectionOptions, runLeaderElection } from "./leader-election.ts";
import { MemoryApi } from "./testing/memory-api.ts";
import type { Transport } from "./transport.ts";
import { createClient } from "./typed-client.ts";

const key = { namespace: "kube-system", name: "scheduler" };

function newFixture(t: TestContext) {
  const clock = new VirtualClock();
  const api = new MemoryApi();
  const told: string[] = [];
  const tell = (text: string) => void told.push(`${Math.round(clock.monotonic() / 1000)}: ${text}`);
  const all: AbortController[] = [];
  t.after(() => {
    for (const stopping of all) stopping.abort();
  });

  /** A candidate with a line of its own to the server, which can be cut. */
  function candidate(identity: string, more: Partial<LeaderElectionOptions> = {}) {
    const line = { cut: false };
    const transport: Transport = {
      request: (request) => (line.cut ? Promise.reject(new Error("connection refused")) : api.request(request)),
      close() {},
    };
    const stopping = new AbortController();
    all.push(stopping);
    const ended = runLeaderElection({
      client: createClient(transport),
      clock,
      random: seededRandom(identity.length),
      log: silentLogger,
      ...key,
      identity,
      signal: stopping.signal,
      async lead(signal) {
        tell(`${identity} leads`);
        await new Promise<void>((resolve) => signal.addEventListener("abort", () => resolve(), { once: true }));
        tell(`${identity} stops`);
      },
      ...more,
    });
    void ended.then((how) => tell(`${identity} ${how}`)).catch(() => {});
    return { line, stop: () => stopping.abort(), ended };
  }
  const lease = () => createClient(api).get(leases, key);
  return { clock, api, told, candidate, lease };
}

describe("leader election", () => {
  it("makes the lease, keeps it, and lets nobody else lead", async (t) => {
    const { clock, told, candidate, lease } = newFixture(t);
    const leaders: string[] = [];
    candidate("a");
    await clock.advance(10);
    candidate("b", { newLeader: (identity) => void leaders.push(identity) });
    await clock.advance(300_000);
    assert.deepEqual(told, ["0: a leads"]);
    assert.deepEqual(leaders, ["a"]);
    const { spec } = await lease();
    assert.deepEqual([spec.holderIdentity, spec.leaseDurationSeconds, spec.leaseTransitions], ["a", 15, 0]);
    assert.equal(spec.acquireTime, "2026-01-01T00:00:00.000000Z");
    assert.match(spec.renewTime ?? "", /^2026-01-01T00:0[45]:\d\d\.\d{6}Z$/);
  });

  it("stops leading before another begins, when the leader is cut off", async (t) => {
    const { clock, told, candidate, lease } = newFixture(t);
    const a = candidate("a");
    await clock.advance(10);
    candidate("b");
    await clock.advance(60_000);
    a.line.cut = true;
    await clock.advance(60_000);
    const seconds = told.map((text) => Number(text.split(":")[0]));
    assert.deepEqual(
      told.map((text) => text.split(": ")[1]),
      ["a leads", "a stops", "a lost", "b leads"],
    );
    assert.ok((seconds[1] ?? 0) <= 60 + 10, String(told));
    assert.ok((seconds[3] ?? 0) >= 60 + 13 && (seconds[3] ?? 0) <= 60 + 15 + 5, String(told));
    assert.equal((await lease()).spec.leaseTransitions, 1);
  });

  it("takes over the lease of a leader of another clock only when it stands still", async (t) => {
    const { clock, api, told, candidate } = newFixture(t);
    const times = { acquireTime: "1999-01-01T00:00:00.000000Z", renewTime: "1999-01-01T00:00:00.000000Z" };
    const spec = { holderIdentity: "other", leaseDurationSeconds: 30, leaseTransitions: 4, ...times };
    await createClient(api).create(leases, { metadata: key, spec });
    candidate("a");
    await clock.advance(29_000);
    assert.deepEqual(told, []);
    await clock.advance(10_000);
    assert.equal(told.length, 1);
  });

  it("hands over at once when told to release", async (t) => {
    const { clock, told, candidate, lease } = newFixture(t);
    const a = candidate("a", { releaseOnStop: true });
    await clock.advance(10);
    candidate("b");
    await clock.advance(20_000);
    a.stop();
    await clock.advance(10);
    assert.equal((await lease()).spec.holderIdentity, "");
    await clock.advance(6000);
    assert.deepEqual(
      told.map((text) => text.split(": ")[1]),
      ["a leads", "a stops", "a stopped", "b leads"],
    );
  });

  it("notices that its lease was taken", async (t) => {
    const { clock, api, told, candidate, lease } = newFixture(t);
    candidate("a");
    await clock.advance(3000);
    const taken = await lease();
    await createClient(api).update(leases, { ...taken, spec: { ...taken.spec, holderIdentity: "thief" } });
    await clock.advance(3000);
    assert.deepEqual(
      told.map((text) => text.split(": ")[1]),
      ["a leads", "a stops", "a lost"],
    );
  });

  it("outlives short trouble with the server", async (t) => {
    const { clock, told, candidate } = newFixture(t);
    const a = candidate("a");
    await clock.advance(3000);
    a.line.cut = true;
    await clock.advance(6000);
    a.line.cut = false;
    await clock.advance(60_000);
    assert.deepEqual(told, ["0: a leads"]);
  });

  it("fails when the work fails", async (t) => {
    const { clock, candidate } = newFixture(t);
    const { ended } = candidate("a", { lead: () => Promise.reject(new Error("broken")) });
    const rejected = assert.rejects(ended, /^Error: broken$/);
    await clock.advance(10);
    await rejected;
  });

  it("leaves it to the API server who leads, where that is asked for", async (t) => {
    const { clock, api, told, candidate, lease } = newFixture(t);
    const client = createClient(api);
    const tell = async (spec: LeaseSpec) => {
      const found = await lease();
      await client.update(leases, { ...found, spec: { ...found.spec, ...spec } });
    };
    candidate("a", { coordinated: true, releaseOnStop: true });
    await clock.advance(60_000);
    const own = await client.get(leasecandidates, { ...key, name: "a" });
    const versions = { binaryVersion: "1.36.0", emulationVersion: "1.36.0", strategy: "OldestEmulationVersion" };
    assert.deepEqual(own.spec, { leaseName: key.name, ...versions, renewTime: "2026-01-01T00:00:00.000000Z" });
    const renewTime = formatMicroTime(clock.now());
    await client.create(leases, { metadata: key, spec: { holderIdentity: "", leaseDurationSeconds: 1, renewTime } });
    await clock.advance(60_000);
    assert.equal(told.length, 0, "not even one that is free is taken");

    await tell({ holderIdentity: "a", leaseDurationSeconds: 5, strategy: "OldestEmulationVersion" });
    await clock.advance(60_000);
    const { spec } = await lease();
    assert.deepEqual([spec.holderIdentity, spec.leaseDurationSeconds, spec.strategy], ["a", 15, versions.strategy]);
    await tell({ preferredHolder: "b" });
    await clock.advance(5000);
    assert.deepEqual(
      told.map((text) => text.split(": ")[1]),
      ["a leads", "a stops", "a lost"],
    );
    assert.equal((await lease()).spec.holderIdentity, "", "it is free for the other at once");
  });

  it("answers at once when it is asked as a candidate, and now and then unasked", async (t) => {
    const { clock, api, candidate } = newFixture(t);
    const client = createClient(api);
    const own = () => client.get(leasecandidates, { ...key, name: "a" });
    candidate("a", { coordinated: true });
    await clock.advance(60_000);
    const asked = await own();
    const pingTime = formatMicroTime(clock.now());
    await client.update(leasecandidates, { ...asked, spec: { ...asked.spec, pingTime } });
    await clock.advance(1000);
    assert.equal((await own()).spec.renewTime, pingTime);
    await clock.advance(310_000);
    assert.ok(((await own()).spec.renewTime ?? "") > pingTime);
  });

  it("refuses times that would let two lead", () => {
    const options = { signal: AbortSignal.abort() } as LeaderElectionOptions;
    assert.throws(() => runLeaderElection({ ...options, leaseDurationMs: 10_000 }), /leaseDuration must be greater/);
    assert.throws(() => runLeaderElection({ ...options, retryPeriodMs: 9000 }), /renewDeadline must be greater/);
  });
});
