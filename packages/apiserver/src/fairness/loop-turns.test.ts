import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { LoopTurns } from "./loop-turns.ts";

/** An event loop by hand, whose requests take so long. */
function loop(costMs: number) {
  let now = 0;
  let stolen = 0;
  let next: (() => void) | undefined;
  const turns = new LoopTurns(
    { monotonic: () => now },
    (run) => (next = run),
    () => now - stolen,
  );
  const begin = (isWrite = false) => turns.run(isWrite, () => (now += costMs));
  return {
    turns,
    begin,
    /** Something else takes the loop. */
    pass: (ms: number) => (now += ms),
    /** The machine gives the loop no time. */
    steal(ms: number) {
      now += ms;
      stolen += ms;
    },
    /** Whether there was anything to do. */
    turn(): boolean {
      const run = next;
      next = undefined;
      run?.();
      return run !== undefined;
    },
    level(weight: number, backlog: number) {
      const level = {
        weight,
        left: backlog,
        startNext() {
          if (level.left === 0) return 0;
          level.left--;
          begin();
          return 1;
        },
      };
      return level;
    },
  };
}

describe("turns of the loop", () => {
  it("take as many requests as they bear", () => {
    const { turns, turn, level } = loop(0.25);
    const flood = level(1, 100);
    turns.wait(flood);
    while (flood.left > 0) {
      const before = flood.left;
      assert.ok(turn());
      assert.ok(before - flood.left <= 4 && before - flood.left > 0, String(before - flood.left));
    }
  });

  it("take one, however much it costs", () => {
    const { turns, turn, level } = loop(50);
    const flood = level(1, 3);
    turns.wait(flood);
    for (const left of [2, 1, 0]) {
      turn();
      assert.equal(flood.left, left);
    }
  });

  it("let everything begin at once where it costs nothing", () => {
    const { turns, turn, level } = loop(0);
    const crowd = level(1, 5000);
    turns.wait(crowd);
    turn();
    assert.equal(crowd.left, 0);
    assert.ok(turns.open);
  });

  it("close when they are full, and open again in the next", () => {
    const { turns, turn, begin } = loop(0.6);
    begin();
    assert.ok(turns.open);
    begin();
    assert.ok(!turns.open);
    turn();
    assert.ok(turns.open);
  });

  it("count what of a write is still to come", () => {
    const { turns, begin } = loop(0);
    for (let i = 0; i < 3; i++) begin(true);
    assert.ok(turns.open);
    begin(true);
    assert.ok(!turns.open);
  });

  it("leave requests half of a loop that something else keeps busy, up to what others can wait for", () => {
    const { turns, turn, pass, steal, level } = loop(0.5);
    const crowd = level(1, 1000);
    turns.wait(crowd);
    turn();
    steal(50);
    const beforeThat = crowd.left;
    turn();
    assert.equal(beforeThat - crowd.left, 2, "a turn in which the loop was given no time");
    for (const [others, most] of [
      [4, 8],
      [50, 10],
    ] as const) {
      for (let i = 0; i < 30; i++) {
        pass(others);
        turn();
      }
      pass(others);
      const before = crowd.left;
      turn();
      assert.ok(Math.abs(before - crowd.left - most) <= 1, `${before - crowd.left} after ${others} ms`);
    }
  });

  it("give no more where the kernel counts the time of several turns in one", () => {
    const { turns, turn, pass, steal, level } = loop(0.5);
    const crowd = level(1, 1000);
    turns.wait(crowd);
    for (let i = 0; i < 80; i++) {
      steal(0.8);
      if (i % 5 === 0) {
        steal(-4);
        pass(4);
      }
      const before = crowd.left;
      turn();
      assert.ok(before - crowd.left <= 3, String(before - crowd.left));
    }
  });

  it("are shared by levels as their weights say", () => {
    const { turns, turn, level } = loop(0.5);
    const [heavy, light] = [level(30, 900), level(10, 900)];
    for (const each of [heavy, light]) turns.wait(each);
    for (let i = 0; i < 100; i++) turn();
    const [got, less] = [900 - heavy.left, 900 - light.left];
    assert.ok(less > 10 && Math.abs(got / less - 3) < 0.5, `${got} ${less}`);
  });

  it("send refusals a few at a time", () => {
    const { turns, turn } = loop(1);
    let refused = 0;
    for (let i = 0; i < 50; i++) turns.refuse(() => refused++);
    assert.equal(refused, 0);
    turn();
    assert.ok(refused > 0 && refused < 10, String(refused));
    while (turn());
    assert.equal(refused, 50);
  });

  it("come to rest when nobody waits", () => {
    const { turns, turn, level } = loop(1);
    turns.wait(level(1, 3));
    let count = 0;
    while (turn()) assert.ok(++count < 10);
  });
});
