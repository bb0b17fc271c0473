import assert from "node:assert/strict";
import { test } from "node:test";
import { amountOf, listText, showBytes, showCpu, showOf } from "./amounts.ts";

test("quantities are read as cores, bytes, pieces", () => {
  const read = ["250m", "2", "1Ki", "30975383n", "", "many", undefined].map((text) => amountOf(text));
  assert.deepEqual(read, [0.25, 2, 1024, 0.030975383, 0, 0, 0]);
});

test("amounts are shown with as many figures as one looks at", () => {
  assert.deepEqual([0, 0.05, 0.9999, 1, 1.5, 12.3456, 400].map(showCpu), ["0", "50m", "1", "1", "1.5", "12.3", "400"]);
  const bytes = [0, 512, 1023, 1024, 1536 * 1024, 24_581_696 * 1024, 2 ** 62].map(showBytes);
  assert.deepEqual(bytes, ["0", "512", "1023", "1Ki", "1.5Mi", "23.4Gi", "4Ei"]);
});

test("a resource of a quota is shown by its name", () => {
  const shown = (resource: string) => showOf(resource)(2 ** 20);
  const names = [
    "limits.memory",
    "fast.storageclass.storage.k8s.io/requests.storage",
    "hugepages-2Mi",
    "pods",
    "count/secrets",
  ];
  assert.deepEqual(names.map(shown), ["1Mi", "1Mi", "1Mi", "1048576", "1048576"]);
  assert.equal(showOf("requests.cpu")(0.5), "500m");
  assert.equal(listText({ cpu: "1", memory: "2Gi" }), "cpu 1, memory 2Gi");
});
