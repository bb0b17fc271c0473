import assert from "node:assert/strict";
import { test } from "node:test";
import type { Container } from "@kubets/api/generated/types/core-v1";
import { pod } from "@kubets/api/testing/pod-builder";
import { seededRandom, silentLogger, VirtualClock } from "@kubets/machinery";
import { noCgroups, type PodCgroups } from "../cgroups/pod-cgroups.ts";
import { parseKubeletConfig } from "../config.ts";
import { MemoryDisk } from "../disk/memory-disk.ts";
import { CONTAINER_NAME } from "../runtime/names.ts";
import { SimulatedRuntime } from "../runtime/simulated/runtime.ts";
import { simulatedNode, withSimulatedNode } from "../testing/simulated-node.ts";
import { AllotmentStore, noExtras } from "./allotment.ts";
import { NodeResources } from "./node-resources.ts";

const TEXT =
  "apiVersion: kubelet.config.k8s.io/v1beta1\nkind: KubeletConfiguration\ncpuManagerPolicy: static\nkubeReserved: {cpu: 500m}\n";
const CONFIG = parseKubeletConfig(TEXT);
const own = (name: string, cpu: string) => {
  const amounts = { cpu, memory: "1Gi" };
  return pod(name)
    .on("node-1")
    .uid(name)
    .container("c", { image: "a", resources: { limits: amounts, requests: amounts } })
    .build();
};
const shared = (name: string) => pod(name).on("node-1").uid(name).container("c", { image: "a" }).build();

test("a container alone on its CPUs, the others beside it, also after the kubelet's restart", async () => {
  const first = await simulatedNode({ config: CONFIG });
  const { runtime, api, clock } = first;
  const cpusOf = async (uid: string) => {
    const [found] = await runtime.listContainers(uid);
    if (!found) return undefined;
    return (runtime.resourcesOf(found.id) ?? runtime.configOf(found.id).linux?.resources)?.cpusetCpus;
  };
  await api.createPod(shared("s"));
  await clock.advance(3000);
  assert.equal(await cpusOf("s"), "0-3");
  await api.createPod(own("a", "2"));
  await clock.advance(3000);
  assert.equal(await cpusOf("a"), "1-2");
  assert.equal(await cpusOf("s"), "0,3");
  await first.stop();

  const second = await simulatedNode({ config: CONFIG, over: first });
  try {
    await clock.advance(3000);
    await api.createPod(own("b", "1"));
    await clock.advance(3000);
    assert.equal(await cpusOf("b"), "3");
    assert.equal(await cpusOf("s"), "0");
    await api.deletePod("a", 0);
    await clock.advance(5000);
    assert.equal(await cpusOf("s"), "0-2");
    await api.createPod(own("c", "2"));
    await clock.advance(3000);
    assert.equal(await cpusOf("c"), "1-2");
  } finally {
    await second.stop();
  }
});

test("who is alone on its CPUs is not slowed down, nor is its pod", async () => {
  const unlimited: string[] = [];
  const cgroups: PodCgroups = {
    ...noCgroups,
    ensure: async ({ metadata }, hasCpusAlone) => void (hasCpusAlone && unlimited.push(metadata.name)),
  };
  await withSimulatedNode({ config: CONFIG, cgroups }, async ({ runtime, api, clock }) => {
    const quotaOf = async (name: string, cpu: string) => {
      await api.createPod(own(name, cpu));
      await clock.advance(3000);
      const [found] = await runtime.listContainers(name);
      assert.ok(found);
      return runtime.configOf(found.id).linux?.resources?.cpuQuota;
    };
    assert.equal(await quotaOf("alone", "2"), -1);
    assert.equal(await quotaOf("shares", "500m"), 50_000);
    assert.deepEqual(unlimited, ["alone"]);
  });
});

test("what a pod has as a whole is taken until it goes, also after the kubelet's restart", async () => {
  const config = parseKubeletConfig(
    `${TEXT}featureGates: {PodLevelResourceManagers: true}\ntopologyManagerPolicy: restricted\ntopologyManagerScope: pod\n`,
  );
  const first = await simulatedNode({ config });
  const { runtime, api, clock } = first;
  const heldBy = async (uid: string) => {
    const held: Record<string, unknown> = {};
    for (const { id, labels } of await runtime.listContainers(uid)) {
      const { cpusetCpus, cpuQuota } = { ...runtime.configOf(id).linux?.resources, ...runtime.resourcesOf(id) };
      held[labels[CONTAINER_NAME] ?? ""] = [cpusetCpus, cpuQuota];
    }
    return held;
  };
  const whole = (cpu: string) => ({ limits: { cpu, memory: "2Gi" }, requests: { cpu, memory: "2Gi" } });
  const one = { limits: { cpu: "1", memory: "1Gi" }, requests: { cpu: "1", memory: "1Gi" } };
  const inPod = pod("p").on("node-1").uid("p").container("own", { image: "a", resources: one });
  await api.createPod(shared("s"));
  await api.createPod(
    inPod
      .container("rest", { image: "a" })
      .spec({ resources: whole("2") })
      .build(),
  );
  await clock.advance(3000);
  assert.deepEqual(await heldBy("p"), { own: ["1", -1], rest: ["2", 200_000] });
  assert.deepEqual(await heldBy("s"), { c: ["0,3", undefined] });
  await api.createPod(own("r", "1"));
  await clock.advance(3000);
  const counted = [...first.kubelet.metrics.registry.expose()].join("").split("\n");
  assert.deepEqual(counted.filter((line) => line.startsWith("resource_manager_")).sort(), [
    'resource_manager_allocations_total{resource_name="cpu",source="node"} 1',
    'resource_manager_allocations_total{resource_name="cpu",source="pod"} 2',
    'resource_manager_container_assignments{resource_name="cpu",assignment_type="node_exclusive"} 1',
    'resource_manager_container_assignments{resource_name="cpu",assignment_type="pod_exclusive"} 1',
    'resource_manager_container_assignments{resource_name="cpu",assignment_type="pod_shared"} 1',
  ]);
  await api.deletePod("r", 0);
  await clock.advance(3000);
  await first.stop();

  const second = await simulatedNode({ config, over: first });
  try {
    await clock.advance(3000);
    await api.createPod(own("late", "1"));
    await clock.advance(3000);
    assert.deepEqual(await heldBy("late"), { c: ["3", -1] });
    assert.deepEqual(await heldBy("s"), { c: ["0", undefined] });
    await api.deletePod("p", 0);
    await clock.advance(5000);
    assert.deepEqual(await heldBy("s"), { c: ["0-2", undefined] });
  } finally {
    await second.stop();
  }
});

test("reserved CPUs are nobody's but the system's when that is asked for", async () => {
  const options = 'cpuManagerPolicyOptions: {strict-cpu-reservation: "true"}\n';
  await withSimulatedNode({ config: parseKubeletConfig(`${TEXT}${options}`) }, async ({ runtime, api, clock }) => {
    await api.createPod(shared("s"));
    await clock.advance(3000);
    const cpusOfShared = async () => {
      const [found] = await runtime.listContainers("s");
      assert.ok(found);
      return (runtime.resourcesOf(found.id) ?? runtime.configOf(found.id).linux?.resources)?.cpusetCpus;
    };
    assert.equal(await cpusOfShared(), "1-3");
    await api.createPod(own("a", "2"));
    await clock.advance(3000);
    assert.equal(await cpusOfShared(), "3");
    await api.createPod(own("b", "1"));
    await clock.advance(3000);
    assert.equal(await cpusOfShared(), "3");
  });
});

test("containers of one pod never have the same device, whatever the plugin prefers, but one after the other", async () => {
  const clock = new VirtualClock();
  const disk = new MemoryDisk();
  await disk.makeFolder("/k");
  const devices = ["w1", "w2", "w3"].map((id) => ({ id, healthy: true, nodes: [] as number[] }));
  const store = new AllotmentStore(disk, "/k");
  const resources = new NodeResources({
    policies: {
      cpus: "none",
      cpuOptions: new Set(),
      memory: "None",
      topology: "none",
      closestNodes: false,
      scope: "container",
      podLevel: false,
      resizes: new Set(),
    },
    supply: { cpus: [], reservedCpus: new Set(), nodes: [{ id: 0, allocatable: 0 }] },
    plugins: {
      devices: (resource) => (resource === "example.com/w" ? devices : undefined),
      preferred: async (_, available, must, count) =>
        [...new Set([...must, ...available.toReversed()])].slice(0, count),
      allocate: async () => noExtras,
      preStart: async () => {},
    },
    store,
    runtime: new SimulatedRuntime({ clock, random: seededRandom(1), disk }),
    log: silentLogger,
    tellsHealth: true,
    running: () => [],
  });
  const container = (name: string) =>
    ({ name, image: "i", resources: { limits: { "example.com/w": "1" } } }) as unknown as Container;
  const wanted = pod("a")
    .uid("a")
    .spec({ initContainers: [container("init")], containers: [container("one"), container("two")] })
    .build();
  assert.equal(await resources.admit(wanted), undefined);
  const ids = (name: string) => resources.of("a")?.[name]?.devices?.["example.com/w"];
  assert.deepEqual(["init", "one", "two"].map(ids), [["w3"], ["w3"], ["w2"]]);
  const healthOf = (name: string) => resources.healthOf("a", name)[0]?.resources?.[0];
  devices[2] = { id: "w3", healthy: false, nodes: [] };
  assert.deepEqual(healthOf("one"), { resourceID: "w3", health: "Unhealthy" });
  devices.length = 2;
  assert.deepEqual(healthOf("one"), { resourceID: "w3", health: "Unknown" });
  assert.deepEqual(resources.healthOf("a", "two"), [
    { name: "example.com/w", resources: [{ resourceID: "w2", health: "Healthy" }] },
  ]);
  devices.push({ id: "w3", healthy: true, nodes: [] });
  const more = pod("b")
    .uid("b")
    .spec({ containers: [container("one"), container("two")] })
    .build();
  assert.match((await resources.admit(more))?.message ?? "", /Requested: 1, Available: 0/);
});

test("a configuration that cannot work stops the kubelet", async () => {
  const config = (lines: string) =>
    parseKubeletConfig(`apiVersion: kubelet.config.k8s.io/v1beta1\nkind: KubeletConfiguration\n${lines}`);
  await assert.rejects(simulatedNode({ config: config("cpuManagerPolicy: static\n") }), /requires systemreserved\.cpu/);
  await assert.rejects(simulatedNode({ config: config("topologyManagerPolicy: best\n") }), /best-effort, restricted/);
  await assert.rejects(
    simulatedNode({
      config: config("memoryManagerPolicy: Static\nreservedMemory: [{numaNode: 0, limits: {memory: 1Gi}}]\n"),
    }),
    /reservedMemory reserves 1073741824 bytes/,
  );
});
