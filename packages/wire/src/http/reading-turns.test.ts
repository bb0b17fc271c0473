import assert from "node:assert/strict";
import { EventEmitter } from "node:events";
import { describe, it } from "node:test";
import { type Connection, ReadingTurns } from "./reading-turns.ts";

/** An event loop by hand, in which reading a request takes so long, and connections on which there is always another one. */
function loop(costMs: number) {
  let now = 0;
  let next: (() => void) | undefined;
  const turns = new ReadingTurns(
    () => false,
    () => now,
    (run) => (next = run),
  );
  const open = new Set<FakeConnection>();
  return {
    turns,
    open(asker: string, count: number) {
      const made = Array.from({ length: count }, () => new FakeConnection());
      for (const each of made) {
        open.add(each);
        turns.askedBy(each as unknown as Connection, asker);
      }
      return made;
    },
    /** Reads one request of each connection that is not held, as the loop does, and ends the turn. Tells of how many. */
    turn(): number {
      let count = 0;
      for (const each of open) {
        if (each.isHeld || each.destroyed) continue;
        count++;
        each.count++;
        now += costMs;
        turns.read(each as unknown as Connection);
      }
      const run = next;
      next = undefined;
      run?.();
      return count;
    },
  };
}

class FakeConnection extends EventEmitter {
  isHeld = false;
  destroyed = false;
  count = 0;
  pause() {
    this.isHeld = true;
    return this;
  }
  resume() {
    this.isHeld = false;
    return this;
  }
  close() {
    this.destroyed = true;
    this.emit("close");
  }
}

describe("connections of who has very many", () => {
  it("are read a few in a turn, all as often as each other, and those of others in each", () => {
    const { open, turn } = loop(0.25);
    const crowd = open("flood", 64);
    const [other] = open("modest", 1);
    for (let i = 1; i <= 160; i++) {
      const read = turn();
      assert.ok(read > 1 && read <= 7, `${read} in turn ${i}`);
      assert.equal(other?.count, i);
    }
    const counts = crowd.map(({ count }) => count);
    assert.ok(Math.max(...counts) - Math.min(...counts) <= 2, String(counts));
  });

  it("are all read while a turn bears it", () => {
    const { open, turn } = loop(0.01);
    const crowd = open("flood", 64);
    for (let i = 0; i < 5; i++) assert.equal(turn(), 64);
    assert.ok(crowd.every(({ isHeld }) => !isHeld));
  });

  it("of many askers with a few each never wait", () => {
    const { open, turn } = loop(1);
    for (let i = 0; i < 20; i++) open(`user ${i}`, 8);
    for (let i = 0; i < 5; i++) assert.equal(turn(), 160);
  });

  it("wait for a longer turn while there is nobody else to be held up", () => {
    const { open, turn } = loop(0.5);
    open("flood", 64);
    const perTurn = () => Math.max(...Array.from({ length: 10 }, turn).slice(1));
    const alone = perTurn();
    assert.ok(alone > 10 && alone < 20, String(alone));
    const [other] = open("modest", 1);
    turn();
    assert.ok(perTurn() <= 4);
    other?.close();
    turn();
    assert.equal(perTurn(), alone);
  });

  it("go on when the others are gone, and when nothing is read any more", () => {
    const { open, turn } = loop(0.5);
    open("modest", 1);
    const crowd = open("flood", 40);
    turn();
    assert.ok(crowd.some(({ isHeld }) => isHeld));
    for (const each of crowd.slice(0, 30)) each.close();
    for (let i = 0; i < 20; i++) turn();
    assert.ok(crowd.slice(30).every(({ count }) => count > 0));
    for (const each of crowd.slice(30, 35)) each.close();
    turn();
    turn();
    assert.ok(crowd.slice(35).every(({ isHeld }) => !isHeld));
  });

  it("are left alone once they are given away, or answered for long, until somebody asks on them again", () => {
    const { turns, open, turn } = loop(0.5);
    open("modest", 1);
    const crowd = open("flood", 40);
    turn();
    const held = crowd.find(({ isHeld }) => isHeld) as FakeConnection;
    const before = held.count;
    turns.forget(held as unknown as Connection);
    for (let i = 0; i < 10; i++) {
      assert.ok(!held.isHeld);
      turn();
    }
    assert.equal(held.count, before + 10);
    turns.askedBy(held as unknown as Connection, "flood");
    for (let i = 0; i < 10; i++) turn();
    assert.ok(held.count < before + 20);
    assert.equal(held.listenerCount("close"), 1);
  });

  it("count for who asked last over them", () => {
    const { turns, open, turn } = loop(1);
    open("modest", 1);
    const shared = open("proxy", 9);
    for (const each of shared.slice(0, 2)) turns.askedBy(each as unknown as Connection, "somebody");
    assert.equal(turn(), 10);
    assert.equal(turn(), 10);
  });
});
