import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { builtInResources } from "@kubets/api/all";
import type { CachedChange } from "./cached-change.ts";
import type { CachedObject } from "./cached-object.ts";
import type { EventBatch } from "./event-batch.ts";
import { WatchHub } from "./watch-hub.ts";

const turn = () => new Promise((resolve) => setImmediate(resolve));
const change = (name: string) => ({ current: { name } as CachedObject }) as CachedChange;
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
  const leave = watchers.map((watcher) => hub.subscribe(everything, watcher));
  const tell = (name: string) => {
    hub.add(change(name));
    hub.flush();
  };
  const told = (...names: string[]) => watchers.filter((each) => each.names.join() === names.join()).length;
  return { hub, watchers, leave, tell, told };
}

describe("a change that many watch", () => {
  test("is told to a few at once", () => {
    const { tell, told } = many(100);
    tell("a");
    assert.equal(told("a"), 100);
  });

  test("is told to very many in turns, and each change before the next", async () => {
    const { tell, told } = many(1000);
    tell("a");
    tell("b");
    assert.ok(told() > 800, "the loop is let go of");
    for (let turns = 0; told("a", "b") < 1000; turns++) {
      assert.ok(turns < 100);
      await turn();
      assert.equal(told() + told("a") + told("a", "b"), 1000);
    }
  });

  test("is not told to who came after it, nor to who left", async () => {
    const { hub, watchers, leave, tell } = many(300);
    tell("a");
    const late = new Seen();
    hub.subscribe(everything, late);
    leave[299]?.();
    tell("b");
    for (let turns = 0; turns < 20; turns++) await turn();
    assert.deepEqual([late.names, watchers[298]?.names, watchers[299]?.names], [["b"], ["a", "b"], []]);
  });

  test("has been told to all once the hub has settled, and before the end", () => {
    const { hub, tell, told } = many(1000);
    tell("a");
    hub.settle();
    assert.equal(told("a"), 1000);
    tell("b");
    hub.end();
    assert.equal(told("a", "b", "the end"), 1000);
  });
});
