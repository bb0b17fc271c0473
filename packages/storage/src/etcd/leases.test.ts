import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { VirtualClock } from "@kubets/machinery/virtual-clock";
import { Leases } from "./leases.ts";
import { progressReliable } from "./version.ts";

describe("Leases", () => {
  it("are shared by keys of one time to live that come soon after each other", async () => {
    const clock = new VirtualClock();
    const granted: number[] = [];
    const leases = new Leases(clock, async (seconds) => BigInt(granted.push(seconds)));
    assert.equal(await leases.lease(3600), 1n);
    assert.equal(await leases.lease(15), 2n);
    await clock.advance(59_000);
    assert.equal(await leases.lease(3600), 1n);
    await clock.advance(2000);
    assert.equal(await leases.lease(3600), 3n);
    assert.deepEqual(granted, [3660, 15, 3660]);
    leases.forget(3600);
    assert.equal(await leases.lease(3600), 4n);
  });

  it("carry at most a thousand keys", async () => {
    const leases = new Leases(new VirtualClock(), counter());
    const ids = await Promise.all(Array.from({ length: 1001 }, () => leases.lease(3600)));
    assert.equal(ids[999], 1n);
    assert.equal(ids[1000], 2n);
  });

  it("that could not be had are asked for again", async () => {
    let fail = true;
    const next = counter();
    const leases = new Leases(new VirtualClock(), (seconds) =>
      fail ? Promise.reject(new Error("no")) : next(seconds),
    );
    await assert.rejects(leases.lease(60), /no/);
    fail = false;
    assert.equal(await leases.lease(60), 1n);
  });
});

function counter(): (seconds: number) => Promise<bigint> {
  let count = 0n;
  return async () => ++count;
}

describe("progressReliable", () => {
  const cases: Record<string, boolean> = {
    "3.4.23": false,
    "3.4.30": false,
    "3.4.31": true,
    "3.5.0": false,
    "3.5.12": false,
    "3.5.13": true,
    "3.6.0": true,
    "3.6.0-rc.1": true,
    "3.5.13+git": true,
    "3.3.99": false,
    "4.0.0": true,
  };
  for (const [version, reliable] of Object.entries(cases))
    it(`of ${version}`, () => assert.equal(progressReliable(version), reliable));
});
