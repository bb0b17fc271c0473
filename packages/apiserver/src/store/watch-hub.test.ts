import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { builtInResources } from "@kubets/api/all";
import type { CachedChange } from "./cached-change.ts";
import type { CachedObject } from "./cached-object.ts";
import type { EventBatch } from "./event-batch.ts";
import { WatchHub } from "./watch-hub.ts";

const turn = () => new Promise((resolve) => setImmediate(resolve));
const change = (name: string) => ({ current: { name, bytes: Buffer.from(name) } as CachedObject }) as CachedChange;
const configmaps = builtInResources.find(({ resource }) => resource === "configmaps") ?? assert.fail();
const everything = { key: "all", matches: () => true };

class Seen {
  readonly names: string[] = [];
  readonly #log: Seen[] | undefined;

  constructor(log?: Seen[]) {
    this.#log = log;
  }

  deliver({ events }: EventBatch): void {
    this.names.push(...events.map(({ object }) => (object as CachedObject).name));
    this.#log?.push(this);
  }

  end(): void {
    this.names.push("the end");
  }
}

function many(count: number) {
  const hub = new WatchHub(configmaps);
  const watchers = Array.from({ length: count }, () => new Seen());
  const subscriptions = watchers.map((watcher) => hub.subscribe(everything, watcher));
  const tell = (name: string) => {
    hub.add(change(name));
    hub.flush();
  };
  const told = (...names: string[]) => watchers.filter((each) => each.names.join() === names.join()).length;
  return { hub, watchers, subscriptions, tell, told };
}

test("who watches a shard is offered what is of it, and all else is counted", () => {
  const hub = new WatchHub(configmaps);
  const shard = (name: string) => {
    const has = (object: CachedObject) => object.name.startsWith(name);
    return { key: name, shard: { text: name, has }, matches: has };
  };
  const [a, again, b] = [new Seen(), new Seen(), new Seen()];
  hub.subscribe(shard("a"), a);
  const left = hub.subscribe(shard("a"), again);
  hub.subscribe(shard("b"), b);
  hub.subscribe(everything, new Seen());
  assert.equal(hub.shards.watchers, 3);
  for (const name of ["a1", "b1", "a2"]) hub.add(change(name));
  hub.flush();
  assert.deepEqual([a.names, again.names, b.names], [["a1", "a2"], ["a1", "a2"], ["b1"]]);
  assert.equal(hub.shards.leftOut, 4, "b1 of two, a1 and a2 of one");
  left.stop();
  left.stop();
  assert.equal(hub.shards.watchers, 2);
});

describe("a change that many watch", () => {
  test("is told to a few at once", () => {
    const { tell, told } = many(19);
    tell("a");
    assert.equal(told("a"), 19);
  });

  test("is told to very many in turns, and each change before the next", async () => {
    const { tell, told } = many(1000);
    tell("a");
    tell("b");
    assert.ok(told() > 800, "the loop is let go of");
    for (let turns = 0; told("a", "b") < 1000; turns++) {
      assert.ok(turns < 1000);
      await turn();
      assert.equal(told() + told("a") + told("a", "b"), 1000);
    }
  });

  test("is told together with those that came while others were told of the one before", async () => {
    const log: Seen[] = [];
    const { hub, tell, told, watchers } = many(1000);
    const last = new Seen(log);
    hub.subscribe(everything, last);
    for (const name of ["a", "b", "c", "d"]) tell(name);
    for (let turns = 0; turns < 1000 && told("a", "b", "c", "d") < 1000; turns++) await turn();
    assert.deepEqual(last.names, ["a", "b", "c", "d"]);
    assert.equal(log.length, 2, "a for itself, the others at once");
    assert.deepEqual(watchers[0]?.names, last.names);
  });

  test("is told in turns also where there are several kinds: one piece in each turn of the loop", async () => {
    const [one, other] = [many(1000), many(1000)];
    one.tell("a");
    other.tell("b");
    const left = () => [1000 - one.told("a"), 1000 - other.told("b")] as const;
    for (let before = left(), turns = 0; before[0] + before[1] > 0; turns++) {
      assert.ok(turns < 1000);
      await turn();
      const now = left();
      assert.ok(now[0] === before[0] || now[1] === before[1], `${before.join()} to ${now.join()}`);
      before = now;
    }
  });

  test("is not told to who came after it, nor to who left", async () => {
    const { hub, watchers, subscriptions, tell } = many(300);
    tell("a");
    const late = new Seen();
    hub.subscribe(everything, late);
    subscriptions[299]?.stop();
    tell("b");
    for (let turns = 0; turns < 20; turns++) await turn();
    assert.deepEqual([late.names, watchers[298]?.names, watchers[299]?.names], [["b"], ["a", "b"], []]);
  });

  test("is told out of turn to who must know, once, and to all before the end", async () => {
    const { hub, watchers, subscriptions, tell, told } = many(1000);
    tell("a");
    tell("b");
    subscriptions[999]?.settle();
    subscriptions[0]?.settle();
    assert.deepEqual(watchers[999]?.names, ["a", "b"]);
    assert.equal(told("a", "b"), 2, "and nobody else");
    tell("c");
    for (let turns = 0; turns < 1000 && told("a", "b", "c") < 1000; turns++) await turn();
    tell("d");
    hub.end();
    assert.equal(told("a", "b", "c", "d", "the end"), 1000);
  });
});
