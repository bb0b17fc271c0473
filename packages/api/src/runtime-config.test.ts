import assert from "node:assert/strict";
import { test } from "node:test";
import { builtInResources } from "./all.ts";
import { groupVersion } from "./resource-ref.ts";
import { servedResources } from "./runtime-config.ts";

const served = (...config: string[]) => servedResources(config).map((each) => `${groupVersion(each)}/${each.resource}`);
const MIGRATIONS = "storagemigration.k8s.io/v1beta1/storageversionmigrations";

test("what is stable is served, and betas are when they are asked for, one way or another", () => {
  assert.equal(served().length, builtInResources.length);
  for (const asked of ["api/all", "api/beta=true", "storagemigration.k8s.io/v1beta1=true", MIGRATIONS])
    assert.ok(served(asked).includes(MIGRATIONS), asked);
  assert.ok(!served("api/beta", `${MIGRATIONS}=false`).includes(MIGRATIONS), "the particular goes before the general");
});

test("what is switched off is not served, unless the server needs it", () => {
  assert.ok(!served("batch/v1/cronjobs=false").includes("batch/v1/cronjobs"));
  assert.ok(served("batch/v1/cronjobs=false").includes("batch/v1/jobs"));
  assert.throws(() => served("v1=false"), /v1 cannot be switched off/);
  assert.deepEqual(served("resource.k8s.io/v1beta1=true"), served(), "a version that is not served is no mistake");
  assert.throws(() => served("nonsense.example.com/v1"), /unknown api groups nonsense.example.com\/v1/);
  assert.throws(() => served("apps/v1=maybe"), /true or false/);
});
