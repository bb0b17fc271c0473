import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { LoopTurns } from "./loop-turns.ts";

/** An event loop by hand: what begins in a turn takes time, of which the next turn hears. */
function loop(costMs: number) {
  let now = 0;
  let next: (() => void) | undefined;
  const turns = new LoopTurns({ monotonic: () => now }, (run) => (next = run));
  const begin = () => (now += costMs);
  return {
    turns,
    begin,
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
  it("take as many requests as they bear, once they know what they cost", () => {
    const { turns, turn, level } = loop(0.25);
    const flood = level(1, 500);
    turns.wait(flood);
    turn();
    const begun: number[] = [];
    while (flood.left > 0) {
      const before = flood.left;
      assert.ok(turn());
      begun.push(before - flood.left);
      turns.wait(flood);
    }
    const later = begun.slice(-20, -1);
    assert.ok(
      later.every((count) => count >= 2 && count <= 6),
      later.join(),
    );
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
    const { turns, turn, begin } = loop(5);
    for (let i = 0; i < 8; i++) {
      turns.begins();
      begin();
    }
    turn();
    let begun = 0;
    for (; turns.open && begun < 100; begun++) turns.begins();
    assert.ok(begun < 8, String(begun));
    turn();
    assert.ok(turns.open);
  });

  it("are shared by levels as their weights say, and nobody who comes late has saved anything up", () => {
    const { turns, turn, level } = loop(0.5);
    const [heavy, light] = [level(30, 9000), level(10, 9000)];
    for (const each of [heavy, light]) turns.wait(each);
    // The first turn does not know yet what requests cost.
    turn();
    const [heavyBefore, lightBefore] = [level(30, 900), level(10, 900)];
    for (const each of [heavyBefore, lightBefore]) turns.wait(each);
    for (let i = 0; i < 100; i++) turn();
    const [got, less] = [900 - heavyBefore.left, 900 - lightBefore.left];
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
