/** LimitRanges: defaults and bounds of what containers ask for. */
import assert from "node:assert/strict";
import { limitranges, pods } from "@kubets/api/generated/refs";
import { behaviour } from "../behaviour.ts";
import { container, podSpec } from "../objects.ts";
import { watching } from "../verbs.ts";

const amounts = (cpu: string, memory: string) => ({ cpu, memory });
const LIMIT = {
  type: "Container",
  min: amounts("50m", "100Mi"),
  max: amounts("500m", "500Mi"),
  default: amounts("500m", "500Mi"),
  defaultRequest: amounts("100m", "200Mi"),
};

behaviour(
  "[sig-scheduling] LimitRange should create a LimitRange with defaults and ensure pod has those defaults applied. [Conformance]",
  { on: "simulated" },
  async (t) => {
    const { client, namespace, until, eventually } = t;
    const key = { namespace, name: "bounds" };
    const watch = await watching(t, limitranges, namespace, "behaviour=limits");
    const labels = { behaviour: "limits" };
    const made = await client.create(limitranges, { metadata: { ...key, labels }, spec: { limits: [LIMIT] } });
    await watch.expect("ADDED");
    assert.deepEqual((await client.get(limitranges, key)).spec.limits[0], made.spec.limits[0]);

    const create = (name: string, resources?: object) =>
      client.create(pods, {
        metadata: { namespace, name },
        spec: podSpec(undefined, { containers: [container(undefined, resources ? { resources } : {})] }),
      });
    const resourcesOf = async (name: string) =>
      (await client.get(pods, { namespace, name })).spec.containers[0]?.resources;
    await eventually("the defaults to be applied", async () => {
      await client.delete(pods, { namespace, name: "plain" }, { gracePeriodSeconds: 0 }).catch(() => {});
      await create("plain");
      return (await resourcesOf("plain"))?.limits?.cpu === "500m";
    });
    assert.deepEqual(await resourcesOf("plain"), { limits: LIMIT.default, requests: LIMIT.defaultRequest });
    await create("part", { requests: { cpu: "300m" }, limits: { memory: "300Mi" } });
    assert.deepEqual(await resourcesOf("part"), {
      limits: { cpu: "500m", memory: "300Mi" },
      requests: { cpu: "300m", memory: "300Mi" },
    });
    await assert.rejects(create("little", { requests: { cpu: "10m" } }), /minimum cpu usage per Container is 50m/);
    await assert.rejects(create("much", { limits: { cpu: "600m" } }), /maximum cpu usage per Container is 500m/);

    const spec = { limits: [{ ...LIMIT, min: amounts("5m", "50Mi") }] };
    await client.update(limitranges, { ...(await client.get(limitranges, key)), spec });
    await watch.expect("MODIFIED", (object) => object.spec.limits[0]?.min?.cpu === "5m");
    await eventually("the new bound to count", () => create("little", { requests: { cpu: "10m" } }).catch(() => false));
    await assert.rejects(create("much", { limits: { cpu: "600m" } }), /maximum cpu usage per Container is 500m/);
    await client.delete(limitranges, key);
    await watch.expect("DELETED");
    await until(limitranges, "bounds", "its end", (object) => object === undefined).catch(() => {});
    await eventually("the bounds to be gone", () => create("huge", { limits: { cpu: "600m" } }).catch(() => false));
  },
);

behaviour(
  "[sig-scheduling] LimitRange should list, patch and delete a LimitRange by collection [Conformance]",
  { on: "api" },
  async (t) => {
    const { client, namespace } = t;
    const other = await t.newNamespace();
    const label = t.name("limits");
    const labelSelector = `behaviour=${label}`;
    for (const each of [namespace, other])
      await client.create(limitranges, {
        metadata: { namespace: each, name: "bounds", labels: { behaviour: label } },
        spec: { limits: [LIMIT] },
      });
    const all = async () => (await client.list(limitranges, { labelSelector })).items;
    assert.deepEqual((await all()).map(({ metadata }) => metadata.namespace).sort(), [namespace, other].sort());
    const body = {
      metadata: { labels: { patched: "yes" } },
      spec: { limits: [{ ...LIMIT, max: amounts("400m", "400Mi"), default: amounts("400m", "400Mi") }] },
    };
    const patched = await client.patch(limitranges, { namespace, name: "bounds" }, { type: "merge", body });
    assert.deepEqual(
      [patched.metadata.labels?.patched, patched.spec.limits[0]?.max],
      ["yes", amounts("400m", "400Mi")],
    );
    await client.deleteCollection(limitranges, { namespace, labelSelector: "patched=yes" });
    assert.deepEqual(
      (await all()).map(({ metadata }) => metadata.namespace),
      [other],
    );
  },
);
