import assert from "node:assert/strict";
import { test } from "node:test";
import type { ResourceClaim, ResourceSlice } from "@kubets/api/generated/types/resource-v1";
import { poolsOf } from "./plan.ts";

const slice = (pool: string, devices: number, more: object = {}, nodeName?: string) =>
  ({
    spec: {
      driver: "d",
      pool: { name: pool, generation: 1, resourceSliceCount: 1, ...more },
      devices: Array.from({ length: devices }, (_, i) => ({ name: `d${i}` })),
      ...(nodeName && { nodeName }),
    },
  }) as unknown as ResourceSlice;
const claim = (...results: object[]) =>
  ({ status: { allocation: { devices: { results } } } }) as unknown as ResourceClaim;
const of = (pool: string, driver = "d") => ({ driver, pool, device: "d0", request: "r" });

test("devices of the newest generation are counted, and those that claims have", () => {
  const slices = [
    slice("b", 2, { generation: 2, resourceSliceCount: 2 }, "n1"),
    slice("b", 1, { generation: 2, resourceSliceCount: 2 }, "n1"),
    slice("b", 9, {}, "n1"),
    slice("a", 1),
    { spec: { ...slice("a", 9).spec, driver: "other" } } as ResourceSlice,
  ];
  const claims = [claim(of("b"), of("a")), claim(of("a"), of("b", "other")), {} as ResourceClaim];
  const { count, told } = poolsOf({ driver: "d" }, slices, claims);
  assert.equal(count, 2);
  const counts = { driver: "d", resourceSliceCount: 1, unavailableDevices: 0 };
  assert.deepEqual(told, [
    { ...counts, poolName: "a", generation: 1, totalDevices: 1, allocatedDevices: 2, availableDevices: 0 },
    {
      ...counts,
      poolName: "b",
      generation: 2,
      nodeName: "n1",
      resourceSliceCount: 2,
      totalDevices: 3,
      allocatedDevices: 1,
      availableDevices: 2,
    },
  ]);
});

test("a pool of which slices are missing says so, and names a node only where all are there", () => {
  const slices = [slice("a", 1, { resourceSliceCount: 3 }, "n1"), slice("a", 1, { resourceSliceCount: 3 }, "n2")];
  assert.deepEqual(poolsOf({ driver: "d" }, slices, []).told, [
    {
      driver: "d",
      poolName: "a",
      generation: 1,
      validationError: "pool d/a is incomplete: observed 2/3 slices at generation 1",
    },
  ]);
});

test("one pool, or no more than the limit", () => {
  const slices = ["c", "b", "a"].map((name) => slice(name, 1));
  const names = (more: object) => {
    const { count, told } = poolsOf({ driver: "d", ...more }, slices, []);
    return [count, ...told.map(({ poolName }) => poolName)];
  };
  assert.deepEqual(names({ poolName: "b" }), [1, "b"]);
  assert.deepEqual(names({ limit: 2 }), [3, "a", "b"]);
});
