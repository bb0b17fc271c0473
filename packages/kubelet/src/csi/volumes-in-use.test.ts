import assert from "node:assert/strict";
import { test } from "node:test";
import { VolumesInUse } from "./volumes-in-use.ts";

test("a volume may be staged when the API knows that it is used, and is used until its last pod is gone", async () => {
  let changes = 0;
  const inUse = new VolumesInUse(() => changes++);
  assert.equal(inUse.names(), undefined, "not before it is known what an earlier kubelet left");
  inUse.load([["old", "pod-0"]]);
  assert.deepEqual([inUse.names(), changes], [["old"], 1]);

  const order: string[] = [];
  const first = inUse.take("data", "pod-1").then(() => order.push("staged"));
  const second = inUse.take("data", "pod-2");
  assert.deepEqual(inUse.names(), ["data", "old"]);
  inUse.reported(["old"]);
  await Promise.resolve();
  order.push("reported");
  inUse.reported(["data", "old"]);
  await Promise.all([first, second]);
  assert.deepEqual(order, ["reported", "staged"]);
  await inUse.take("data", "pod-1");

  inUse.release("pod-1");
  assert.deepEqual(inUse.names(), ["data", "old"]);
  changes = 0;
  inUse.release("pod-2");
  inUse.release("pod-0");
  assert.deepEqual([inUse.names(), changes], [[], 2]);
});

test("a volume that was let go and is taken again is reported again first", async () => {
  const inUse = new VolumesInUse(() => {});
  inUse.load([]);
  const taken = inUse.take("data", "pod-1");
  inUse.reported(["data"]);
  await taken;
  inUse.release("pod-1");
  let ready = false;
  void inUse.take("data", "pod-2").then(() => (ready = true));
  await Promise.resolve();
  assert.equal(ready, false);
});
