import assert from "node:assert/strict";
import { test } from "node:test";
import { builtInResources } from "./all.ts";
import {
  apiGroup,
  apiGroupDiscoveryList,
  apiGroupList,
  apiResourceList,
  apiVersions,
  groupResources,
  storageVersionHash,
} from "./discovery.ts";
import { readFacts, skipWithoutFacts as skip } from "./facts.fixture.ts";
import { compareVersions } from "./group-priority.ts";
import { groupVersion } from "./resource-ref.ts";

const groups = groupResources(builtInResources);
const named = groups.filter(({ group }) => group !== "");
const plain = (value: unknown) => JSON.parse(JSON.stringify(value));

interface Facts {
  api: object;
  apis: { groups: { name: string }[] };
  resources: Record<string, { resources: { name: string }[] }>;
  "aggregated/api": object;
  "aggregated/apis": object;
}
const facts = (): Facts => readFacts("discovery.json") as Facts;

test("the versions and groups are those of the original, in its order", { skip }, () => {
  assert.deepEqual(plain(apiGroupList(groups)), { ...facts().apis, kind: "APIGroupList" });
  assert.deepEqual(
    { ...plain(apiVersions([])), serverAddressByClientCIDRs: undefined },
    {
      ...facts().api,
      serverAddressByClientCIDRs: undefined,
    },
  );
});

for (const { group, versions } of groups)
  for (const version of versions) {
    const name = groupVersion({ group, version: version.version });
    test(`the resources of ${name} are those of the original`, { skip }, () => {
      assert.deepEqual(plain(apiResourceList(group, version)), facts().resources[name]);
    });
  }

test("the aggregated documents are those of the original", { skip }, () => {
  const core = groups.filter(({ group }) => group === "");
  assert.deepEqual(plain(apiGroupDiscoveryList(named)), facts()["aggregated/apis"]);
  assert.deepEqual(plain(apiGroupDiscoveryList(core)), facts()["aggregated/api"]);
});

test("one group names its preferred version", () => {
  const autoscaling = groups.find(({ group }) => group === "autoscaling");
  assert.ok(autoscaling);
  assert.deepEqual(apiGroup(autoscaling).preferredVersion, { groupVersion: "autoscaling/v2", version: "v2" });
});

test("what is never stored has no storage version", () => {
  const review = builtInResources.find(({ resource }) => resource === "tokenreviews");
  assert.ok(review);
  assert.equal(storageVersionHash(review), undefined);
});

test("versions are ordered as people count them", () => {
  const versions = ["foo1", "v1alpha1", "v10", "v2beta1", "v1beta2", "v2", "v1", "foo10", "v11alpha2"];
  assert.deepEqual(versions.toSorted(compareVersions), [
    "v10",
    "v2",
    "v1",
    "v2beta1",
    "v1beta2",
    "v11alpha2",
    "v1alpha1",
    "foo1",
    "foo10",
  ]);
});
