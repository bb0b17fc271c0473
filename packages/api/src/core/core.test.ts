import assert from "node:assert/strict";
import { test } from "node:test";
import { apiResourceList, groupResources } from "../discovery.ts";
import { readFacts, skipWithoutFacts as skip } from "../facts.fixture.ts";
import type { ResourceDefinition } from "../resource.ts";
import { coreResources } from "./index.ts";

const definitions = coreResources as readonly unknown[] as readonly ResourceDefinition[];

test("discovery of the core group is the original's", { skip }, () => {
  const [core] = groupResources(definitions);
  assert.ok(core?.versions[0]);
  const { resources } = readFacts("discovery.json") as { resources: Record<string, object> };
  const ours: unknown = JSON.parse(JSON.stringify(apiResourceList("", core.versions[0])));
  assert.deepEqual(ours, resources["v1"]);
});

test("tables have the original's columns", { skip }, () => {
  const facts = readFacts("table-columns.json") as Record<string, object>;
  for (const { resource, table } of definitions)
    if (facts[`v1/${resource}`]) assert.deepEqual(table?.columns, facts[`v1/${resource}`], resource);
});

test("objects stand under the original's keys", () => {
  const odd = definitions
    .filter(({ resource, storagePrefix }) => storagePrefix !== `/registry/${resource}`)
    .map(({ resource, storagePrefix }) => [resource, storagePrefix]);
  assert.deepEqual(Object.fromEntries(odd), {
    endpoints: "/registry/services/endpoints",
    nodes: "/registry/minions",
    replicationcontrollers: "/registry/controllers",
    services: "/registry/services/specs",
  });
});
