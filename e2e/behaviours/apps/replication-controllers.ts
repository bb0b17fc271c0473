/** ReplicationControllers: adoption and release, scale, the whole of a life, pods that serve. */
import assert from "node:assert/strict";
import { pods, replicationcontrollers } from "@kubets/api/generated/refs";
import { behaviour } from "../behaviour.ts";
import type { BehaviourContext } from "../context.ts";
import { pod, podSpec, template } from "../objects.ts";
import { watching } from "../verbs.ts";

const controller = (name: string, replicas: number, spec: object = podSpec()) => ({
  metadata: { name, labels: { app: name } },
  spec: { replicas, selector: { app: name }, template: template({ app: name }, spec) },
});
const make = async (t: BehaviourContext, replicas: number, spec?: object) => {
  const { metadata, spec: wanted } = controller("web", replicas, spec);
  await t.client.create(replicationcontrollers, { metadata: { ...metadata, namespace: t.namespace }, spec: wanted });
  return ready(t, replicas);
};
const ready = (t: BehaviourContext, count: number) =>
  t.until(replicationcontrollers, "web", `${count} ready replicas`, (it) => (it?.status.readyReplicas ?? 0) === count);
const podsOf = async ({ client, namespace }: BehaviourContext) =>
  (await client.list(pods, { namespace, labelSelector: "app=web" })).items;

behaviour(
  "[sig-apps] ReplicationController should adopt matching pods on creation [Conformance]",
  { on: "simulated" },
  async (t) => {
    const { client, namespace } = t;
    await client.create(pods, { ...pod("orphan"), metadata: { namespace, name: "orphan", labels: { app: "web" } } });
    const made = await make(t, 1);
    const adopted = await t.until(
      pods,
      "orphan",
      "the orphan to be adopted",
      (it) => it?.metadata.ownerReferences?.[0],
    );
    assert.equal(adopted.metadata.ownerReferences?.[0]?.uid, made.metadata.uid);
    assert.equal((await podsOf(t)).length, 1);
  },
);

behaviour(
  "[sig-apps] ReplicationController should get and update a ReplicationController scale [Conformance]",
  { on: "simulated" },
  async (t) => {
    await make(t, 1);
    const path = `/api/v1/namespaces/${t.namespace}/replicationcontrollers/web/scale`;
    const { json: scale } = await t.request("GET", path);
    assert.deepEqual([scale.kind, scale.spec.replicas, scale.status.replicas], ["Scale", 1, 1]);
    const updated = await t.request("PUT", path, { ...scale, spec: { replicas: 2 } });
    assert.deepEqual([updated.status, updated.json.spec.replicas], [200, 2]);
    const { spec } = await ready(t, 2);
    assert.equal(spec.replicas, 2);
  },
);

behaviour(
  "[sig-apps] ReplicationController should release no longer matching pods [Conformance]",
  { on: "simulated" },
  async (t) => {
    const { client, namespace } = t;
    await make(t, 1);
    const [first] = await podsOf(t);
    const name = first?.metadata.name ?? "";
    await client.patch(pods, { namespace, name }, { type: "merge", body: { metadata: { labels: { app: "other" } } } });
    await t.until(pods, name, "the pod to be released", (it) => it && !it.metadata.ownerReferences?.length);
    await t.eventually("another pod in its place", async () => (await podsOf(t)).length === 1);
  },
);

behaviour(
  "[sig-apps] ReplicationController should serve a basic image on each replica with a public image [Conformance]",
  { on: "containers" },
  async (t) => {
    const serving = { containers: [{ name: "c", image: t.images.test }], terminationGracePeriodSeconds: 1 };
    await make(t, 2, serving);
    const own = await podsOf(t);
    assert.equal(own.length, 2);
    const asker = own[0]?.metadata.name ?? "";
    for (const { metadata, status } of own) {
      const ip = status.podIP ?? "";
      for (const [how, ask] of Object.entries({
        HTTP: `timeout 5 wget -qO- http://${ip}:8080/cgi-bin/hostname`,
        TCP: `timeout 5 nc ${ip} 8082 </dev/null`,
        UDP: `udp-ask ${ip} 8081`,
      }))
        assert.equal(
          await t.eventually(`an answer by ${how}`, async () => (await t.exec(asker, ["sh", "-c", ask])).trim()),
          metadata.name,
          how,
        );
    }
  },
);

behaviour(
  "[sig-apps] ReplicationController should test the lifecycle of a ReplicationController [Conformance]",
  { on: "simulated" },
  async (t) => {
    const { client, namespace } = t;
    const key = { namespace, name: "web" };
    const watch = await watching(t, replicationcontrollers, namespace, "app=web");
    await make(t, 1);
    await watch.expect("ADDED");
    await client.patch(replicationcontrollers, key, {
      type: "merge",
      body: { metadata: { labels: { patched: "yes" } } },
    });
    await watch.expect("MODIFIED", ({ metadata }) => metadata.labels?.patched === "yes");
    const status = `/api/v1/namespaces/${namespace}/replicationcontrollers/web/status`;
    const merge = { "content-type": "application/merge-patch+json" };
    const patchedStatus = await t.request(
      "PATCH",
      status,
      { metadata: { annotations: { seen: "yes" } }, status: { readyReplicas: 0, availableReplicas: 0 } },
      merge,
    );
    assert.equal(patchedStatus.status, 200, patchedStatus.text);
    const read = await t.request("GET", status);
    assert.deepEqual([read.status, read.json.metadata.annotations.seen], [200, "yes"]);
    await ready(t, 1);
    const scaled = await t.request(
      "PATCH",
      `/api/v1/namespaces/${namespace}/replicationcontrollers/web/scale`,
      { spec: { replicas: 2 } },
      merge,
    );
    assert.equal(scaled.status, 200, scaled.text);
    await ready(t, 2);
    await t.eventually("an update without a conflict", async () => {
      const path = `/api/v1/namespaces/${namespace}/replicationcontrollers/web`;
      const { json } = await t.request("GET", path);
      const metadata = { ...json.metadata, annotations: { updated: "yes" } };
      return (await t.request("PUT", path, { ...json, metadata })).status === 200;
    });
    await watch.expect("MODIFIED", ({ metadata }) => metadata.annotations?.updated === "yes");
    assert.equal(
      (await client.list(replicationcontrollers, { labelSelector: "patched=yes", namespace })).items.length,
      1,
    );
    await client.deleteCollection(replicationcontrollers, {
      namespace,
      labelSelector: "patched=yes",
      propagationPolicy: "Background",
    });
    await watch.expect("DELETED");
  },
);
