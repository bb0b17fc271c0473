/** A node below a cgroup with a limit of memory, and a pod that fills it: the pod goes, the other stays. Needs root and cgroups of version 1 or 2. */
import assert from "node:assert/strict";
import { existsSync, mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { after, before, describe, it } from "node:test";
import { nodes } from "@kubets/api/generated/refs";
import { pod } from "@kubets/api/testing/pod-builder";
import { kubeletDefaults } from "@kubets/kubelet";
import { eventually } from "../cluster.ts";
import { DEMO_IMAGE, whyNot } from "./containerd.ts";
import { NODE, startNode, type TestNode } from "./node.ts";

const LIMIT = 256 * 2 ** 20;
const isV2 = existsSync("/sys/fs/cgroup/cgroup.controllers");

describe("eviction on containerd", { skip: whyNot() ?? false }, () => {
  let node: TestNode;
  before(async () => {
    const hard = { "memory.available": "100Mi" };
    node = await startNode({ eviction: { ...kubeletDefaults.eviction, hard } });
    const folder = join("/sys/fs/cgroup", isV2 ? "" : "memory", node.containerd.cgroupRoot);
    mkdirSync(folder, { recursive: true });
    writeFileSync(join(folder, isV2 ? "memory.max" : "memory.limit_in_bytes"), String(LIMIT));
  });
  after(() => node?.close());

  const make = (name: string, script: string) =>
    node.api.createPod(
      pod(name)
        .on(NODE)
        .uid(crypto.randomUUID())
        .container("c", { image: DEMO_IMAGE, imagePullPolicy: "IfNotPresent", command: ["sh", "-c", script] })
        .spec({ terminationGracePeriodSeconds: 1, restartPolicy: "Never" })
        .build(),
    );

  it("ends the pod that uses the most memory when little is left", async () => {
    await make("small", "sleep 600");
    // One line without an end stays in memory.
    await make("large", "(head -c 190000000 /dev/zero; sleep 600) | tail");
    const large = await eventually("the large one to be evicted", async () => {
      const found = await node.api.pod("large");
      return found?.status.phase === "Failed" && found;
    });
    assert.equal(large.status.reason, "Evicted");
    assert.match(
      large.status.message ?? "",
      /^The node was low on resource: memory\. Threshold quantity: 100Mi, .* Container c was using \d+Ki, request is 0, has larger consumption of memory\. $/,
    );
    assert.equal((await node.api.pod("small"))?.status.phase, "Running");
    await eventually("the node to say so", async () => {
      const { conditions = [] } = (await node.api.client.get(nodes, { name: NODE })).status;
      return conditions.find(({ type }) => type === "MemoryPressure")?.status === "True";
    });
    await node.api.deletePod("small", 0);
    await eventually("the small one to be gone", async () => (await node.api.pod("small")) === undefined);
  });
});
