import assert from "node:assert/strict";
import { test } from "node:test";
import { pods } from "@kubets/api/generated/refs";
import type { Pod } from "@kubets/api/generated/types/core-v1";
import { seededRandom, VirtualClock } from "@kubets/machinery";
import { kubeletDefaults } from "../config.ts";
import { MemoryDisk } from "../disk/memory-disk.ts";
import { SimulatedRuntime } from "../runtime/simulated/runtime.ts";
import { NodeApi } from "../testing/node-api.ts";
import { type SimulatedNode, simulatedNode } from "../testing/simulated-node.ts";
import { apiReference } from "./api-references.ts";

const manifest = (name: string, image = "demo:1") => ({
  apiVersion: "v1",
  kind: "Pod",
  metadata: { name },
  spec: { containers: [{ name: "c", image }] },
});

async function until(node: SimulatedNode, what: string, look: () => Promise<unknown>): Promise<void> {
  for (const end = node.clock.monotonic() + 120_000; !(await look()); await node.clock.advance(100))
    if (node.clock.monotonic() > end) throw new Error(`${what} did not come true`);
}
const isRunning = async ({ api }: SimulatedNode, name: string) => (await api.pod(name))?.status.phase === "Running";

test("pods of a folder run, are mirrored, change and go with their files", async () => {
  const node = await simulatedNode({ config: { staticPodPath: "/manifests", fileCheckFrequencyMs: 1000 } });
  try {
    await node.disk.makeFolder("/manifests");
    await node.disk.writeFile("/manifests/a.yaml", JSON.stringify(manifest("a")));
    await node.disk.writeFile("/manifests/.hidden", "not: a pod");
    await node.disk.writeFile("/manifests/bad.yaml", "kind: Service");
    await until(node, "the mirror to run", () => isRunning(node, "a-node-1"));
    const mirror = await node.api.pod("a-node-1");
    assert.ok(mirror?.metadata.annotations?.["kubernetes.io/config.mirror"]);
    assert.equal(mirror?.metadata.annotations?.["kubernetes.io/config.source"], "file");
    const [first] = await node.runtime.listContainers();
    await node.disk.writeFile("/manifests/a.yaml", JSON.stringify(manifest("a", "demo:2")));
    await until(
      node,
      "the new image",
      async () => (await node.api.pod("a-node-1"))?.spec.containers[0]?.image === "demo:2",
    );
    await until(node, "it to run", () => isRunning(node, "a-node-1"));
    assert.ok((await node.runtime.listContainers()).every(({ id }) => id !== first?.id));
    await node.disk.remove("/manifests/a.yaml");
    await until(node, "its end", async () => (await node.api.pod("a-node-1")) === undefined);
    await until(node, "its containers' end", async () => (await node.runtime.listSandboxes()).length === 0);
  } finally {
    await node.stop();
  }
});

test("a manifest that names objects of the API is none, unless that is switched off", async () => {
  const naming = (spec: object) => ({ ...manifest("a"), spec: { ...manifest("a").spec, ...spec } }) as unknown as Pod;
  const cases: [string | undefined, object][] = [
    [undefined, { volumes: [{ name: "v", hostPath: { path: "/etc" } }] }],
    ["serviceaccounts", { serviceAccountName: "default" }],
    ["secrets", { imagePullSecrets: [{ name: "s" }] }],
    ["configmaps", { containers: [{ name: "c", envFrom: [{ configMapRef: { name: "m" } }] }] }],
    ["resourceclaims", { resourceClaims: [{ name: "r", resourceClaimName: "r" }] }],
    ["persistentvolumeclaims", { volumes: [{ name: "v", persistentVolumeClaim: { claimName: "p" } }] }],
    ["serviceaccounts", { volumes: [{ name: "v", projected: { sources: [{ serviceAccountToken: { path: "t" } }] } }] }],
  ];
  for (const [expected, spec] of cases) assert.equal(apiReference(naming(spec)), expected);
  const paths = { staticPodPath: "/manifests", fileCheckFrequencyMs: 1000 };
  for (const [featureGates, runs] of [
    [{}, false],
    [{ PreventStaticPodAPIReferences: false }, true],
  ] as const) {
    const node = await simulatedNode({
      config: { ...paths, file: { ...kubeletDefaults.file, featureGates } },
    });
    await node.disk.makeFolder("/manifests");
    await node.disk.writeFile("/manifests/a.yaml", JSON.stringify(naming({ imagePullSecrets: [{ name: "s" }] })));
    await node.disk.writeFile("/manifests/b.yaml", JSON.stringify(manifest("b")));
    await until(node, "the other to run", () => isRunning(node, "b-node-1"));
    assert.equal((await node.api.pod("a-node-1")) !== undefined, runs);
    await node.stop();
  }
});

test("a mirror that somebody deletes comes back, and the pod goes on", async () => {
  const node = await simulatedNode({ config: { staticPodPath: "/manifests", fileCheckFrequencyMs: 1000 } });
  try {
    await node.disk.makeFolder("/manifests");
    await node.disk.writeFile("/manifests/a.yaml", JSON.stringify(manifest("a")));
    await until(node, "it to run", () => isRunning(node, "a-node-1"));
    const [first] = await node.runtime.listContainers();
    const before = (await node.api.pod("a-node-1"))?.metadata.uid;
    await node.api.client.delete(pods, { namespace: "default", name: "a-node-1" });
    await until(node, "another mirror", async () => {
      const uid = (await node.api.pod("a-node-1"))?.metadata.uid;
      return uid !== undefined && uid !== before && (await isRunning(node, "a-node-1"));
    });
    assert.equal((await node.runtime.listContainers())[0]?.id, first?.id);
  } finally {
    await node.stop();
  }
});

test("pods of a folder run before the API server is reached, and are mirrored then", async () => {
  const [clock, disk] = [new VirtualClock(), new MemoryDisk()];
  const api = new NodeApi(clock);
  const comes = api.goAway();
  await disk.makeFolder("/manifests");
  await disk.writeFile("/manifests/a.yaml", JSON.stringify(manifest("a")));
  const config = { staticPodPath: "/manifests" };
  const runtime = new SimulatedRuntime({ clock, random: seededRandom(7), disk, images: ["*"] });
  const starting = simulatedNode({ config, over: { clock, disk, api, runtime } });
  const running = async () => (await runtime.listContainers()).filter(({ phase }) => phase === "running");
  while ((await running()).length === 0) await clock.advance(100);
  const [first] = await running();
  comes();
  const node = await starting;
  try {
    await until(node, "the mirror to run", () => isRunning(node, "a-node-1"));
    assert.equal((await running())[0]?.id, first?.id);
    assert.equal((await node.api.pod("a-node-1"))?.metadata.ownerReferences?.[0]?.name, "node-1");
  } finally {
    await node.stop();
  }
});

test("without an API server pods of a folder run, are told of, and go with their files", async () => {
  const node = await simulatedNode({
    alone: true,
    config: { staticPodPath: "/manifests", fileCheckFrequencyMs: 1000 },
  });
  try {
    await node.disk.makeFolder("/manifests");
    await node.disk.writeFile("/manifests/a.yaml", JSON.stringify(manifest("a")));
    const seen = () => node.kubelet.workers.all()[0]?.seen.status;
    await until(node, "it to run", async () => seen()?.phase === "Running");
    assert.equal(seen()?.conditions?.find(({ type }) => type === "Ready")?.status, "True");
    await node.stop();
    await node.disk.remove("/manifests/a.yaml");
    const { runtime } = node;
    const again = await simulatedNode({ alone: true, config: { staticPodPath: "/manifests" }, over: node });
    await until(again, "the end of what has no manifest", async () => (await runtime.listSandboxes()).length === 0);
    await again.stop();
  } finally {
    await node.stop();
  }
});

test("pods at a URL: one or a list; while it does not answer they go on", async () => {
  let answer: object | undefined = { apiVersion: "v1", kind: "PodList", items: [manifest("a"), manifest("b")] };
  const asked: string[] = [];
  const node = await simulatedNode({
    config: {
      staticPodUrl: "http://manifests.example/pods",
      staticPodUrlHeader: { Metadata: ["one", "two"] },
      httpCheckFrequencyMs: 1000,
    },
    fetch: async (url, headers) => {
      asked.push(`${url} ${JSON.stringify(headers)}`);
      if (!answer) throw new Error("no answer");
      return Buffer.from(JSON.stringify(answer));
    },
  });
  try {
    await until(
      node,
      "both to run",
      async () => (await isRunning(node, "a-node-1")) && (await isRunning(node, "b-node-1")),
    );
    assert.equal(asked[0], 'http://manifests.example/pods {"Metadata":"one, two"}');
    assert.equal((await node.api.pod("a-node-1"))?.metadata.annotations?.["kubernetes.io/config.source"], "http");
    answer = undefined;
    await node.clock.advance(5000);
    assert.equal((await node.runtime.listContainers()).length, 2);
    answer = manifest("b");
    await until(node, "the end of one", async () => (await node.api.pod("a-node-1")) === undefined);
    await until(node, "the other to run", () => isRunning(node, "b-node-1"));
  } finally {
    await node.stop();
  }
});
