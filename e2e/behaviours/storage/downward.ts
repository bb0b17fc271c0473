/** The downward API as files, straight and as a part of a projected volume. */
import assert from "node:assert/strict";
import { configmaps, nodes, pods, secrets } from "@kubets/api/generated/refs";
import { parseQuantity } from "@kubets/machinery/quantity";
import { behaviour } from "../behaviour.ts";
import type { BehaviourContext } from "../context.ts";
import { container } from "../objects.ts";
import { createPod, linesOf, untilSaid } from "../output.ts";

const RESOURCES = { requests: { cpu: "250m", memory: "32Mi" }, limits: { cpu: "1250m", memory: "64Mi" } };
const mounts = { volumeMounts: [{ name: "v", mountPath: "/v" }] };

const resource = (name: string, divisor?: string) => ({
  path: "it",
  resourceFieldRef: { containerName: "c", resource: name, ...(divisor && { divisor }) },
});
const field = (fieldPath: string, mode?: number) => ({ path: "it", fieldRef: { fieldPath }, ...(mode && { mode }) });
const volume = (projected: boolean, ...items: object[]) =>
  projected
    ? { name: "v", projected: { sources: [{ downwardAPI: { items } }] } }
    : { name: "v", downwardAPI: { items } };

const allocatable = async (t: BehaviourContext, pod: string, name: string) => {
  const { spec } = await t.client.get(pods, { namespace: t.namespace, name: pod });
  const node = await t.client.get(nodes, { name: spec.nodeName ?? "" });
  return parseQuantity(node.status.allocatable?.[name] ?? "");
};

for (const [title, projected] of [
  ["Downward API volume", false],
  ["Projected downwardAPI", true],
] as const) {
  const published = (
    words: string,
    run: (t: BehaviourContext) => Promise<void>,
    tags = "[NodeConformance] [Conformance]",
  ) => behaviour(`[sig-storage] ${title} should ${words} ${tags}`, { on: "containers" }, run);

  for (const [what, item, wanted] of [
    ["container's cpu limit", resource("limits.cpu", "1m"), "1250"],
    ["container's cpu request", resource("requests.cpu", "1m"), "250"],
    ["container's memory limit", resource("limits.memory"), String(64 * 2 ** 20)],
    ["container's memory request", resource("requests.memory"), String(32 * 2 ** 20)],
  ] as const)
    published(`provide ${what}`, async (t) => {
      const lines = await linesOf(t, {
        script: "cat /v/it",
        container: { ...mounts, resources: RESOURCES },
        spec: { volumes: [volume(projected, item)] },
      });
      assert.deepEqual(lines, [wanted]);
    });

  for (const name of ["cpu", "memory"])
    published(`provide node allocatable (${name}) as default ${name} limit if the limit is not set`, async (t) => {
      const spec = { volumes: [volume(projected, resource(`limits.${name}`, name === "cpu" ? "1m" : "1"))] };
      const [shown] = await linesOf(t, { script: "cat /v/it", container: mounts, spec }, "it");
      const whole = await allocatable(t, "it", name);
      assert.equal(shown, String(name === "cpu" ? whole.milliValue() : whole.value()));
    });

  published("provide podname only", async (t) => {
    const spec = { volumes: [volume(projected, field("metadata.name"))] };
    assert.deepEqual(await linesOf(t, { script: "cat /v/it", container: mounts, spec }, "my-name"), ["my-name"]);
  });

  for (const what of projected ? ["annotations", "labels"] : ["annotations"])
    published(`update ${what} on modification`, async (t) => {
      await createPod(t, {
        metadata: { name: "changing", [what]: { key: "before" } },
        spec: {
          terminationGracePeriodSeconds: 0,
          volumes: [volume(projected, field(`metadata.${what}`))],
          containers: [container("while :; do cat /v/it; echo; sleep 0.2; done", mounts)],
        },
      });
      await untilSaid(t, "changing", 'key="before"\n');
      const body = { metadata: { [what]: { key: "after", more: "new" } } };
      await t.client.patch(pods, { namespace: t.namespace, name: "changing" }, { type: "merge", body });
      await untilSaid(t, "changing", 'key="after"\n', "?tailLines=5");
      await untilSaid(t, "changing", 'more="new"\n', "?tailLines=5");
    });
}

behaviour(
  "[sig-storage] Downward API volume should set mode on item file [LinuxOnly] [NodeConformance] [Conformance]",
  { on: "containers" },
  async (t) => {
    const spec = { volumes: [volume(false, field("metadata.name", 0o400))] };
    const lines = await linesOf(t, { script: "cat /v/it; echo; stat -L -c %A /v/it", container: mounts, spec }, "it");
    assert.deepEqual(lines, ["it", "-r--------"]);
  },
);

behaviour(
  "[sig-storage] Projected combined should project all components that make up the projection API [Projection] [NodeConformance] [Conformance]",
  { on: "containers" },
  async (t) => {
    const { client, namespace } = t;
    await client.create(configmaps, { metadata: { namespace, name: "cm" }, data: { key: "of the map" } });
    await client.create(secrets, { metadata: { namespace, name: "s" }, stringData: { key: "of the secret" } });
    const item = (path: string, name: string, divisor: string) => ({ ...resource(name, divisor), path });
    const items = [
      { path: "name", fieldRef: { fieldPath: "metadata.name" } },
      item("cpu-limit", "limits.cpu", "1m"),
      item("cpu-request", "requests.cpu", "1m"),
      item("memory-limit", "limits.memory", "1"),
      item("memory-request", "requests.memory", "1"),
    ];
    const sources = [
      { configMap: { name: "cm", items: [{ key: "key", path: "cm/key" }] } },
      { secret: { name: "s", items: [{ key: "key", path: "s/key" }] } },
      { downwardAPI: { items } },
    ];
    const files = "cm/key s/key name cpu-limit cpu-request memory-limit memory-request";
    const lines = await linesOf(
      t,
      {
        script: `for f in ${files}; do cat /v/$f; echo; done`,
        container: { ...mounts, resources: RESOURCES },
        spec: { volumes: [{ name: "v", projected: { sources } }] },
      },
      "combined",
    );
    const [limit, request] = [64, 32].map((mebi) => String(mebi * 2 ** 20));
    assert.deepEqual(lines, ["of the map", "of the secret", "combined", "1250", "250", limit, request]);
  },
);
