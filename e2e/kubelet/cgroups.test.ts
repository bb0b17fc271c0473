/** What the kernel is told of pods, by the kubelet itself and by systemd where it runs: limits, classes, processes, and what a resize changes. Needs root. */
import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { existsSync, globSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { after, before, describe, it } from "node:test";
import { pods } from "@kubets/api/generated/refs";
import { pod } from "@kubets/api/testing/pod-builder";
import { eventually } from "../cluster.ts";
import { DEMO_IMAGE, whyNot } from "./containerd.ts";
import { NODE, startNode, type TestNode } from "./node.ts";

const isV2 = existsSync("/sys/fs/cgroup/cgroup.controllers");
const MIB = 2 ** 20;
type Amounts = Readonly<Record<string, string>>;
const drivers = ["cgroupfs", ...(existsSync("/run/systemd/system") ? ["systemd"] : [])] as ("cgroupfs" | "systemd")[];

for (const driver of drivers)
  describe(`cgroups by ${driver}`, { skip: whyNot() ?? false }, () => {
    let node: TestNode;
    before(async () => {
      node = await startNode({ podPidsLimit: 200 }, { driver });
    });
    after(() => node?.close());

    /** Of what is named so, wherever below the node it lies. */
    const read = (controller: string, name: string, file: string) => {
      const folder = join("/sys/fs/cgroup", isV2 ? "" : controller);
      const root = node.containerd.cgroupRoot.slice(1);
      const slice = name.replaceAll("-", "_");
      const [found] = globSync(`${folder}/${root}{,.slice}/**/{${name},*-${slice}.slice}/${file}`);
      assert.ok(found, `${name} has no ${file}`);
      return readFileSync(found, "utf8").trim();
    };
    const memory = (name: string) => read("memory", name, isV2 ? "memory.max" : "memory.limit_in_bytes");
    const quota = (name: string) =>
      isV2 ? read("cpu", name, "cpu.max").split(" ")[0] : read("cpu", name, "cpu.cfs_quota_us");
    const share = (name: string) => Number(read("cpu", name, isV2 ? "cpu.weight" : "cpu.shares"));

    /** What systemd says of one of its units. */
    const unit = (name: string, ...properties: string[]) => {
      const said = execFileSync("systemctl", ["show", `--property=${properties}`, name], { encoding: "utf8" });
      return Object.fromEntries(
        said
          .trim()
          .split("\n")
          .map((line) => line.split("=")),
      );
    };

    const make = async (name: string, requests: Amounts, limits: Amounts, whole: object = {}) => {
      const uid = crypto.randomUUID();
      await node.api.createPod(
        pod(name)
          .on(NODE)
          .uid(uid)
          .container("c", {
            image: DEMO_IMAGE,
            imagePullPolicy: "IfNotPresent",
            command: ["sleep", "600"],
            resources: { requests, limits },
          })
          .spec({ terminationGracePeriodSeconds: 0, ...whole })
          .build(),
      );
      await eventually(`${name} to run`, async () => (await node.api.pod(name))?.status.phase === "Running");
      return `pod${uid}`;
    };

    it("holds pods and their classes to what they may have", async () => {
      const amounts = { cpu: "100m", memory: "64Mi" };
      const guaranteed = await make("guaranteed", amounts, amounts);
      assert.equal(memory(guaranteed), String(64 * MIB));
      assert.equal(quota(guaranteed), "10000");
      assert.equal(read("pids", guaranteed, "pids.max"), "200");
      const before = share("burstable");
      await make("burstable", { cpu: "700m" }, {});
      assert.ok(share("burstable") > before);
      await make("nothing", {}, {});
      assert.ok(share("besteffort") <= 2);
      const whole = { resources: { requests: { cpu: "50m" }, limits: { cpu: "200m", memory: "96Mi" } } };
      const bounded = await make("bounded", {}, {}, whole);
      assert.equal(memory(bounded), String(96 * MIB));
      assert.equal(quota(bounded), "20000");
    });

    it("gives a pod that runs more, and less", async () => {
      const found = await node.api.pod("guaranteed");
      assert.ok(found);
      const { metadata, spec } = found;
      for (const [cpu, mib] of [
        ["200m", 96],
        ["50m", 48],
      ] as const) {
        const amounts = { cpu, memory: `${mib}Mi` };
        const resources = { requests: amounts, limits: amounts };
        const body = { spec: { containers: spec.containers.map((each) => ({ ...each, resources })) } };
        await node.api.client.patch(pods, metadata, { type: "merge", body });
        await eventually(`${cpu} and ${mib} MiB`, () => memory(`pod${metadata.uid}`) === String(mib * MIB));
        await eventually("its processors", () => quota(`pod${metadata.uid}`) === String(Number.parseInt(cpu) * 100));
      }
      const { containerStatuses = [] } = (await node.api.pod("guaranteed"))?.status ?? {};
      assert.equal(containerStatuses[0]?.restartCount, 0);
    });

    it("asks systemd for slices, and containers are scopes in them", { skip: driver !== "systemd" }, async () => {
      const found = await node.api.pod("guaranteed");
      const id = found?.status.containerStatuses?.[0]?.containerID?.replace("containerd://", "");
      const root = node.containerd.cgroupRoot.slice(1);
      const slice = `${root}-kubepods-pod${found?.metadata.uid.replaceAll("-", "_")}.slice`;
      const scope = unit(`cri-containerd-${id}.scope`, "ActiveState", "Slice");
      assert.deepEqual(scope, { ActiveState: "active", Slice: slice });
      // As the last resize left it.
      assert.deepEqual(unit(slice, "ActiveState", "MemoryMax", "TasksMax", "CPUQuotaPerSecUSec"), {
        ActiveState: "active",
        MemoryMax: String(48 * MIB),
        TasksMax: "200",
        CPUQuotaPerSecUSec: "50ms",
      });
    });

    it("leaves nothing of pods that are gone", async () => {
      const names = ["guaranteed", "burstable", "nothing", "bounded"];
      for (const name of names) await node.api.deletePod(name, 0);
      await eventually("all to be gone", async () =>
        (await Promise.all(names.map((name) => node.api.pod(name)))).every((found) => found === undefined),
      );
      const root = node.containerd.cgroupRoot.slice(1);
      const left = () => globSync(`/sys/fs/cgroup/{,*/}${root}{,.slice}/**/*pod????????[-_]*`);
      await eventually("their cgroups to be gone", () => {
        assert.deepEqual(left(), []);
        return true;
      });
      const slices = () =>
        execFileSync("systemctl", ["list-units", "--all", "--plain", "--no-legend", `${root}-kubepods*-pod*`]);
      if (driver === "systemd") await eventually("their slices to be gone", () => slices().length === 0);
    });
  });
