/** CPUs and memory that guaranteed pods have for themselves, on a real containerd: what their processes may use, and what is left to the others. Needs root and two CPUs. */
import assert from "node:assert/strict";
import { globSync, readFileSync } from "node:fs";
import { availableParallelism } from "node:os";
import { join } from "node:path";
import { after, before, describe, it } from "node:test";
import { pods } from "@kubets/api/generated/refs";
import type { Pod } from "@kubets/api/generated/types/core-v1";
import { pod } from "@kubets/api/testing/pod-builder";
import { kubeletDefaults } from "@kubets/kubelet";
import { PodResourcesLister } from "@kubets/wire/generated/kubelet/pod-resources";
import { type GrpcClient, grpcClient } from "@kubets/wire/grpc";
import { eventually } from "../cluster.ts";
import { DEMO_IMAGE, whyNot } from "./containerd.ts";
import { NODE, startNode, type TestNode } from "./node.ts";
import { end, inPhase } from "./node-pods.ts";

const reason = whyNot() ?? (availableParallelism() < 2 ? "this machine has one CPU" : false);
const LAST = availableParallelism() - 1;
const ALL = `0-${LAST}`;
/** All but the last are for the node, and those without CPUs of their own. */
const RESERVED = LAST === 1 ? "0" : `0-${LAST - 1}`;
const MEMORY = "16Mi";
const MIB = 2 ** 20;

/** Nothing of what is gone by now. */
const textOf = (path: string): string => {
  try {
    return readFileSync(path, "utf8").trim();
  } catch {
    return "";
  }
};
/** Files of the cgroups of a pod and its containers, in either version of the kernel's hierarchies. */
const cgroupFiles = (pod: string, file: string) =>
  globSync(`/sys/fs/cgroup/**/podpod-${pod}/{,*/}${file}`).map((path) => [path, textOf(path)] as const);
/** The CPUs that the kernel lets the processes of a pod have, those of its containers alone. */
function mayUse(name: string): string[] {
  const ids = cgroupFiles(name, "cgroup.procs").flatMap(([, text]) => text.split("\n").filter(Boolean));
  return [...new Set(ids)]
    .filter((id) => textOf(`/proc/${id}/cmdline`).startsWith("sleep"))
    .map((id) => /Cpus_allowed_list:\s+(\S+)/.exec(textOf(`/proc/${id}/status`))?.[1] ?? "");
}
const uses = (name: string, cpus: string, containers = 1) =>
  eventually(`${name} on ${cpus}`, () => mayUse(name).join() === Array(containers).fill(cpus).join());
/** What CPU time is limited to: of the pod first, then of each of its containers, its sandbox among them. */
const quotas = (name: string): string[] =>
  [...cgroupFiles(name, "cpu.cfs_quota_us"), ...cgroupFiles(name, "cpu.max")]
    .sort(([a], [b]) => a.length - b.length)
    .map(([, text]) => text.replace(/^max.*/, "-1").split(" ")[0] ?? "");

describe("CPUs and memory of one pod alone", { skip: reason }, () => {
  let node: TestNode;
  let lister: GrpcClient;
  before(async () => {
    node = await startNode({
      file: {
        ...kubeletDefaults.file,
        cpuManagerPolicy: "static",
        reservedSystemCPUs: RESERVED,
        memoryManagerPolicy: "Static",
        reservedMemory: [{ numaNode: 0, limits: { memory: "100Mi" } }],
        topologyManagerPolicy: "single-numa-node",
      },
    });
    lister = grpcClient({ target: `unix://${join(node.paths.root, "pod-resources/kubelet.sock")}` });
  });
  after(async () => {
    lister?.close();
    await node?.close();
  });

  const make = (name: string, limits: Readonly<Record<string, string>> = {}) =>
    node.api.createPod(
      pod(name)
        .on(NODE)
        .uid(`pod-${name}`)
        .container("c", { image: DEMO_IMAGE, command: ["sleep", "1000"], resources: { limits, requests: limits } })
        .spec({ terminationGracePeriodSeconds: 0, restartPolicy: "Never" })
        .build(),
    );
  it("are taken from the others, told, kept over a restart of the kubelet, and given back", async () => {
    await make("shares");
    await inPhase(node, "shares", "Running");
    await uses("shares", ALL);
    await make("alone", { cpu: "1", memory: MEMORY });
    await inPhase(node, "alone", "Running");
    await uses("alone", String(LAST));
    await uses("shares", RESERVED);

    const { podResources } = await lister.unary(PodResourcesLister.list, {}, { waitForReady: true });
    const [told] = podResources.find(({ name }) => name === "alone")?.containers ?? [];
    assert.deepEqual(told?.cpuIds.map(Number), [LAST]);
    assert.deepEqual(
      told?.memory.map(({ memoryType, size, topology }) => [memoryType, Number(size), topology?.nodes.length]),
      [["memory", 16 * 2 ** 20, 1]],
    );

    await node.restart();
    await make("late", { cpu: "1", memory: MEMORY });
    const refused = await inPhase(node, "late", "Failed");
    assert.equal(refused.reason, "TopologyAffinityError");
    await make("part", { cpu: "500m", memory: MEMORY });
    await inPhase(node, "part", "Running");
    await uses("part", RESERVED);
    await uses("alone", String(LAST));
    await end(node, "alone");
    await uses("shares", ALL);
    await uses("part", ALL);
    for (const name of ["shares", "late", "part"]) await end(node, name);
  });
});

describe("CPUs and memory of a pod as a whole, and resizes of what is a pod's own", { skip: reason }, () => {
  let node: TestNode;
  let lister: GrpcClient;
  before(async () => {
    node = await startNode({
      file: {
        ...kubeletDefaults.file,
        featureGates: {
          PodLevelResourceManagers: true,
          InPlacePodVerticalScalingExclusiveCPUs: true,
          InPlacePodVerticalScalingExclusiveMemory: true,
        },
        cpuManagerPolicy: "static",
        reservedSystemCPUs: RESERVED,
        memoryManagerPolicy: "Static",
        reservedMemory: [{ numaNode: 0, limits: { memory: "100Mi" } }],
        topologyManagerPolicy: "single-numa-node",
        topologyManagerScope: "pod",
      },
    });
    lister = grpcClient({ target: `unix://${join(node.paths.root, "pod-resources/kubelet.sock")}` });
  });
  after(async () => {
    lister?.close();
    await node?.close();
  });

  const whole = (cpu: string, memory: string) => ({ limits: { cpu, memory }, requests: { cpu, memory } });
  const sleeping = { image: DEMO_IMAGE, command: ["sleep", "1000"] };
  const begin = async (name: string, made: ReturnType<typeof pod>) => {
    const spec = { terminationGracePeriodSeconds: 0, restartPolicy: "Never" } as const;
    await node.api.createPod(made.on(NODE).uid(`pod-${name}`).spec(spec).build());
  };
  const told = async (name: string) => {
    const { podResources } = await lister.unary(PodResourcesLister.list, {}, { waitForReady: true });
    const { containers = [] } = podResources.find((each) => each.name === name) ?? {};
    return containers.map(({ cpuIds, memory }) => [cpuIds.map(Number), memory.map(({ size }) => Number(size) / MIB)]);
  };

  it("lies together, and its containers part it", async () => {
    const pair = () => pod("pair").container("a", sleeping).container("b", sleeping);
    await begin("pair", pair().spec({ resources: whole("1", "32Mi") }));
    await inPhase(node, "pair", "Running");
    await uses("pair", String(LAST), 2);
    const [ofPod, ...ofContainers] = quotas("pair");
    assert.deepEqual([ofPod, ...ofContainers.sort()], ["100000", "-1", "100000", "100000"]);
    assert.deepEqual(await told("pair"), [
      [[LAST], [32]],
      [[LAST], [32]],
    ]);
    const own = { ...sleeping, resources: whole("1", "16Mi") };
    await begin(
      "full",
      pod("full")
        .container("a", own)
        .container("b", sleeping)
        .spec({ resources: whole("1", "32Mi") }),
    );
    assert.match(
      (await inPhase(node, "full", "Failed")).message ?? "",
      /Pod Scope pod with pod-level resources failed/,
    );
    await end(node, "pair");
    await end(node, "full");
  });

  it("has more or less of its own without a restart", async () => {
    await begin("own", pod("own").container("c", { ...sleeping, resources: whole("1", "16Mi") }));
    await inPhase(node, "own", "Running");
    await uses("own", String(LAST));
    assert.deepEqual(quotas("own"), ["-1", "-1", "-1"]);
    const resize = async (cpu: string, memory: string) => {
      const { metadata, spec } = (await node.api.pod("own")) as Pod;
      const body = {
        spec: { containers: spec.containers.map((each) => ({ ...each, resources: whole(cpu, memory) })) },
      };
      await node.api.client.patch(pods, metadata, { type: "merge", body });
    };
    const limits = () =>
      [...cgroupFiles("own", "memory.limit_in_bytes"), ...cgroupFiles("own", "memory.max")].map(([, text]) => text);
    for (const mib of [48, 24]) {
      await resize("1", `${mib}Mi`);
      await eventually(`${mib} MiB`, () => limits().filter((text) => text === String(mib * MIB)).length >= 2);
      assert.deepEqual(await told("own"), [[[LAST], [mib]]]);
    }
    await uses("own", String(LAST));
    assert.deepEqual(quotas("own"), ["-1", "-1", "-1"]);
    await resize("500m", "24Mi");
    const { containerStatuses = [] } = await eventually("its refusal", async () => {
      const { status } = (await node.api.pod("own")) as Pod;
      return status.conditions?.some(({ reason: why }) => why === "Infeasible") && status;
    });
    assert.equal(containerStatuses[0]?.restartCount, 0);
    await end(node, "own");
  });
});
