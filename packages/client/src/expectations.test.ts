import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { VirtualClock } from "@kubets/machinery";
import { Expectations } from "./expectations.ts";

describe("Expectations", () => {
  it("are satisfied when nothing is expected", () => {
    const expectations = new Expectations(new VirtualClock());
    assert.ok(expectations.satisfied("ns/a"));
    expectations.expect("ns/a", {});
    assert.ok(expectations.satisfied("ns/a"));
  });

  it("wait for each creation and each deletion", () => {
    const expectations = new Expectations(new VirtualClock());
    expectations.expect("ns/a", { creations: 2, deletions: ["x", "y"] });
    expectations.creationObserved("ns/a");
    expectations.creationObserved("ns/a");
    expectations.creationObserved("ns/a");
    expectations.deletionObserved("ns/a", "x");
    expectations.deletionObserved("ns/a", "x");
    expectations.deletionObserved("ns/b", "y");
    assert.ok(!expectations.satisfied("ns/a"));
    expectations.deletionObserved("ns/a", "y");
    assert.ok(expectations.satisfied("ns/a"));
  });

  it("expire after five minutes", async () => {
    const clock = new VirtualClock();
    const expectations = new Expectations(clock);
    expectations.expect("ns/a", { creations: 1 });
    await clock.advance(300_000);
    assert.ok(!expectations.satisfied("ns/a"));
    await clock.advance(1);
    assert.ok(expectations.satisfied("ns/a"));
  });

  it("end with their owner", () => {
    const expectations = new Expectations(new VirtualClock());
    expectations.expect("ns/a", { creations: 1 });
    expectations.forget("ns/a");
    assert.ok(expectations.satisfied("ns/a"));
  });
});
