import assert from "node:assert/strict";
import { test } from "node:test";
import { boundErrors, requestErrors } from "./bounds.ts";

const bounds = {
  type: "Container",
  min: { cpu: "100m", memory: "32Mi" },
  max: { cpu: "1" },
  maxLimitRequestRatio: { memory: "2" },
};

test("what is within the bounds is let through", () => {
  assert.deepEqual([...boundErrors(bounds, { cpu: "100m", memory: "1Gi" }, { cpu: "1", memory: "2Gi" })], []);
});

test("each bound says what is asked for and what may be", () => {
  assert.deepEqual(
    [...boundErrors(bounds, { cpu: "50m", memory: "10Mi" }, { cpu: "5", memory: "1Gi" })],
    [
      "minimum cpu usage per Container is 100m, but request is 50m",
      "minimum memory usage per Container is 32Mi, but request is 10Mi",
      "maximum cpu usage per Container is 1, but limit is 5",
      "memory max limit to request ratio per Container is 2, but provided ratio is 102.400000",
    ],
  );
  assert.deepEqual(
    [...boundErrors(bounds, {}, {})],
    [
      "minimum cpu usage per Container is 100m.  No request is specified",
      "minimum memory usage per Container is 32Mi.  No request is specified",
      "maximum cpu usage per Container is 1.  No limit is specified",
      "memory max limit to request ratio per Container is 2, but no request is specified or request is 0",
    ],
  );
});

test("claims have requests alone", () => {
  const claim = { type: "PersistentVolumeClaim", min: { storage: "1Gi" }, max: { storage: "2Gi" } };
  assert.deepEqual(
    [...requestErrors(claim, { storage: "3Gi" })],
    ["maximum storage usage per PersistentVolumeClaim is 2Gi, but request is 3Gi"],
  );
});
