/** Resource quotas: what is counted while objects live and given back when they go; scopes; all verbs. */
import assert from "node:assert/strict";
import { pods, replicationcontrollers, resourcequotas, secrets } from "@kubets/api/generated/refs";
import type { Pod } from "@kubets/api/generated/types/core-v1";
import type { Input } from "@kubets/api/meta";
import { behaviour } from "../behaviour.ts";
import type { BehaviourContext } from "../context.ts";
import { container, podSpec, template } from "../objects.ts";

const QUOTA = "[sig-api-machinery] ResourceQuota should";
type Amounts = Record<string, string>;

const HARD: Amounts = {
  resourcequotas: "1",
  pods: "5",
  secrets: "10",
  replicationcontrollers: "10",
  cpu: "1",
  memory: "500Mi",
  "requests.ephemeral-storage": "50Gi",
  "requests.example.com/dongle": "3",
};
const makeQuota = ({ client, namespace }: BehaviourContext, hard: Amounts, name = "quota", scopes?: string[]) =>
  client.create(resourcequotas, { metadata: { namespace, name }, spec: { hard, ...(scopes && { scopes }) } });
const used = (t: BehaviourContext, amounts: Amounts, name = "quota") =>
  t.until(resourcequotas, name, `${name} to count ${JSON.stringify(amounts)}`, (it) =>
    Object.entries(amounts).every(([resource, amount]) => it?.status?.used?.[resource] === amount),
  );
const podOf = (requests: Amounts, more: { limits?: Amounts; deadline?: number } = {}) =>
  podSpec(undefined, {
    containers: [container(undefined, { resources: { requests, limits: more.limits ?? {} } })],
    ...(more.deadline && { activeDeadlineSeconds: more.deadline }),
  });
const makePod = ({ client, namespace }: BehaviourContext, name: string, spec: object) =>
  client.create(pods, { metadata: { namespace, name }, spec } as Input<Pod>);
const remove = async (t: BehaviourContext, name: string) => {
  await t.client.delete(pods, { namespace: t.namespace, name }, { gracePeriodSeconds: 0 });
  await t.untilGone(pods, name);
};

behaviour(
  `${QUOTA} create a ResourceQuota and ensure its status is promptly calculated. [Conformance]`,
  { on: "api" },
  async (t) => {
    await makeQuota(t, HARD);
    const { status } = await used(t, { resourcequotas: "1", pods: "0" });
    assert.deepEqual(status?.hard, HARD);
  },
);

behaviour(
  `${QUOTA} create a ResourceQuota and capture the life of a secret. [Conformance]`,
  { on: "api" },
  async (t) => {
    const { client, namespace } = t;
    const before = (await client.list(secrets, { namespace })).items.length;
    await makeQuota(t, HARD);
    await used(t, { resourcequotas: "1", secrets: String(before) });
    await client.create(secrets, { metadata: { namespace, name: "one" }, stringData: { a: "b" } });
    await used(t, { resourcequotas: "1", secrets: String(before + 1) });
    await client.delete(secrets, { namespace, name: "one" });
    await used(t, { secrets: String(before) });
  },
);

behaviour(
  `${QUOTA} create a ResourceQuota and capture the life of a replication controller. [Conformance]`,
  { on: "api" },
  async (t) => {
    const { client, namespace } = t;
    await makeQuota(t, HARD);
    await used(t, { resourcequotas: "1", replicationcontrollers: "0" });
    await client.create(replicationcontrollers, {
      metadata: { namespace, name: "one" },
      spec: { replicas: 0, selector: { a: "b" }, template: template({ a: "b" }) },
    });
    await used(t, { replicationcontrollers: "1" });
    await client.delete(replicationcontrollers, { namespace, name: "one" });
    await used(t, { replicationcontrollers: "0" });
  },
);

behaviour(
  `${QUOTA} create a ResourceQuota and capture the life of a pod. [Conformance]`,
  { on: "simulated" },
  async (t) => {
    const { client, namespace } = t;
    await makeQuota(t, HARD);
    const none = {
      pods: "0",
      cpu: "0",
      memory: "0",
      "requests.ephemeral-storage": "0",
      "requests.example.com/dongle": "0",
    };
    await used(t, none);
    const asked = { cpu: "500m", memory: "252Mi", "ephemeral-storage": "30Gi", "example.com/dongle": "2" };
    const dongles = { limits: { "example.com/dongle": "2" } };
    await makePod(t, "one", podOf(asked, dongles));
    await used(t, {
      pods: "1",
      cpu: "500m",
      memory: "252Mi",
      "requests.ephemeral-storage": "30Gi",
      "requests.example.com/dongle": "2",
    });
    const refused = async (requests: Amounts, limits: Amounts, exceeded: RegExp) => {
      const metadata = { namespace, name: "two" };
      const body = { kind: "Pod", apiVersion: "v1", metadata, spec: podOf(requests, { limits }) };
      const answer = await t.request("POST", `/api/v1/namespaces/${namespace}/pods`, body);
      assert.deepEqual([answer.status, answer.json.reason], [403, "Forbidden"], answer.text);
      assert.match(answer.json.message, exceeded);
    };
    await refused(
      { cpu: "600m", memory: "100Mi" },
      {},
      /exceeded quota: quota, requested: cpu=600m, used: cpu=500m, limited: cpu=1/,
    );
    await refused(
      { cpu: "100m", memory: "100Mi", "example.com/dongle": "2" },
      { "example.com/dongle": "2" },
      /exceeded quota/,
    );
    const body = { spec: { containers: [{ name: "c", resources: { requests: { cpu: "100m" } } }] } };
    const changed = await t.request("PATCH", `/api/v1/namespaces/${namespace}/pods/one`, body, {
      "content-type": "application/strategic-merge-patch+json",
    });
    assert.equal(changed.status, 422, changed.text);
    await used(t, { cpu: "500m" });
    await client.delete(pods, { namespace, name: "one" }, { gracePeriodSeconds: 0 });
    await used(t, none);
  },
);

behaviour(`${QUOTA} manage the lifecycle of a ResourceQuota [Conformance]`, { on: "api" }, async (t) => {
  const { client, namespace } = t;
  const label = { life: namespace };
  const labelSelector = `life=${namespace}`;
  await client.create(resourcequotas, {
    metadata: { namespace, name: "quota", labels: label },
    spec: { hard: { cpu: "500m", memory: "500Mi" } },
  });
  assert.deepEqual((await client.get(resourcequotas, { namespace, name: "quota" })).spec?.hard, {
    cpu: "500m",
    memory: "500Mi",
  });
  assert.equal((await client.list(resourcequotas, { labelSelector })).items.length, 1);
  const body = { metadata: { labels: { patched: "yes" } }, spec: { hard: { memory: "750Mi" } } };
  const patched = await client.patch(resourcequotas, { namespace, name: "quota" }, { type: "strategic", body });
  assert.deepEqual([patched.metadata.labels?.patched, patched.spec?.hard?.memory], ["yes", "750Mi"]);
  await client.deleteCollection(resourcequotas, { namespace, labelSelector: "patched=yes" });
  await t.untilGone(resourcequotas, "quota");
  assert.equal((await client.list(resourcequotas, { labelSelector })).items.length, 0);
});

behaviour(`${QUOTA} verify ResourceQuota with terminating scopes. [Conformance]`, { on: "simulated" }, async (t) => {
  const hard = {
    pods: "5",
    "requests.cpu": "1",
    "requests.memory": "500Mi",
    "limits.cpu": "2",
    "limits.memory": "1Gi",
  };
  await makeQuota(t, hard, "ending", ["Terminating"]);
  await makeQuota(t, hard, "endless", ["NotTerminating"]);
  const none = { pods: "0", "requests.cpu": "0", "requests.memory": "0", "limits.cpu": "0", "limits.memory": "0" };
  const one = {
    pods: "1",
    "requests.cpu": "500m",
    "requests.memory": "200Mi",
    "limits.cpu": "1",
    "limits.memory": "400Mi",
  };
  for (const name of ["ending", "endless"]) await used(t, none, name);
  const asked = { cpu: "500m", memory: "200Mi" };
  const limits = { cpu: "1", memory: "400Mi" };
  for (const [name, deadline, counts, other] of [
    ["long", undefined, "endless", "ending"],
    ["short", 3600, "ending", "endless"],
  ] as const) {
    await makePod(t, name, podOf(asked, { limits, ...(deadline && { deadline }) }));
    await used(t, one, counts);
    await used(t, none, other);
    await remove(t, name);
    await used(t, none, counts);
  }
});
