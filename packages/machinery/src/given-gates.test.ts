import assert from "node:assert/strict";
import { test } from "node:test";
import { isOpen, missingFeatures } from "./given-gates.ts";

test("a gate is as it was named, as all of its stage were, or as by default", () => {
  assert.equal(isOpen("HPAScaleToZero", {}), false);
  assert.equal(isOpen("HPAScaleToZero", { AllAlpha: true }), true);
  assert.equal(isOpen("HPAScaleToZero", { AllAlpha: true, HPAScaleToZero: false }), false);
  assert.equal(isOpen("WatchList", {}), true);
  assert.equal(isOpen("WatchList", { AllBeta: false }), false);
  assert.equal(isOpen("CustomCPUCFSQuotaPeriod", { CustomCPUCFSQuotaPeriod: true }), true);
  assert.equal(isOpen("CustomCPUCFSQuotaPeriod", {}), false);
});

test("who opens what is not there is told, and nobody else", () => {
  assert.deepEqual(missingFeatures(["PodsAPI"], { PodsAPI: true, WatchList: true }), [
    "Feature PodsAPI is not there: it stays off.",
  ]);
  assert.deepEqual(missingFeatures(["PodsAPI"], { PodsAPI: false, AllAlpha: true }), []);
});
