/** CPUs and memory that guaranteed pods have for themselves, on a real containerd: what their processes may use, and what is left to the others. Needs root and two CPUs. */
import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { availableParallelism } from "node:os";
import { join } from "node:path";
import { after, before, describe, it } from "node:test";
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
  /** The CPUs that the kernel lets the container's process have. */
  const mayUse = (name: string): string | undefined => {
    const find = ["/sys/fs/cgroup", "-path", `*pod-${name}/*`, "-name", "cgroup.procs", "-exec", "cat", "{}", "+"];
    // Cgroups of others go meanwhile, and it says so.
    for (const id of new Set(spawnSync("find", find, { encoding: "utf8" }).stdout.split("\n").filter(Boolean)))
      if (readFileSync(`/proc/${id}/cmdline`, "utf8").startsWith("sleep"))
        return /Cpus_allowed_list:\s+(\S+)/.exec(readFileSync(`/proc/${id}/status`, "utf8"))?.[1];
    return undefined;
  };
  const uses = (name: string, cpus: string) => eventually(`${name} on ${cpus}`, () => mayUse(name) === cpus);

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
