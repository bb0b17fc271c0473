/** Volumes of a storage driver that is a process of its own, on a real containerd. Needs root. */
import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { mkdirSync, statSync } from "node:fs";
import { join } from "node:path";
import { after, before, describe, it } from "node:test";
import {
  csidrivers,
  csinodes,
  nodes,
  persistentvolumeclaims,
  persistentvolumes,
  pods,
  volumeattachments,
} from "@kubets/api/generated/refs";
import type { Pod, PodSpec } from "@kubets/api/generated/types/core-v1";
import { pod } from "@kubets/api/testing/pod-builder";
import { kubeletDefaults } from "@kubets/kubelet";
import { eventually } from "../cluster.ts";
import { DEMO_IMAGE, whyNot } from "./containerd.ts";
import { NODE, startNode, type TestNode } from "./node.ts";
import { end, gone, inPhase } from "./node-pods.ts";
import { type PluginProcess, startPlugin } from "./plugin-process.ts";

const DRIVER = "driver.example.com";
const namespace = "default";

describe("storage drivers", { skip: whyNot() ?? false }, () => {
  let node: TestNode;
  let driver: PluginProcess;
  const startDriver = () => {
    const { root } = node.paths;
    const socket = join(root, "plugins", DRIVER, "csi.sock");
    mkdirSync(join(root, "plugins", DRIVER), { recursive: true });
    const data = join(node.containerd.folder, "driver-data");
    driver = startPlugin(
      "csi-driver.ts",
      [join(root, "plugins_registry", `${DRIVER}-reg.sock`), socket, data],
      join(data, "calls"),
    );
    const before = driver.calls("registered").length;
    return eventually("the driver is registered", () => driver.calls("registered").length > before);
  };
  before(async () => {
    const featureGates = { CSIVolumeHealth: true };
    node = await startNode({ file: { ...kubeletDefaults.file, featureGates, volumeStatsAggPeriod: 200 } });
    await node.api.client.create(csidrivers, {
      metadata: { name: DRIVER },
      spec: {
        attachRequired: false,
        podInfoOnMount: true,
        fsGroupPolicy: "File",
        volumeLifecycleModes: ["Persistent", "Ephemeral"],
        tokenRequests: [{ audience: "storage" }],
      },
    });
    await startDriver();
  });
  after(async () => {
    await node?.close();
    await driver?.kill();
  });

  async function claim(name: string, more: { block?: boolean; size?: string } = {}) {
    const volumeMode = more.block ? "Block" : "Filesystem";
    const size = more.size ?? "1Gi";
    await node.api.client.create(persistentvolumeclaims, {
      metadata: { namespace, name, uid: `uid-${name}` },
      spec: { volumeName: `pv-${name}`, accessModes: ["ReadWriteOnce"], volumeMode },
      status: { phase: "Bound", capacity: { storage: "1Gi" } },
    } as never);
    await node.api.client.create(persistentvolumes, {
      metadata: { name: `pv-${name}` },
      spec: {
        capacity: { storage: size },
        accessModes: ["ReadWriteOnce"],
        volumeMode,
        csi: { driver: DRIVER, volumeHandle: `handle-${name}`, volumeAttributes: { colour: "red" } },
        claimRef: { namespace, name, uid: `uid-${name}` },
      },
    } as never);
  }
  const make = (name: string, script: string, spec: Partial<PodSpec>, container: object = {}) =>
    node.api.createPod(
      pod(name)
        .on(NODE)
        .uid(`pod-${name}`)
        .container("c", { image: DEMO_IMAGE, command: ["sh", "-c", script], ...container })
        .spec({ terminationGracePeriodSeconds: 0, restartPolicy: "Never", ...spec })
        .build(),
    );
  const ofClaim = (claimName: string) => ({ volumes: [{ name: "v", persistentVolumeClaim: { claimName } }] });
  const at = { volumeMounts: [{ name: "v", mountPath: "/v" }] };
  const of = (call: string, handle: string) => driver.calls(call).filter(({ volumeId }) => volumeId === handle);

  it("tells the API of the driver", async () => {
    assert.deepEqual((await node.api.client.get(csinodes, { name: NODE })).spec.drivers, [
      { name: DRIVER, nodeID: "node-id-1", topologyKeys: ["example.com/zone"], allocatable: { count: 7 } },
    ]);
    const { metadata } = await node.api.client.get(nodes, { name: NODE });
    assert.equal(metadata.labels?.["example.com/zone"], "a");
    assert.equal(metadata.annotations?.["csi.volume.kubernetes.io/nodeid"], `{"${DRIVER}":"node-id-1"}`);
  });

  it("stages once, publishes for each pod, gives to the pod's group, and takes down in the other order", async () => {
    await claim("data");
    const group = { ...ofClaim("data"), securityContext: { fsGroup: 4321 } };
    await make("one", "echo hello > /v/file; sleep 1000", group, at);
    await inPhase(node, "one", "Running");
    await make("two", "until grep hello /v/file; do sleep 0.1; done; stat -c %g /v/file", ofClaim("data"), at);
    await inPhase(node, "two", "Succeeded");
    assert.equal(of("stage", "handle-data").length, 1);
    assert.deepEqual(of("publish", "handle-data").length, 2);
    const [{ volumeContext } = {}] = of("publish", "handle-data") as { volumeContext?: Record<string, string> }[];
    assert.equal(volumeContext?.colour, "red");
    assert.equal(volumeContext?.["csi.storage.k8s.io/pod.name"], "one");
    const tokens = JSON.parse(volumeContext?.["csi.storage.k8s.io/serviceAccount.tokens"] ?? "{}") as object;
    assert.deepEqual(Object.keys(tokens), ["storage"]);
    assert.equal(statSync(join(node.containerd.folder, "driver-data/handle-data")).gid, 4321);
    const [used] = (await node.kubelet.tools.volumes.driverStats("pod-one", "pv-data"))?.usage ?? [];
    assert.equal(Number(used?.used), 4096);
    await end(node, "one");
    assert.equal(of("unpublish", "handle-data").length, 1 + 1);
    await end(node, "two");
    assert.equal(of("unstage", "handle-data").length, 1);
  });

  it("tells a pod that its volume is not well", async () => {
    await claim("sick");
    await make("ill", "sleep 1000", ofClaim("sick"), at);
    await inPhase(node, "ill", "Running");
    const { volumeUsages, tools } = node.kubelet;
    const [well] = await volumeUsages.of((await node.api.pod("ill")) as Pod);
    assert.equal(well?.abnormal, false);
    await tools.disk.writeFile(join(node.containerd.folder, "driver-data/handle-sick/sick"), "");
    const text = "VolumeConditionAbnormal: Volume v: the disk hums";
    await eventually("it is told", () => node.api.events("ill").includes(text));
    const [sick] = await volumeUsages.of((await node.api.pod("ill")) as Pod);
    assert.equal(sick?.abnormal, true);
    await end(node, "ill");
  });

  it("says that an attached volume is used, before it is staged until it was unstaged", async () => {
    const attach = (attachRequired: boolean) =>
      node.api.client.patch(csidrivers, { name: DRIVER }, { type: "merge", body: { spec: { attachRequired } } });
    const inUse = async () => (await node.api.client.get(nodes, { name: NODE })).status.volumesInUse ?? [];
    const name = `kubernetes.io/csi/${DRIVER}^handle-far`;
    await attach(true);
    await claim("far");
    await make("user", "sleep 1000", ofClaim("far"), at);
    await eventually("it is told as used", async () => (await inUse()).includes(name));
    assert.equal(of("stage", "handle-far").length, 0);
    const hash = createHash("sha256").update(`handle-far${DRIVER}${NODE}`).digest("hex");
    await node.api.client.create(volumeattachments, {
      metadata: { name: `csi-${hash}` },
      spec: { attacher: DRIVER, nodeName: NODE, source: { persistentVolumeName: "pv-far" } },
      status: { attached: true },
    } as never);
    await inPhase(node, "user", "Running");
    await driver.kill();
    await node.restart();
    await startDriver();
    await eventually("a later kubelet knows it too", () => node.kubelet.node.node?.status.volumesInUse?.includes(name));
    await end(node, "user");
    await eventually("it is used no more", async () => !(await inUse()).includes(name));
    assert.equal(of("unstage", "handle-far").length, 1);
    await attach(false);
  });

  it("publishes a volume that lives with its pod", async () => {
    await make("inline", "echo x > /v/x; sleep 1000", { volumes: [{ name: "v", csi: { driver: DRIVER } }] }, at);
    await inPhase(node, "inline", "Running");
    const [asked] = driver.calls("publish").filter(({ targetPath }) => String(targetPath).includes("pod-inline")) as {
      volumeContext: Record<string, string>;
    }[];
    assert.equal(asked?.volumeContext["csi.storage.k8s.io/ephemeral"], "true");
    await end(node, "inline");
  });

  it("grows a volume that is to grow, and says so in the claim", async () => {
    await claim("grows", { size: "2Gi" });
    await make("grower", "sleep 1000", ofClaim("grows"), at);
    await inPhase(node, "grower", "Running");
    assert.equal(of("expand", "handle-grows")[0]?.capacityRange, 2 ** 31);
    const { status } = await node.api.client.get(persistentvolumeclaims, { namespace, name: "grows" });
    assert.equal(status.capacity?.storage, "2Gi");
    const done = `FileSystemResizeSuccessful: MountVolume.NodeExpandVolume succeeded for volume "pv-grows" ${NODE}`;
    for (const about of ["grower", "grows"]) assert.ok(node.api.events(about).includes(done), about);
    await end(node, "grower");
  });

  it("says of a volume that cannot grow why", async () => {
    await claim("stuck", { size: "2Gi" });
    await make("waits", "sleep 1000", ofClaim("stuck"), at);
    const failed = await eventually("the event", () => node.api.events("stuck")[0]);
    assert.match(
      failed,
      /^VolumeResizeFailed: NodeExpandVolume\.NodeExpandVolume failed for volume "pv-stuck" : .*the disk is full/,
    );
    const condition = await eventually("the condition", async () => {
      const { status } = await node.api.client.get(persistentvolumeclaims, { namespace, name: "stuck" });
      return status.conditions?.find(({ type }) => type === "NodeResizeError");
    });
    assert.match(condition.message ?? "", /the disk is full/);
    await end(node, "waits");
  });

  it("passes a block volume as a device", async () => {
    await claim("disk", { block: true });
    await make("blocky", "echo written > /dev/mine && head -c 7 /dev/mine", ofClaim("disk"), {
      volumeDevices: [{ name: "v", devicePath: "/dev/mine" }],
    });
    await inPhase(node, "blocky", "Succeeded");
    await end(node, "blocky");
    assert.equal(of("unpublish", "handle-disk").length, 1);
    assert.equal(of("unstage", "handle-disk").length, 1);
  });

  it("tells what the driver refuses, and waits for a driver that is not there", async () => {
    await make("other", "true", { volumes: [{ name: "v", csi: { driver: "none.example.com" } }] }, at);
    const told = await eventually("it is told", () => node.api.events("other")[0]);
    assert.equal(
      told,
      'FailedMount: MountVolume.SetUp failed for volume "v" : kubernetes.io/csi: mounter.SetUpAt failed to get CSI client: driver name none.example.com not found in the list of registered CSI drivers',
    );
    await end(node, "other");
  });

  it("takes down what a pod left that went while nobody looked, also when its driver comes late", async () => {
    await claim("left");
    await make("leaver", "sleep 1000", ofClaim("left"), at);
    await inPhase(node, "leaver", "Running");
    await driver.kill();
    await node.stop();
    await node.api.client.delete(pods, { namespace, name: "leaver" });
    await node.start();
    await startDriver();
    await eventually("it is taken down", () => of("unstage", "handle-left").length === 1);
    assert.equal(of("unpublish", "handle-left").length, 1);
  });

  it("takes down what an earlier kubelet published, when its driver is back", async () => {
    await claim("kept");
    await make("keeper", "sleep 1000", ofClaim("kept"), at);
    await inPhase(node, "keeper", "Running");
    await driver.kill();
    await node.restart();
    await node.api.deletePod("keeper", 0);
    await eventually("the container has ended", async () => {
      const [status] = (await node.api.pod("keeper"))?.status.containerStatuses ?? [];
      return status?.state.terminated !== undefined;
    });
    assert.equal(of("unpublish", "handle-kept").length, 0);
    await startDriver();
    await gone(node, "keeper");
    assert.equal(of("unpublish", "handle-kept").length, 1);
    assert.equal(of("unstage", "handle-kept").length, 1);
  });
});
