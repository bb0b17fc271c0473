import assert from "node:assert/strict";
import { test } from "node:test";
import { pod } from "@kubets/api/testing/pod-builder";
import { tooMuch } from "./pod-resize-validator.ts";

test("a pod may grow as far as its node has room for it alone", () => {
  const wants = (requests: Record<string, string>) => pod("a").container("c", { resources: { requests } }).build();
  const allocatable = { cpu: "2", memory: "1Gi" };
  assert.deepEqual(tooMuch(wants({ cpu: "2", memory: "1Gi" }), allocatable), []);
  assert.deepEqual(tooMuch(wants({ cpu: "100", memory: "2Gi" }), allocatable), [
    "cpu, requested: 100000, allocatable: 2000",
    "memory, requested: 2147483648, allocatable: 1073741824",
  ]);
});
