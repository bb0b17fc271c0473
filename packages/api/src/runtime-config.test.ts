import assert from "node:assert/strict";
import { test } from "node:test";
import { builtInResources } from "./all.ts";
import { readFacts, skipWithoutFacts as skip } from "./facts.fixture.ts";
import { groupVersion } from "./resource-ref.ts";
import { servedResources } from "./runtime-config.ts";

const served = (...config: string[]) =>
  servedResources(config, () => true).map((each) => `${groupVersion(each)}/${each.resource}`);
interface TypeFacts {
  readonly properties?: object;
  readonly "x-kubernetes-group-version-kind"?: readonly { group: string; version: string; kind: string }[];
}
const MIGRATIONS = "storagemigration.k8s.io/v1beta1/storageversionmigrations";

test("what is stable is served, and betas are when they are asked for, one way or another", () => {
  assert.equal(served().length, builtInResources.length);
  for (const asked of ["api/all", "api/beta=true", "storagemigration.k8s.io/v1beta1=true", MIGRATIONS])
    assert.ok(served(asked).includes(MIGRATIONS), asked);
  assert.ok(!served("api/beta", `${MIGRATIONS}=false`).includes(MIGRATIONS), "the particular goes before the general");
});

test("what a feature is for is served with the feature alone", () => {
  const groups = (on: boolean) =>
    servedResources(["api/all"], () => on).filter(({ resource }) => /^(podgroups|leasecandidates)$/.test(resource));
  assert.equal(groups(false).length, 0);
  assert.equal(groups(true).length, 3, "pod groups, and candidates in two versions");
});

test("every kind of v1.36 that can be stored is served when all is asked for", { skip }, () => {
  const all = new Set(servedResources(["api/all"], () => true).map((each) => `${groupVersion(each)} ${each.kind}`));
  const types = Object.values(readFacts("types.json") as Record<string, TypeFacts>);
  const missing = types
    .filter(({ properties = {} }) => "metadata" in properties && !("items" in properties))
    .flatMap((type) => type["x-kubernetes-group-version-kind"] ?? [])
    .map((gvk) => `${groupVersion(gvk)} ${gvk.kind}`)
    .filter((name) => !all.has(name));
  assert.deepEqual([...new Set(missing)].sort(), [
    "authentication.k8s.io/v1 TokenRequest",
    "autoscaling/v1 Scale",
    "policy/v1 Eviction",
    "v1 Status",
  ]);
});

test("what is switched off is not served, unless the server needs it", () => {
  assert.ok(!served("batch/v1/cronjobs=false").includes("batch/v1/cronjobs"));
  assert.ok(served("batch/v1/cronjobs=false").includes("batch/v1/jobs"));
  assert.throws(() => served("v1=false"), /v1 cannot be switched off/);
  assert.deepEqual(served("batch/v1beta1=true"), served(), "a version that is not served any more is no mistake");
  assert.throws(() => served("nonsense.example.com/v1"), /unknown api groups nonsense.example.com\/v1/);
  assert.throws(() => served("apps/v1=maybe"), /true or false/);
});
