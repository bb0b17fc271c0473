/** Namespaces: their content goes with them, pods first; finalizers, updates, status. */
import assert from "node:assert/strict";
import { configmaps, namespaces, pods, services } from "@kubets/api/generated/refs";
import { behaviour } from "../behaviour.ts";
import { pod } from "../objects.ts";
import { statusVerbs } from "../verbs.ts";

const NS = "[sig-api-machinery] Namespaces [Serial]";
const MERGE = { "content-type": "application/merge-patch+json" };

behaviour(
  `${NS} should ensure that all pods are removed when a namespace is deleted [Conformance]`,
  { on: "simulated" },
  async (t) => {
    const { client } = t;
    const namespace = await t.newNamespace();
    await client.create(pods, { ...pod("one"), metadata: { namespace, name: "one" } });
    await t.eventually(
      "the pod to run",
      async () => (await client.get(pods, { namespace, name: "one" })).status.phase === "Running",
    );
    await client.delete(namespaces, { name: namespace });
    await t.untilGone(namespaces, namespace);
    assert.equal((await client.list(pods, { namespace })).items.length, 0);
    // Of the same name again it is empty.
    await client.create(namespaces, { metadata: { name: namespace } });
    assert.equal((await client.list(pods, { namespace })).items.length, 0);
  },
);

behaviour(
  `${NS} should ensure that all services are removed when a namespace is deleted [Conformance]`,
  { on: "api" },
  async (t) => {
    const { client } = t;
    const namespace = await t.newNamespace();
    await client.create(services, {
      metadata: { namespace, name: "one" },
      spec: { selector: { a: "b" }, ports: [{ port: 80 }] },
    });
    await client.delete(namespaces, { name: namespace });
    await t.untilGone(namespaces, namespace);
    await client.create(namespaces, { metadata: { name: namespace } });
    assert.equal((await client.list(services, { namespace })).items.length, 0);
  },
);

behaviour(`${NS} should apply a finalizer to a Namespace [Conformance]`, { on: "api" }, async (t) => {
  const { client } = t;
  const name = await t.newNamespace();
  const finalizer = "example.com/behaviour";
  const finalize = (change: (finalizers: string[]) => string[]) =>
    t.eventually("the finalizers to be written", async () => {
      const { json } = await t.request("GET", `/api/v1/namespaces/${name}`);
      const spec = { finalizers: change(json.spec.finalizers ?? []) };
      return (await t.request("PUT", `/api/v1/namespaces/${name}/finalize`, { ...json, spec })).status === 200;
    });
  const present = async () => (await client.get(namespaces, { name })).spec.finalizers ?? [];
  await finalize((all) => [...all, finalizer]);
  assert.deepEqual((await present()).toSorted(), [finalizer, "kubernetes"].toSorted());
  await finalize((all) => all.filter((each) => each !== finalizer));
  assert.deepEqual(await present(), ["kubernetes"]);
});

behaviour(`${NS} should apply an update to a Namespace [Conformance]`, { on: "api" }, async (t) => {
  const name = await t.newNamespace();
  await t.eventually("an update without a conflict", async () => {
    const { json } = await t.request("GET", `/api/v1/namespaces/${name}`);
    const metadata = { ...json.metadata, labels: { ...json.metadata.labels, updated: name } };
    return (await t.request("PUT", `/api/v1/namespaces/${name}`, { ...json, metadata })).status === 200;
  });
  assert.equal((await t.client.get(namespaces, { name })).metadata.labels?.updated, name);
});

behaviour(`${NS} should apply changes to a namespace status [Conformance]`, { on: "api" }, async (t) => {
  const name = await t.newNamespace();
  const { json } = await t.request("GET", `/api/v1/namespaces/${name}/status`);
  assert.equal(json.status.phase, "Active");
  await statusVerbs(t, namespaces, name, {
    type: "FromBehaviour",
    status: "True",
    message: "by a behaviour",
    lastTransitionTime: "2026-01-01T00:00:00Z",
  });
});

behaviour(
  "[sig-api-machinery] OrderedNamespaceDeletion namespace deletion should delete pod first [Conformance]",
  { on: "simulated" },
  async (t) => {
    const { client } = t;
    const namespace = await t.newNamespace();
    const finalizers = ["example.com/hold"];
    const { spec } = pod("held");
    await client.create(pods, { metadata: { namespace, name: "held", finalizers }, spec });
    await client.create(configmaps, { metadata: { namespace, name: "kept" } });
    await t.eventually(
      "the pod to run",
      async () => (await client.get(pods, { namespace, name: "held" })).status.phase === "Running",
    );
    await client.delete(namespaces, { name: namespace });
    await t.until(namespaces, namespace, "what holds it up to be told", (it) =>
      it?.status.conditions?.some(
        ({ type, status, message }) =>
          type === "NamespaceFinalizersRemaining" && status === "True" && message?.includes("example.com/hold"),
      ),
    );
    const held = await client.get(pods, { namespace, name: "held" });
    assert.notEqual(held.metadata.deletionTimestamp, undefined);
    const kept = await client.get(configmaps, { namespace, name: "kept" });
    assert.equal(kept.metadata.deletionTimestamp, undefined, "what is no pod waits for the pods");
    const path = `/api/v1/namespaces/${namespace}/pods/held`;
    assert.equal((await t.request("PATCH", path, { metadata: { finalizers: null } }, MERGE)).status, 200);
    await t.untilGone(namespaces, namespace);
  },
);
