import assert from "node:assert/strict";
import { test } from "node:test";
import { pod } from "@kubets/api/testing/pod-builder";
import { kubeletDefaults } from "../config.ts";
import { type SimulatedNode, withSimulatedNode } from "../testing/simulated-node.ts";

const on = (name: string) => pod(name).on("node-1").uid(`uid-${name}`);

/** The samples of a metric, as "labels value". */
function samples({ kubelet }: SimulatedNode, name: string): string[] {
  const text = [...kubelet.metrics.registry.expose()].join("");
  const lines = text.split("\n").filter((line) => new RegExp(`^${name}[{ ]`).test(line));
  return lines.map((line) => line.slice(name.length).replaceAll(/[{}]/g, "").trim());
}

test("pods and containers that start are counted, with how long that took and without the time for images", () =>
  withSimulatedNode({ script: { pull: () => ({ delayMs: 20_000, size: 50_000_000 }) } }, async (node) => {
    const container = { image: "demo:1", imagePullPolicy: "Always" };
    const initial = { name: "first", image: "demo:1", imagePullPolicy: "Never", resources: {} };
    await node.api.createPod(
      on("a")
        .container("c", container)
        .spec({ initContainers: [initial] })
        .build(),
    );
    await node.clock.advance(1000);
    const [first] = await node.runtime.listContainers("uid-a");
    node.runtime.crash(first?.id ?? "", 0);
    await node.clock.advance(30_000);
    assert.deepEqual(samples(node, "kubelet_started_pods_total"), ["1"]);
    assert.deepEqual(samples(node, "kubelet_started_containers_total").sort(), [
      'container_type="container" 1',
      'container_type="init_container" 1',
    ]);
    assert.deepEqual(samples(node, "kubelet_pod_start_duration_seconds_count"), ["1"]);
    assert.ok(Number(samples(node, "kubelet_pod_start_duration_seconds_sum")[0]) >= 20);
    const [sli = ""] = samples(node, "kubelet_pod_start_sli_duration_seconds_sum");
    assert.match(sli, /^first_with_network="true" /);
    assert.ok(Number(sli.split(" ")[1]) < 10, sli);
    assert.deepEqual(samples(node, "kubelet_image_pull_duration_seconds_sum"), ['image_size_in_bytes="10MB-100MB" 20']);
    assert.ok(samples(node, "kubelet_runtime_operations_total").includes('operation_type="run_podsandbox" 1'));
    assert.ok(samples(node, "kubelet_runtime_operations_total").includes('operation_type="create_container" 2'));
    assert.deepEqual(samples(node, "kubelet_runtime_operations_errors_total"), []);
    assert.match(samples(node, "kubelet_pod_status_sync_duration_seconds_count")[0] ?? "", /^[1-9]/);
    assert.match(samples(node, "kubelet_pleg_relist_duration_seconds_count")[0] ?? "", /^[1-9]/);
    assert.ok(samples(node, "kubelet_running_containers").includes('container_state="running" 1'));
    assert.deepEqual(samples(node, "kubelet_desired_pods").sort(), ['static="" 1', 'static="true" 0']);
  }));

test("memory that is kept for pods is told by their class", () => {
  const { file } = kubeletDefaults;
  const memoryReservationPolicy = "TieredReservation";
  const config = { file: { ...file, featureGates: { MemoryQoS: true }, memoryReservationPolicy } };
  return withSimulatedNode({ config }, async (node) => {
    const amounts = { cpu: "1", memory: "1Ki" };
    await node.api.createPod(on("a").requests(amounts).limits(amounts).build());
    await node.api.createPod(on("b").requests({ memory: "2Ki" }).build());
    await node.clock.advance(1000);
    assert.deepEqual(samples(node, "kubelet_memory_qos_node_memory_min_bytes"), ["1024"]);
    assert.deepEqual(samples(node, "kubelet_memory_qos_node_memory_low_bytes"), ["2048"]);
  });
});

test("what fails is counted with its reason", () =>
  withSimulatedNode(
    { script: { pull: () => ({ error: "no route" }), sandbox: (name) => (name === "b" ? { error: "no room" } : {}) } },
    async (node) => {
      await node.api.createPod(on("a").container("c", { image: "demo:1", imagePullPolicy: "Always" }).build());
      await node.api.createPod(on("b").container("c", { image: "demo:1" }).build());
      await node.clock.advance(1000);
      assert.ok(
        samples(node, "kubelet_started_containers_errors_total").includes(
          'container_type="container",code="ErrImagePull" 1',
        ),
      );
      assert.ok(samples(node, "kubelet_runtime_operations_errors_total").includes('operation_type="pull_image" 1'));
      assert.match(samples(node, "kubelet_run_podsandbox_errors_total")[0] ?? "", /^runtime_handler="" [1-9]/);
      assert.match(samples(node, "kubelet_started_pods_errors_total")[0] ?? "", /^[1-9]/);
    },
  ));

for (const isOn of [true, false])
  test(`histograms ${isOn ? "have" : "have no"} native buckets where NativeHistograms is ${isOn ? "on" : "off"}`, () => {
    const file = { ...kubeletDefaults.file, featureGates: { NativeHistograms: isOn } };
    return withSimulatedNode({ config: { ...kubeletDefaults, file } }, async ({ kubelet }) => {
      const families = kubelet.metrics.registry.families().filter(({ type }) => type === "histogram");
      const schemas = families.flatMap((family) => [...family.messages()].map(({ histogram }) => histogram?.schema));
      assert.deepEqual([...new Set(schemas)], [isOn ? 3 : undefined]);
    });
  });
