import assert from "node:assert/strict";
import { test } from "node:test";
import type { KubeObject } from "@kubets/api/meta";
import type { ResourceDefinition } from "@kubets/api/resource";
import type { DeleteOptions } from "./delete-options.ts";
import { planDelete } from "./plan-delete.ts";

const NOW = Date.parse("2030-01-01T00:00:00Z");
const plain = {} as ResourceDefinition;
const graceful = { graceSeconds: (_: KubeObject, asked: number | undefined) => asked ?? 30 } as ResourceDefinition;
const orphaning = { defaultPropagation: "Orphan" } as ResourceDefinition;

interface Case {
  readonly definition: ResourceDefinition;
  readonly metadata: object;
  readonly options?: DeleteOptions;
  readonly expected: "pending" | { readonly goes: boolean; readonly metadata?: object };
}

const going = { deletionTimestamp: "2029-12-31T23:59:50Z" };
const cases: Record<string, Case> = {
  "nothing holds it": { definition: plain, metadata: {}, expected: { goes: true } },
  "a finalizer holds it": {
    definition: plain,
    metadata: { finalizers: ["a/b"], generation: 3 },
    expected: {
      goes: false,
      metadata: {
        finalizers: ["a/b"],
        generation: 4,
        deletionTimestamp: "2030-01-01T00:00:00Z",
        deletionGracePeriodSeconds: 0,
      },
    },
  },
  "held and going already": {
    definition: plain,
    metadata: { ...going, deletionGracePeriodSeconds: 0, finalizers: ["a/b"] },
    expected: "pending",
  },
  "dependents first": {
    definition: plain,
    metadata: {},
    options: { propagationPolicy: "Foreground" },
    expected: {
      goes: false,
      metadata: {
        finalizers: ["foregroundDeletion"],
        deletionTimestamp: "2030-01-01T00:00:00Z",
        deletionGracePeriodSeconds: 0,
      },
    },
  },
  "a kind that orphans": {
    definition: orphaning,
    metadata: {},
    expected: {
      goes: false,
      metadata: { finalizers: ["orphan"], deletionTimestamp: "2030-01-01T00:00:00Z", deletionGracePeriodSeconds: 0 },
    },
  },
  "in the background after all": {
    definition: orphaning,
    metadata: {},
    options: { propagationPolicy: "Background" },
    expected: { goes: true },
  },
  "a time of grace": {
    definition: graceful,
    metadata: { generation: 1 },
    expected: {
      goes: false,
      metadata: { generation: 2, deletionTimestamp: "2030-01-01T00:00:30Z", deletionGracePeriodSeconds: 30 },
    },
  },
  "no grace: marked, then gone": {
    definition: graceful,
    metadata: {},
    options: { gracePeriodSeconds: 0 },
    expected: {
      goes: true,
      metadata: { deletionTimestamp: "2030-01-01T00:00:00Z", deletionGracePeriodSeconds: 0 },
    },
  },
  "asked again": {
    definition: graceful,
    metadata: { ...going, deletionGracePeriodSeconds: 30 },
    expected: "pending",
  },
  "a shorter grace counts from the beginning": {
    definition: graceful,
    metadata: { deletionTimestamp: "2030-01-01T00:00:20Z", deletionGracePeriodSeconds: 30 },
    options: { gracePeriodSeconds: 5 },
    expected: {
      goes: false,
      metadata: { deletionTimestamp: "2029-12-31T23:59:55Z", deletionGracePeriodSeconds: 5 },
    },
  },
};

for (const [name, { definition, metadata, options = {}, expected }] of Object.entries(cases))
  test(name, () => {
    const object = { metadata } as KubeObject;
    const before = JSON.stringify(object);
    const plan = planDelete(definition, object, options, NOW);
    if (plan === "pending") assert.equal(plan, expected);
    else assert.deepEqual({ goes: plan.goes, ...(plan.marked && { metadata: plan.marked.metadata }) }, expected);
    assert.equal(JSON.stringify(object), before, "the object stays as it was");
  });
