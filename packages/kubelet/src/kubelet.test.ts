import assert from "node:assert/strict";
import { test } from "node:test";
import { clustertrustbundles, configmaps, nodes } from "@kubets/api/generated/refs";
import type { Pod } from "@kubets/api/generated/types/core-v1";
import { pod } from "@kubets/api/testing/pod-builder";
import { kubeletDefaults } from "./config.ts";
import { imagesInUse } from "./images/image-gc.ts";
import type { RuntimeImage } from "./runtime/runtime.ts";
import {
  type SimulatedNode,
  type SimulatedNodeOptions,
  simulatedNode,
  withSimulatedNode,
} from "./testing/simulated-node.ts";

async function until(
  node: SimulatedNode,
  what: string,
  look: () => Promise<boolean | undefined>,
  limitMs = 600_000,
): Promise<void> {
  for (const end = node.clock.monotonic() + limitMs; !(await look()); ) {
    if (node.clock.monotonic() > end) throw new Error(`${what} did not come true`);
    await node.clock.advance(100);
  }
}

const readyOf = (found: Pod | undefined) => found?.status.conditions?.find(({ type }) => type === "Ready")?.status;
const on = (name: string) => pod(name).on("node-1").uid(`uid-${name}`);

test("registers the node, ready, with what the machine has", () =>
  withSimulatedNode({ config: { nodeLabels: { zone: "a" } } }, async ({ api, clock }) => {
    await clock.advance(100);
    const node = await api.client.get(nodes, { name: "node-1" });
    assert.equal(node.metadata.labels?.["kubernetes.io/hostname"], "node-1");
    assert.equal(node.metadata.labels?.zone, "a");
    assert.equal(node.status.capacity?.cpu, "4");
    assert.equal(node.status.capacity?.memory, "16Gi");
    assert.equal(node.status.conditions?.find(({ type }) => type === "Ready")?.status, "True");
    assert.equal(node.status.nodeInfo?.kubeletVersion, "v1.36.2");
  }));

test("a node tells of itself by events, under its name", async () => {
  const first = await simulatedNode();
  const { api, clock } = first;
  await clock.advance(100);
  const told = () => api.events("node-1").map((text) => text.split(":")[0]);
  assert.deepEqual(
    new Set(told()),
    new Set([
      "Starting",
      "NodeAllocatableEnforced",
      "NodeHasSufficientMemory",
      "NodeHasNoDiskPressure",
      "NodeHasSufficientPID",
    ]),
  );
  assert.ok(api.events("node-1").includes("NodeHasNoDiskPressure: Node node-1 status is now: NodeHasNoDiskPressure"));
  await api.client.patch(nodes, { name: "node-1" }, { type: "merge", body: { spec: { unschedulable: true } } });
  await clock.advance(100);
  assert.equal(told().at(-1), "NodeNotSchedulable");
  await first.stop();
  await api.client.patch(
    nodes,
    { name: "node-1" },
    { type: "merge", body: { status: { nodeInfo: { bootID: "another" } } } },
    { subresource: "status" },
  );
  await withSimulatedNode({ over: first }, async () => {
    await clock.advance(100);
    assert.ok(api.events("node-1").includes("Rebooted: Node node-1 has been rebooted, boot id: simulated"));
  });
});

test("a pod becomes ready and is taken away", () =>
  withSimulatedNode({}, async (node) => {
    await node.api.createPod(on("a").container("c", { image: "demo:1" }).build());
    await until(node, "ready", async () => readyOf(await node.api.pod("a")) === "True");
    const found = await node.api.pod("a");
    assert.equal(found?.status.phase, "Running");
    assert.equal(found?.status.podIP, "10.244.0.2");
    assert.equal(found?.status.hostIP, "192.0.2.10");
    await node.api.deletePod("a");
    await until(node, "gone", async () => (await node.api.pod("a")) === undefined);
    assert.deepEqual(await node.runtime.listSandboxes(), []);
    assert.deepEqual(await node.disk.list("/var/lib/kubelet/pods"), []);
    const killing = node.api.events("a").filter((text) => text.startsWith("Killing"));
    assert.deepEqual(killing, ["Killing: Stopping container c"]);
  }));

test("what changes while a pod is brought up reaches its volumes", () => {
  const pull = (image: string) => (image === "slow:1" ? { delayMs: 5000 } : undefined);
  return withSimulatedNode({ script: { pull } }, async (node) => {
    const metadata = { name: "settings", namespace: "default" };
    await node.api.createConfigMap({ metadata, data: { key: "old" } });
    await node.api.createPod(
      on("a")
        .container("quick", { image: "demo:1" })
        .container("slow", { image: "slow:1", imagePullPolicy: "Always" })
        .spec({ volumes: [{ name: "v", configMap: { name: "settings" } }] })
        .build(),
    );
    const runs = (count: number) => async () =>
      (await node.api.pod("a"))?.status.containerStatuses?.filter(({ state }) => state?.running).length === count;
    await until(node, "one to run", runs(1));
    await node.api.client.patch(configmaps, metadata, { type: "merge", body: { data: { key: "new" } } });
    await until(node, "both to run", runs(2));
    const file = "/var/lib/kubelet/pods/uid-a/volumes/kubernetes.io~configmap/v/key";
    await until(node, "the new value", async () => (await node.disk.readFile(file)).toString() === "new", 60_000);
  });
});

test("a crashing container waits 0, 10, 20, 40 seconds", () =>
  withSimulatedNode({ script: { course: () => ({ exitAfterMs: 1000, exitCode: 1 }) } }, async (node) => {
    await node.api.createPod(on("a").container("c", { image: "demo:1" }).build());
    const starts: number[] = [];
    await until(node, "four restarts", async () => {
      const count = (await node.api.pod("a"))?.status.containerStatuses?.[0]?.restartCount ?? -1;
      if (count >= starts.length) starts.push(Math.round(node.clock.monotonic() / 1000));
      return count === 4;
    });
    assert.deepEqual(
      starts.slice(1).map((at, i) => at - (starts[i] as number)),
      [1, 11, 21, 41],
    );
  }));

test("init containers come one after the other; a failing one ends a pod that is never restarted", () =>
  withSimulatedNode(
    {
      script: {
        course: ({ name }) =>
          name === "one" ? { exitAfterMs: 500 } : name === "two" ? { exitAfterMs: 500, exitCode: 5 } : {},
      },
    },
    async (node) => {
      const made = on("a")
        .initContainer("one")
        .initContainer("two")
        .container("c", { image: "demo:1" })
        .spec({ restartPolicy: "Never" });
      await node.api.createPod(made.build());
      await until(node, "failed", async () => (await node.api.pod("a"))?.status.phase === "Failed");
      const status = (await node.api.pod("a"))?.status;
      assert.equal(status?.initContainerStatuses?.[0]?.state.terminated?.exitCode, 0);
      assert.equal(status?.initContainerStatuses?.[1]?.state.terminated?.exitCode, 5);
      assert.equal(status?.containerStatuses?.[0]?.state.waiting?.reason, "PodInitializing");
      const initialized = status?.conditions?.find(({ type }) => type === "Initialized");
      assert.equal(initialized?.message, "containers with incomplete status: [two]");
    },
  ));

test("what a volume shows is new also when it changed while the pod was brought up", () =>
  withSimulatedNode({ script: { pull: () => ({ delayMs: 5000 }) } }, async (node) => {
    const configMap = (word: string) => ({ metadata: { namespace: "default", name: "it" }, data: { word } });
    await node.api.createConfigMap(configMap("old"));
    const volumes = [{ name: "v", configMap: { name: "it" } }];
    const container = { image: "demo:1", imagePullPolicy: "Always", volumeMounts: [{ name: "v", mountPath: "/v" }] };
    await node.api.createPod(on("a").container("c", container).spec({ volumes }).build());
    const word = async () => {
      const file = "/var/lib/kubelet/pods/uid-a/volumes/kubernetes.io~configmap/v/word";
      return (await node.disk.readFile(file).catch(() => undefined))?.toString();
    };
    await until(node, "the volume", async () => (await word()) === "old");
    assert.equal(readyOf(await node.api.pod("a")), "False");
    await node.api.client.update(configmaps, configMap("new"));
    await until(node, "ready", async () => readyOf(await node.api.pod("a")) === "True");
    await until(node, "the new word", async () => (await word()) === "new");
  }));

test("a stopped kubelet plans nothing for a pod whose token comes late", async () => {
  const node = await simulatedNode();
  const { api, clock } = node;
  const token = { serviceAccountToken: { path: "token", expirationSeconds: 3600 } };
  const volumes = [{ name: "token", projected: { sources: [token] } }];
  await api.createPod(on("a").spec({ volumes }).build());
  const comes = api.goAway();
  await clock.advance(1000);
  assert.equal(api.tokens, 0);
  await node.stop();
  const planned: number[] = [];
  const after = clock.after.bind(clock);
  clock.after = (ms, run) => {
    planned.push(ms);
    return after(ms, run);
  };
  comes();
  await clock.advance(1000);
  assert.deepEqual([api.tokens, planned], [1, []]);
});

test("a bundle of whom the cluster trusts is new in the pod when it changed", () =>
  withSimulatedNode({}, async (node) => {
    const pem = (word: string) => `-----BEGIN CERTIFICATE-----\n${word}\n-----END CERTIFICATE-----\n`;
    const bundle = (word: string) => ({ metadata: { name: "it" }, spec: { trustBundle: pem(word) } });
    await node.api.client.create(clustertrustbundles, bundle("old"));
    const sources = [{ clusterTrustBundle: { name: "it", path: "anchors" } }];
    const container = { image: "demo:1", volumeMounts: [{ name: "v", mountPath: "/v" }] };
    await node.api.createPod(
      on("a")
        .container("c", container)
        .spec({ volumes: [{ name: "v", projected: { sources } }] })
        .build(),
    );
    const anchors = async () => {
      const file = "/var/lib/kubelet/pods/uid-a/volumes/kubernetes.io~projected/v/anchors";
      return (await node.disk.readFile(file).catch(() => undefined))?.toString();
    };
    await until(node, "ready", async () => readyOf(await node.api.pod("a")) === "True");
    assert.equal(await anchors(), pem("old"));
    await node.clock.advance(5000);
    await node.api.client.update(clustertrustbundles, bundle("new"));
    await until(node, "the new one", async () => (await anchors()) === pem("new"), 1000);
  }));

test("a pull that fails backs off, and the pod says so", () =>
  withSimulatedNode({ script: { pull: () => ({ error: "no route" }) } }, async (node) => {
    await node.api.createPod(on("a").container("c", { image: "demo:1", imagePullPolicy: "Always" }).build());
    const reason = async () => (await node.api.pod("a"))?.status.containerStatuses?.[0]?.state.waiting?.reason;
    await until(node, "ErrImagePull", async () => (await reason()) === "ErrImagePull");
    await until(node, "ImagePullBackOff", async () => (await reason()) === "ImagePullBackOff");
    const events = node.api.events("a");
    for (const text of [
      'Pulling: Pulling image "demo:1"',
      'Failed: Failed to pull image "demo:1": no route',
      "Failed: Error: ErrImagePull",
      'BackOff: Back-off pulling image "demo:1"',
      "Failed: Error: ImagePullBackOff",
    ])
      assert.ok(events.includes(text), text);
  }));

test("a status tells the images that volumes show where that feature is on, also of a later kubelet", async () => {
  const volumes = [{ name: "data", image: { reference: "data:1", pullPolicy: "Always" as const } }];
  const made = on("a")
    .container("one", { image: "demo:1", volumeMounts: [{ name: "data", mountPath: "/data" }] })
    .spec({ volumes })
    .build();
  const shown = async ({ api }: SimulatedNode) =>
    (await api.pod("a"))?.status.containerStatuses?.[0]?.volumeMounts?.[0]?.volumeStatus?.image?.imageRef;
  const runs = (node: SimulatedNode) =>
    until(node, "it to run", async () => (await node.api.pod("a"))?.status.phase === "Running");
  for (const opened of [false, true]) {
    const file = { ...kubeletDefaults.file, featureGates: { ImageVolumeWithDigest: opened } };
    const node = await simulatedNode({ config: { file } });
    await node.api.createPod(made);
    await runs(node);
    const { digests, id } = (await node.runtime.imageStatus("data:1")) as RuntimeImage;
    assert.equal(await shown(node), opened ? (digests[0] ?? id) : undefined);
    await node.stop();
    const { clock, api, runtime, disk } = node;
    const later = await simulatedNode({ config: { file }, over: { clock, api, runtime, disk } });
    await later.clock.advance(5000);
    assert.equal(await shown(later), opened ? (digests[0] ?? id) : undefined);
    await later.stop();
  }
});

test("images of volumes come once for a pod; who does not mount one that cannot be had is not held up", () => {
  const pulls: string[] = [];
  const pull = (image: string) => {
    pulls.push(image);
    return image === "none:1" ? { error: "no route" } : undefined;
  };
  return withSimulatedNode({ script: { pull } }, async (node) => {
    const mounting = (...names: string[]) => ({
      image: "demo:1",
      volumeMounts: names.map((name) => ({ name, mountPath: `/${name}` })),
    });
    const image = (reference: string) => ({ image: { reference, pullPolicy: "Always" as const } });
    await node.api.createPod(
      on("a")
        .container("one", mounting("data"))
        .container("two", mounting("data"))
        .container("three", mounting("none"))
        .spec({
          volumes: [
            { name: "data", ...image("data:1") },
            { name: "none", ...image("none:1") },
          ],
        })
        .build(),
    );
    const state = async (name: string) =>
      (await node.api.pod("a"))?.status.containerStatuses?.find((each) => each.name === name)?.state;
    await until(node, "the failure", async () => (await state("three"))?.waiting?.reason === "ErrImagePull");
    assert.deepEqual(pulls, ["data:1", "none:1"]);
    for (const name of ["one", "two"]) assert.ok((await state(name))?.running, name);
    for (const text of [
      'Pulling: Pulling image "none:1"',
      'Failed: Failed to pull image "none:1": no route',
      "Failed: Error: ErrImagePull",
    ])
      assert.equal(node.api.events("a").filter((told) => told === text).length, 1, text);
    await until(node, "the wait", async () => (await state("three"))?.waiting?.reason === "ImagePullBackOff");
    const counted = [...node.kubelet.metrics.registry.expose()].join("");
    for (const [name, count] of [
      ["requested", 2],
      ["mounted_succeed", 2],
      ["mounted_errors", 0],
    ])
      assert.match(counted, new RegExp(`^kubelet_image_volume_${name}_total ${count}$`, "m"));
    const used = imagesInUse(node.kubelet.tools.cache.all());
    assert.ok(used.has((await node.runtime.imageStatus("data:1"))?.id ?? ""), "it is not collected");
  });
});

test("readiness decides, liveness restarts", () => {
  let healthy = false;
  let alive = true;
  const probe: SimulatedNodeOptions["probe"] = async (_, type) =>
    (type === "readiness" ? healthy : alive) ? { result: "success", output: "" } : { result: "failure", output: "no" };
  return withSimulatedNode({ probe }, async (node) => {
    const exec = { exec: { command: ["x"] }, periodSeconds: 1, failureThreshold: 2 };
    await node.api.createPod(
      on("a").container("c", { image: "demo:1", readinessProbe: exec, livenessProbe: exec }).build(),
    );
    await until(node, "running", async () => (await node.api.pod("a"))?.status.phase === "Running");
    assert.equal(readyOf(await node.api.pod("a")), "False");
    healthy = true;
    await until(node, "ready", async () => readyOf(await node.api.pod("a")) === "True");
    alive = false;
    await until(
      node,
      "restarted",
      async () => (await node.api.pod("a"))?.status.containerStatuses?.[0]?.restartCount === 1,
    );
    assert.ok(node.api.events("a").includes("Killing: Container c failed liveness probe, will be restarted"));
  });
});

test("a rule restarts all containers of a pod in their order, without their hooks, and says so", () =>
  withSimulatedNode(
    {
      script: {
        course: ({ name, attempt }) =>
          name === "one"
            ? { exitAfterMs: 1000 }
            : name === "x" && attempt === 0
              ? { exitAfterMs: 5000, exitCode: 42 }
              : { stopAfterMs: 60_000 },
      },
    },
    async (node) => {
      const rule = { action: "RestartAllContainers", exitCodes: { operator: "In", values: [42] } };
      await node.api.createPod(
        on("a")
          .initContainer("one", { image: "demo:1" })
          .container("x", { image: "demo:1", restartPolicy: "Never", restartPolicyRules: [rule] })
          .container("y", { image: "demo:1", lifecycle: { preStop: { sleep: { seconds: 3000 } } } })
          .spec({ restartPolicy: "Never", terminationGracePeriodSeconds: 3600 })
          .build(),
      );
      const seen: string[] = [];
      const restarting = async () =>
        (await node.api.pod("a"))?.status.conditions?.find(({ type }) => type === "AllContainersRestarting");
      await until(node, "restarted", async () => {
        const { status = "" } = (await restarting()) ?? {};
        if (status && seen.at(-1) !== status) seen.push(status);
        const found = await node.api.pod("a");
        const counts = found?.status.containerStatuses?.map(({ restartCount }) => restartCount);
        return readyOf(found) === "True" && counts?.join() === "1,1";
      });
      const found = await node.api.pod("a");
      assert.equal(found?.status.initContainerStatuses?.[0]?.restartCount, 1);
      assert.equal(found?.status.phase, "Running");
      assert.deepEqual(
        found?.status.containerStatuses?.map(({ lastState }) => lastState.terminated?.exitCode),
        [42, 137],
      );
      assert.equal(seen[0], "False");
      assert.equal(seen.at(-1), "False");
    },
  ));

test("a kubelet that starts again leaves containers as they are", async () => {
  const first = await simulatedNode();
  await first.api.createPod(on("a").container("c", { image: "demo:1" }).build());
  await until(first, "ready", async () => readyOf(await first.api.pod("a")) === "True");
  const before = await first.runtime.listContainers();
  await first.stop();
  await withSimulatedNode({ over: first }, async (node) => {
    await node.clock.advance(10_000);
    assert.deepEqual(await node.runtime.listContainers(), before);
    assert.equal((await node.api.pod("a"))?.status.containerStatuses?.[0]?.restartCount, 0);
  });
});

test("a kubelet that starts again takes no pod out of its services until a probe fails", async () => {
  let answer: "success" | "unknown" | "failure" = "success";
  const probe: SimulatedNodeOptions["probe"] = async () => ({ result: answer, output: "" });
  const exec = { exec: { command: ["x"] }, periodSeconds: 1, failureThreshold: 2 };
  const first = await simulatedNode({ probe });
  await first.api.createPod(
    on("a").container("c", { image: "demo:1", startupProbe: exec, readinessProbe: exec }).build(),
  );
  await until(first, "ready", async () => readyOf(await first.api.pod("a")) === "True");
  await first.stop();
  answer = "unknown";
  await withSimulatedNode({ over: first, probe }, async (node) => {
    await node.clock.advance(20_000);
    assert.equal(readyOf(await node.api.pod("a")), "True");
    assert.equal((await node.api.pod("a"))?.status.containerStatuses?.[0]?.started, true);
    answer = "failure";
    await until(node, "not ready", async () => readyOf(await node.api.pod("a")) === "False");
  });
});

test("a pod that ends has started, and is ready as long as it answers", () => {
  const exec = { exec: { command: ["x"] }, periodSeconds: 1 };
  const probe: SimulatedNodeOptions["probe"] = async () => ({ result: "success", output: "" });
  return withSimulatedNode({ probe, script: { course: () => ({ stopAfterMs: 20_000 }) } }, async (node) => {
    await node.api.createPod(
      on("a").container("c", { image: "demo:1", startupProbe: exec, readinessProbe: exec }).build(),
    );
    await until(node, "ready", async () => readyOf(await node.api.pod("a")) === "True");
    await node.api.deletePod("a");
    await node.clock.advance(15_000);
    const { started, ready } = (await node.api.pod("a"))?.status.containerStatuses?.[0] ?? {};
    assert.deepEqual({ started, ready }, { started: true, ready: true });
  });
});

test("a pod that does not fit is refused", () =>
  withSimulatedNode({}, async (node) => {
    await node.api.createPod(on("a").container("c", { image: "demo:1" }).requests({ cpu: "5" }).build());
    await until(node, "failed", async () => (await node.api.pod("a"))?.status.phase === "Failed");
    const status = (await node.api.pod("a"))?.status;
    assert.equal(status?.reason, "OutOfcpu");
    assert.equal(
      status?.message,
      "Pod was rejected: Node didn't have enough resource: cpu, requested: 5000, used: 0, capacity: 4000",
    );
  }));

test("others make room for a critical pod, which waits until they have", () =>
  withSimulatedNode({ script: { course: () => ({ stopAfterMs: 5000 }) } }, async (node) => {
    const large = (name: string) => on(name).container("c", { image: "demo:1" }).requests({ cpu: "3" });
    await node.api.createPod(large("a").build());
    await until(node, "ready", async () => readyOf(await node.api.pod("a")) === "True");
    await node.api.createPod(large("b").spec({ priority: 2_000_000_000 }).build());
    await node.clock.advance(4000);
    assert.equal((await node.api.pod("b"))?.status.phase, "Pending");
    await until(node, "the critical pod", async () => readyOf(await node.api.pod("b")) === "True");
    const status = (await node.api.pod("a"))?.status;
    assert.equal(status?.phase, "Failed");
    assert.equal(status?.reason, "Preempting");
    assert.equal(status?.message, "Preempted in order to admit critical pod");
    const disruption = status?.conditions?.find(({ type }) => type === "DisruptionTarget");
    assert.equal(disruption?.message, "Pod was preempted by Kubelet to accommodate a critical pod.");
    assert.ok(node.api.events("a").includes("Preempting: Preempted in order to admit critical pod"));
  }));

test("a critical pod for which nobody can make room is refused", () =>
  withSimulatedNode({}, async (node) => {
    await node.api.createPod(on("a").requests({ cpu: "5" }).spec({ priority: 2_000_000_000 }).build());
    await until(node, "failed", async () => (await node.api.pod("a"))?.status.phase === "Failed");
    const status = (await node.api.pod("a"))?.status;
    assert.equal(status?.reason, "UnexpectedAdmissionError");
    assert.match(
      status?.message ?? "",
      /no set of running pods found to reclaim resources: \[\(res: cpu, q: 1000\), \]$/,
    );
  }));

test("a resource that the node does not know of is somebody else's to count", () =>
  withSimulatedNode({}, async (node) => {
    await node.api.createPod(
      on("a").container("c", { image: "demo:1" }).requests({ "example.com/thing": "5" }).build(),
    );
    await until(node, "ready", async () => readyOf(await node.api.pod("a")) === "True");
  }));

test("activeDeadlineSeconds ends a pod", () =>
  withSimulatedNode({}, async (node) => {
    await node.api.createPod(on("a").container("c", { image: "demo:1" }).spec({ activeDeadlineSeconds: 2 }).build());
    await until(node, "failed", async () => (await node.api.pod("a"))?.status.phase === "Failed");
    assert.equal((await node.api.pod("a"))?.status.reason, "DeadlineExceeded");
  }));
