import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { Floors } from "./floors.ts";
import { HistoryPolicy, resourcePrefix } from "./history-policy.ts";

describe("resourcePrefix", () => {
  const cases: Record<string, string> = {
    "/registry/pods/ns/name": "/registry/pods/",
    "/registry/namespaces/default": "/registry/namespaces/",
    "/registry/stable.example.com/crontabs/ns/name": "/registry/stable.example.com/crontabs/",
    "/registry/stable.example.com/crontabs": "/registry/stable.example.com/",
    "/registry/pods/ns/with.dot": "/registry/pods/",
    "/registry/pods": "/registry/",
    "/registry": "",
    plain: "",
    "": "",
  };
  for (const [key, prefix] of Object.entries(cases))
    it(`of ${key} is ${prefix}`, () => assert.equal(resourcePrefix(key), prefix));
});

describe("HistoryPolicy", () => {
  it("raises the floor over what is old, and asks again in time", () => {
    const policy = new HistoryPolicy({ keep: 1000 });
    assert.equal(policy.nextDue(0), undefined);
    policy.written(5, 0);
    policy.written(9, 500);
    assert.equal(policy.nextDue(500), 500);
    assert.deepEqual(policy.due(999), []);
    assert.deepEqual(policy.due(1000), [{ prefix: "", revision: 5 }]);
    assert.equal(policy.nextDue(1000), 500);
    assert.deepEqual(policy.due(5000), [{ prefix: "", revision: 9 }]);
    assert.equal(policy.nextDue(5000), undefined);
  });

  it("never takes what is young when the wall clock jumps back", () => {
    const policy = new HistoryPolicy({ keep: 1000 });
    policy.written(5, 10_000);
    policy.written(6, 100);
    assert.deepEqual(policy.due(1200), []);
    assert.deepEqual(policy.due(11_000), [{ prefix: "", revision: 6 }]);
  });

  it("keeps for ever all but what is short", () => {
    const policy = new HistoryPolicy({ keep: "forever", short: ["/r/leases/"], shortMs: 1000 });
    policy.written(5, 0);
    assert.deepEqual(policy.due(1000), [{ prefix: "/r/leases/", revision: 5 }]);
    const none = new HistoryPolicy({ keep: "forever", short: [] });
    none.written(5, 0);
    assert.equal(none.nextDue(0), undefined);
  });

  it("takes the oldest of a resource that spent its budget", () => {
    const policy = new HistoryPolicy({ keep: "forever", short: [], budgetBytes: 16_000 });
    for (let revision = 1; revision <= 16; revision++) policy.replaced("/r/pods/a/a", revision, 900);
    assert.equal(policy.nextDue(0), undefined);
    policy.replaced("/r/pods/a/b", 17, 900);
    policy.replaced("/r/nodes/a", 18, 900);
    assert.equal(policy.nextDue(0), 0);
    assert.deepEqual(policy.due(0), [{ prefix: "/r/pods/", revision: 1 }]);
    assert.equal(policy.nextDue(0), undefined);
  });

  it("no longer counts what went by time", () => {
    const policy = new HistoryPolicy({ keep: 1000, budgetBytes: 16_000 });
    for (let revision = 1; revision <= 16; revision++) policy.replaced("/r/pods/a", revision, 900);
    policy.written(16, 0);
    policy.due(1000);
    policy.replaced("/r/pods/a", 17, 900);
    assert.deepEqual(policy.due(1000), []);
  });
});

describe("Floors", () => {
  it("hold for all prefixes that overlap", () => {
    const floors = new Floors();
    floors.raise("/r/leases/", 7);
    floors.raise("", 3);
    floors.raise("", 2);
    assert.equal(floors.oldest("/r/pods/"), 3);
    assert.equal(floors.oldest("/r/leases/ns/name"), 7);
    assert.equal(floors.oldest("/r/"), 7);
    assert.equal(floors.oldest("/r/leases"), 7);
    assert.equal(floors.oldest("/r/lea-other/"), 3);
  });
});
