/** Disruption budgets: their verbs, what their status says, and the evictions that they hold up. */
import assert from "node:assert/strict";
import { poddisruptionbudgets, pods } from "@kubets/api/generated/refs";
import { behaviour } from "../behaviour.ts";
import type { BehaviourContext } from "../context.ts";
import { pod } from "../objects.ts";
import { statusVerbs } from "../verbs.ts";

const labels = { app: "held" };
const budget = (name: string, spec: object, more: object = {}) => ({
  metadata: { name, ...more },
  spec: { selector: { matchLabels: labels }, ...spec },
});
const makeBudget = (
  { client, namespace }: BehaviourContext,
  spec: object,
  where = namespace,
  more: Record<string, string> = {},
) =>
  client.create(poddisruptionbudgets, {
    ...budget("pdb", spec),
    metadata: { namespace: where, name: "pdb", labels: more },
  });
const makePods = async (t: BehaviourContext, count: number) => {
  for (let i = 0; i < count; i++) {
    const { spec } = pod("", labels);
    await t.client.create(pods, { metadata: { namespace: t.namespace, name: `held-${i}`, labels }, spec });
  }
  for (let i = 0; i < count; i++) await t.podReady(`held-${i}`);
};
const evict = (t: BehaviourContext, name: string) =>
  t.request("POST", `/api/v1/namespaces/${t.namespace}/pods/${name}/eviction`, {
    apiVersion: "policy/v1",
    kind: "Eviction",
    metadata: { name },
  });
const allowed = (t: BehaviourContext, count: number) =>
  t.until(
    poddisruptionbudgets,
    "pdb",
    `${count} disruptions to be allowed`,
    (it) => it?.status.disruptionsAllowed === count && it.status.observedGeneration === it.metadata.generation,
  );

behaviour(
  "[sig-apps] DisruptionController Listing PodDisruptionBudgets for all namespaces should list and delete a collection of PodDisruptionBudgets [Conformance]",
  { on: "api" },
  async (t) => {
    const { client, namespace } = t;
    const other = await t.newNamespace();
    const label = { life: namespace };
    const labelSelector = `life=${namespace}`;
    for (const where of [namespace, other]) await makeBudget(t, { minAvailable: 1 }, where, label);
    await client.create(poddisruptionbudgets, {
      metadata: { namespace, name: "second", labels: label },
      spec: { minAvailable: "50%", selector: { matchLabels: labels } },
    });
    const names = async (where?: string) =>
      (await client.list(poddisruptionbudgets, { labelSelector, ...(where && { namespace: where }) })).items
        .map(({ metadata }) => `${metadata.namespace}/${metadata.name}`)
        .toSorted();
    assert.deepEqual(await names(), [`${namespace}/pdb`, `${namespace}/second`, `${other}/pdb`].toSorted());
    assert.equal((await names(namespace)).length, 2);
    await client.deleteCollection(poddisruptionbudgets, { namespace, labelSelector });
    await t.eventually("one namespace to be empty", async () => (await names(namespace)).length === 0);
    assert.deepEqual(await names(), [`${other}/pdb`]);
  },
);

behaviour(
  "[sig-apps] DisruptionController should block an eviction until the PDB is updated to allow it [Conformance]",
  { on: "simulated" },
  async (t) => {
    const { client, namespace } = t;
    await makePods(t, 3);
    // The third pod is not evicted below: with three wanted, nothing may go.
    await makeBudget(t, { minAvailable: 3 });
    await allowed(t, 0);
    const refused = await evict(t, "held-0");
    assert.equal(refused.status, 429, refused.text);
    assert.equal(refused.json.details.causes[0].reason, "DisruptionBudget");
    const key = { namespace, name: "pdb" };
    await client.patch(poddisruptionbudgets, key, { type: "merge", body: { spec: { minAvailable: 2 } } });
    await allowed(t, 1);
    assert.equal((await evict(t, "held-0")).status, 201);
    await t.untilGone(pods, "held-0");
    await allowed(t, 0);
    assert.equal((await evict(t, "held-1")).status, 429);
    await client.delete(poddisruptionbudgets, key);
    await t.untilGone(poddisruptionbudgets, "pdb");
    assert.equal((await evict(t, "held-1")).status, 201);
    await t.untilGone(pods, "held-1");
  },
);

behaviour(
  "[sig-apps] DisruptionController should create a PodDisruptionBudget [Conformance]",
  { on: "api" },
  async (t) => {
    const { client, namespace } = t;
    const key = { namespace, name: "pdb" };
    await makeBudget(t, { minAvailable: "10%" });
    assert.equal((await client.get(poddisruptionbudgets, key)).spec.minAvailable, "10%");
    await t.eventually("an update without a conflict", async () => {
      const path = `/apis/policy/v1/namespaces/${namespace}/poddisruptionbudgets/pdb`;
      const { json } = await t.request("GET", path);
      return (await t.request("PUT", path, { ...json, spec: { ...json.spec, minAvailable: "20%" } })).status === 200;
    });
    assert.equal((await client.get(poddisruptionbudgets, key)).spec.minAvailable, "20%");
    await client.patch(poddisruptionbudgets, key, { type: "strategic", body: { spec: { minAvailable: "30%" } } });
    assert.equal((await client.get(poddisruptionbudgets, key)).spec.minAvailable, "30%");
    await client.delete(poddisruptionbudgets, key);
    await t.untilGone(poddisruptionbudgets, "pdb");
  },
);

behaviour(
  "[sig-apps] DisruptionController should observe PodDisruptionBudget status updated [Conformance]",
  { on: "simulated" },
  async (t) => {
    await makeBudget(t, { minAvailable: 1 });
    await makePods(t, 3);
    const { status } = await allowed(t, 2);
    assert.deepEqual([status.currentHealthy, status.desiredHealthy, status.expectedPods], [3, 1, 3]);
  },
);

behaviour(
  "[sig-apps] DisruptionController should update/patch PodDisruptionBudget status [Conformance]",
  { on: "api" },
  async (t) => {
    await makeBudget(t, { minAvailable: 1 });
    await t.until(poddisruptionbudgets, "pdb", "the first status", (it) => it?.status.observedGeneration === 1);
    await statusVerbs(t, poddisruptionbudgets, "pdb", {
      type: "FromBehaviour",
      status: "True",
      message: "",
      lastTransitionTime: "2026-01-01T00:00:00Z",
    });
  },
);
