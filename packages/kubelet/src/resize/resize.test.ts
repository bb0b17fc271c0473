import assert from "node:assert/strict";
import { test } from "node:test";
import { pods } from "@kubets/api/generated/refs";
import type { Pod, ResourceRequirements } from "@kubets/api/generated/types/core-v1";
import { pod } from "@kubets/api/testing/pod-builder";
import { kubeletDefaults, parseKubeletConfig } from "../config.ts";
import { type SimulatedNode, simulatedNode } from "../testing/simulated-node.ts";
import { needsRestart, resizeText, sameResources } from "./allotment.ts";

const RESTART = [{ resourceName: "memory", restartPolicy: "RestartContainer" }];

async function having(
  run: (node: SimulatedNode) => Promise<void>,
  options?: Parameters<typeof simulatedNode>[0],
): Promise<void> {
  const node = await simulatedNode(options);
  try {
    await run(node);
  } finally {
    await node.stop();
  }
}

async function until(node: SimulatedNode, what: string, look: (pod: Pod) => unknown, name = "a"): Promise<void> {
  for (const end = node.clock.monotonic() + 120_000; ; await node.clock.advance(100)) {
    const found = await node.api.pod(name);
    if (found && look(found)) return;
    if (node.clock.monotonic() > end) throw new Error(`${what} did not come true: ${JSON.stringify(found?.status)}`);
  }
}

const make = async (node: SimulatedNode, name: string, resources: ResourceRequirements, more: object = {}) => {
  const made = pod(name)
    .on("node-1")
    .uid(`uid-${name}`)
    .container("c", { image: "demo:1", resources, ...more });
  await node.api.createPod(made.build());
  await until(node, "running", ({ status }) => status.phase === "Running", name);
};

const resize = async ({ api }: SimulatedNode, name: string, resources: ResourceRequirements) => {
  const found = (await api.pod(name)) as Pod;
  const containers = found.spec.containers.map((container) => ({ ...container, resources }));
  const body = { metadata: { generation: 2 }, spec: { containers } };
  await api.client.patch(pods, { namespace: "default", name }, { type: "merge", body });
};

const statusOf = ({ status }: Pod) => status.containerStatuses?.[0];
const resizeConditions = ({ status }: Pod) =>
  (status.conditions ?? []).filter(({ type }) => type.startsWith("PodResize")).map((each) => each.reason ?? each.type);
const resizeEvents = ({ api }: SimulatedNode, name: string) =>
  api.events(name).filter((text) => /^(Resize|Killing)/.test(text));

test("cpu and memory change in place, and both cgroups and status follow", () =>
  having(async (node) => {
    await make(node, "a", { requests: { cpu: "100m" }, limits: { cpu: "200m" } });
    const [before] = await node.runtime.listContainers();
    await resize(node, "a", { requests: { cpu: "150m" }, limits: { cpu: "300m" } });
    await until(node, "the new request", (found) => statusOf(found)?.resources?.requests?.cpu === "150m");
    const [after] = await node.runtime.listContainers();
    assert.equal(after?.id, before?.id);
    assert.deepEqual(node.runtime.resourcesOf(after?.id ?? ""), {
      cpuShares: 153,
      cpuPeriod: 100_000,
      cpuQuota: 30_000,
      hugepageLimits: [],
      oomScoreAdj: 999,
      unified: { "memory.oom.group": "1" },
    });
    const found = (await node.api.pod("a")) as Pod;
    assert.equal(statusOf(found)?.allocatedResources?.cpu, "150m");
    assert.equal(statusOf(found)?.restartCount, 0);
    assert.deepEqual(resizeConditions(found), []);
    const told = `{"containers":[{"name":"c","resources":{"limits":{"cpu":"300m"},"requests":{"cpu":"150m"}}}],"generation":2}`;
    assert.deepEqual(resizeEvents(node, "a"), [
      `ResizeStarted: Pod resize started: ${told}`,
      `ResizeCompleted: Pod resize completed: ${told}`,
    ]);
  }));

test("where a container is slowed down follows what it may have", () => {
  const { file } = kubeletDefaults;
  const config = { file: { ...file, featureGates: { MemoryQoS: true }, memoryThrottlingFactor: 0.5 } };
  const resources = (limit: string) => ({ requests: { memory: "64Mi" }, limits: { memory: limit } });
  return having(
    async (node) => {
      await make(node, "a", resources("128Mi"));
      await resize(node, "a", resources("192Mi"));
      await until(node, "the new limit", (found) => statusOf(found)?.resources?.limits?.memory === "192Mi");
      const [container] = await node.runtime.listContainers();
      const { memoryLimitInBytes, unified } = node.runtime.resourcesOf(container?.id ?? "") ?? {};
      assert.equal(memoryLimitInBytes, 192 << 20);
      assert.equal(unified?.["memory.high"], String(128 << 20));
    },
    { config },
  );
});

test("a container whose policy says so is made anew", () =>
  having(async (node) => {
    await make(node, "a", { limits: { memory: "40Mi" } }, { resizePolicy: RESTART });
    await resize(node, "a", { limits: { memory: "60Mi" } });
    await until(node, "a restart", (found) => statusOf(found)?.restartCount === 1 && statusOf(found)?.state.running);
    await until(node, "the new limit", (found) => statusOf(found)?.resources?.limits?.memory === "60Mi");
    await until(node, "its end", (found) => resizeConditions(found).length === 0);
    assert.ok(resizeEvents(node, "a").includes("Killing: Container c resize requires restart"));
  }));

test("what the node cannot give now waits until another pod has gone; what it never can is refused", () =>
  having(async (node) => {
    await make(node, "a", { requests: { cpu: "1" } });
    await make(node, "b", { requests: { cpu: "2" } });
    await resize(node, "a", { requests: { cpu: "3" } });
    await until(node, "Deferred", (found) => resizeConditions(found)[0] === "Deferred");
    const found = (await node.api.pod("a")) as Pod;
    assert.equal(statusOf(found)?.allocatedResources?.cpu, "1");
    assert.match(
      resizeEvents(node, "a")[0] ?? "",
      /^ResizeDeferred: Pod resize OutOfcpu: .*"error":"Node didn't have enough resource: cpu, requested: 3000, used: 2000, capacity: 4000"\}$/,
    );
    await node.api.deletePod("b", 0);
    await until(
      node,
      "its share",
      (it) => statusOf(it)?.resources?.requests?.cpu === "3" && resizeConditions(it).length === 0,
    );
    await resize(node, "a", { requests: { cpu: "5" } });
    await until(node, "Infeasible", (it) => resizeConditions(it)[0] === "Infeasible");
  }));

const STATIC = "cpuManagerPolicy: static\nkubeReserved: {cpu: 500m}\n";
const configOf = (text: string) =>
  parseKubeletConfig(`apiVersion: kubelet.config.k8s.io/v1beta1\nkind: KubeletConfiguration\n${text}`);
const whole = (cpu: string, memory = "1Gi") => ({ requests: { cpu, memory }, limits: { cpu, memory } });
const pendingMessage = ({ status }: Pod) =>
  status.conditions?.find(({ type }) => type === "PodResizePending")?.message ?? "";

test("what a pod has for itself is not resized unless its gate is open", () =>
  having(
    async (node) => {
      await make(node, "a", whole("1"));
      await resize(node, "a", whole("2"));
      await until(node, "Infeasible", (found) => resizeConditions(found)[0] === "Infeasible");
      const found = (await node.api.pod("a")) as Pod;
      const why = 'Resize is infeasible for Guaranteed Pods alongside CPU Manager policy "static"';
      assert.equal(pendingMessage(found), why);
      assert.match(resizeEvents(node, "a")[0] ?? "", /^ResizeInfeasible: Pod resize infeasible: /);
      await resize(node, "a", whole("1", "2Gi"));
      await until(node, "the new limit", (it) => statusOf(it)?.resources?.limits?.memory === "2Gi");
    },
    { config: configOf(STATIC) },
  ));

test("what holds CPUs of its own before it runs is not begun with others", () =>
  having(
    async (node) => {
      await node.api.createPod(
        pod("a")
          .on("node-1")
          .uid("uid-a")
          .container("c", { resources: whole("1") })
          .build(),
      );
      await until(node, "an attempt", () => node.api.events("a").some((text) => /no room/.test(text)));
      await resize(node, "a", whole("2"));
      await until(node, "Infeasible", (found) => resizeConditions(found)[0] === "Infeasible");
    },
    { config: configOf(STATIC), script: { sandbox: () => ({ error: "no room" }) } },
  ));

test("CPUs of its own grow and shrink with a container, and the others make room, also after the kubelet's restart", () => {
  const config = configOf(`${STATIC}featureGates: {InPlacePodVerticalScalingExclusiveCPUs: true}\n`);
  return having(
    async (first) => {
      const { runtime } = first;
      /** The newest of each update's CPUs: those of the beginning are in its configuration. */
      const moves: string[] = [];
      const update = runtime.updateResources.bind(runtime);
      runtime.updateResources = async (id, resources) => {
        const name = (await runtime.listContainers("uid-a")).some((each) => each.id === id) ? "a" : "s";
        if (resources.cpusetCpus) moves.push(`${name} ${resources.cpusetCpus}`);
        if (resources.cpuShares) moves.push(`${name} ${resources.cpuShares} shares, quota ${resources.cpuQuota}`);
        await update(id, resources);
      };
      const moved = () => moves.splice(0);
      await make(first, "s", {});
      await make(first, "a", whole("1"));
      assert.deepEqual(moved(), ["s 0,2-3"]);
      await resize(first, "a", whole("3"));
      await until(first, "more", (it) => statusOf(it)?.resources?.requests?.cpu === "3");
      assert.deepEqual(moved(), ["s 0", "a 1-3", "a 3072 shares, quota -1"]);
      await first.kubelet.stop();

      const node = await simulatedNode({ over: first, config });
      await resize(node, "a", whole("2"));
      await until(node, "less", (it) => statusOf(it)?.resources?.requests?.cpu === "2");
      assert.deepEqual(moved(), ["a 1-2", "s 0,3", "a 2048 shares, quota -1"]);
      await resize(node, "a", whole("1500m"));
      await until(node, "Infeasible", (it) => /from {2}exclusively allocated pool/.test(pendingMessage(it)));
      await resize(node, "a", whole("2"));
      await until(node, "nothing wanted", (it) => resizeConditions(it).length === 0);
      assert.equal(statusOf((await node.api.pod("a")) as Pod)?.restartCount, 0);
      await node.stop();
    },
    { config },
  );
});

test("a kubelet that ended after it gave CPUs, and before it noted that, gives them once", () => {
  const config = configOf(`${STATIC}featureGates: {InPlacePodVerticalScalingExclusiveCPUs: true}\n`);
  return having(
    async (node) => {
      await make(node, "a", whole("1"));
      const [container] = await node.runtime.listContainers();
      await node.kubelet.stop();
      const path = "/var/lib/kubelet/allotments.json";
      const kept = JSON.parse((await node.disk.readFile(path)).toString());
      kept["uid-a"].c = { cpus: [1, 2], promised: [1] };
      await node.disk.writeFile(path, JSON.stringify(kept));
      await resize(node, "a", whole("2"));
      const again = await simulatedNode({ over: node, config });
      await until(again, "more", (it) => statusOf(it)?.resources?.requests?.cpu === "2");
      assert.equal(node.runtime.resourcesOf(container?.id ?? "")?.cpusetCpus, "1-2");
      await again.stop();
    },
    { config },
  );
});

test("a kubelet that starts again goes on with what was given", () =>
  having(async (node) => {
    await make(node, "a", { requests: { cpu: "1" } });
    await node.kubelet.stop();
    await resize(node, "a", { requests: { cpu: "2" } });
    const again = await simulatedNode({ over: node });
    await until(again, "the new request", (found) => statusOf(found)?.resources?.requests?.cpu === "2");
    const [container] = await node.runtime.listContainers();
    assert.equal(node.runtime.resourcesOf(container?.id ?? "")?.cpuShares, 2048);
    await again.stop();
  }));

test("amounts are compared by what they mean", () => {
  assert.equal(sameResources({ requests: { cpu: "1" } }, { requests: { cpu: "1000m" } }), true);
  assert.equal(sameResources({ requests: { cpu: "1" } }, {}), false);
  assert.equal(needsRestart({ resizePolicy: RESTART }, { limits: { cpu: "1" } }, { limits: { cpu: "2" } }), false);
  assert.equal(needsRestart({ resizePolicy: RESTART }, {}, { limits: { memory: "1Mi" } }), true);
  const sidecar = pod("a").initContainer("s", { restartPolicy: "Always" }).container("c").build();
  assert.equal(
    resizeText(sidecar, "no"),
    `{"initContainers":[{"name":"s","resources":{}}],"containers":[{"name":"c","resources":{}}],"error":"no"}`,
  );
});
