import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { randomInt, seededRandom } from "@kubets/machinery/random";
import { VirtualClock } from "@kubets/machinery/virtual-clock";
import { Expiry } from "./expiry.ts";

describe("Expiry", () => {
  it("reports each key soon after its time and never before", async () => {
    const clock = new VirtualClock();
    const random = seededRandom(3);
    const due = new Map<string, number>();
    const expiry = new Expiry(clock, (key) => {
      const late = clock.monotonic() - (due.get(key) ?? Number.NaN);
      assert.ok(late >= 0 && late <= 500, `${key} is ${late} ms late`);
      due.delete(key);
    });
    for (let i = 0; i < 500; i++) {
      const inMs = randomInt(random, 100_000);
      due.set(`k${i}`, clock.monotonic() + inMs);
      expiry.add(`k${i}`, i, inMs);
      if (i % 10 === 0) await clock.advance(randomInt(random, 1000));
    }
    await clock.advance(101_000);
    assert.equal(due.size, 0);
  });

  it("says nothing after close", async () => {
    const clock = new VirtualClock();
    const expiry = new Expiry(clock, () => assert.fail("it was closed"));
    expiry.add("a", 1, 1000);
    expiry.close();
    await clock.advance(5000);
  });
});
