/** Claims of devices that a driver, a process of its own, makes ready; on a real containerd. Needs root. */
import assert from "node:assert/strict";
import { mkdirSync } from "node:fs";
import { join } from "node:path";
import { after, before, describe, it } from "node:test";
import { isDeepStrictEqual } from "node:util";
import { resourceclaims } from "@kubets/api/generated/refs";
import { pod } from "@kubets/api/testing/pod-builder";
import { PodResourcesLister } from "@kubets/wire/generated/kubelet/pod-resources";
import { grpcClient } from "@kubets/wire/grpc";
import { eventually } from "../cluster.ts";
import { DEMO_IMAGE, whyNot } from "./containerd.ts";
import { NODE, startNode, type TestNode } from "./node.ts";
import { end, inPhase } from "./node-pods.ts";
import { type PluginProcess, startPlugin } from "./plugin-process.ts";

const DRIVER = "dra.example.com";

describe("claims of devices", { skip: whyNot() ?? false }, () => {
  let node: TestNode;
  let driver: PluginProcess;
  before(async () => {
    node = await startNode();
    const { root } = node.paths;
    mkdirSync(join(root, "plugins", DRIVER), { recursive: true });
    const calls = join(node.containerd.folder, "claim-calls");
    const sockets = [join(root, "plugins_registry", `${DRIVER}.sock`), join(root, "plugins", DRIVER, "dra.sock")];
    driver = startPlugin("dra-driver.ts", [...sockets, calls], calls);
    await eventually("the driver is registered", () => driver.calls("registered").length > 0);
  });
  after(async () => {
    await node?.close();
    await driver?.kill();
  });

  const claim = (name: string, pods: readonly string[]) =>
    node.api.client.create(resourceclaims, {
      metadata: { namespace: "default", name, uid: `uid-${name}` },
      spec: {},
      status: {
        reservedFor: pods.map((each) => ({ resource: "pods", name: each, uid: `pod-${each}` })),
        allocation: {
          devices: { results: [{ request: "one", driver: DRIVER, pool: "pool", device: "dev-1" }], config: [] },
        },
      },
    } as never);
  const make = (name: string, claimName: string) =>
    node.api.createPod(
      pod(name)
        .on(NODE)
        .uid(`pod-${name}`)
        .container("c", {
          image: DEMO_IMAGE,
          command: ["sleep", "1000"],
          resources: { claims: [{ name: "mine", request: "one" }] },
        })
        .spec({ terminationGracePeriodSeconds: 0, resourceClaims: [{ name: "mine", resourceClaimName: claimName }] })
        .build(),
    );
  const runs = (name: string) => inPhase(node, name, "Running");
  const told = async (name: string) => {
    const lister = grpcClient({ target: `unix://${join(node.paths.root, "pod-resources/kubelet.sock")}` });
    const { podResources } = await lister.unary(PodResourcesLister.list, {}, { waitForReady: true });
    lister.close();
    return podResources.find((each) => each.name === name)?.containers[0]?.dynamicResources;
  };

  it("are made ready once for all pods that share them, and given back with the last, also after a restart", async () => {
    await claim("shared", ["a", "b"]);
    await make("a", "shared");
    await make("b", "shared");
    await runs("a");
    await runs("b");
    assert.deepEqual(driver.calls("prepare"), [{ call: "prepare", claims: ["shared"] }]);
    const cdiDevices = [{ name: `${DRIVER}/thing=dev-1` }];
    assert.deepEqual(await told("a"), [
      {
        claimName: "shared",
        claimNamespace: "default",
        claimResources: [{ cdiDevices, driverName: DRIVER, poolName: "pool", deviceName: "dev-1", shareId: "" }],
      },
    ]);
    await end(node, "a");
    assert.equal(driver.calls("unprepare").length, 0);
    await node.restart();
    await eventually("the driver is registered again", () => driver.calls("registered").length > 1);
    await end(node, "b");
    assert.deepEqual(driver.calls("unprepare"), [{ call: "unprepare", claims: ["shared"] }]);
    assert.equal(driver.calls("prepare").length, 1);
  });

  it("are told of in the status, as their driver says they are", async () => {
    await claim("watched", ["w"]);
    await make("w", "watched");
    await runs("w");
    const health = (expected: object) =>
      eventually(`the device is ${JSON.stringify(expected)}`, async () => {
        const { status } = (await node.api.pod("w")) ?? {};
        const [told] = status?.containerStatuses?.[0]?.allocatedResourcesStatus ?? [];
        const resource = { resourceID: `${DRIVER}/thing=dev-1`, ...expected };
        return isDeepStrictEqual(told, { name: "claim:mine/one", resources: [resource] });
      });
    await health({ health: "Healthy" });
    driver.signal("SIGUSR1");
    await health({ health: "Unhealthy", message: "too hot" });
    await end(node, "w");
  });

  it("keep a pod waiting when the driver refuses, or when they are another's", async () => {
    await claim("broken-one", ["c"]);
    await make("c", "broken-one");
    await claim("foreign", ["someone"]);
    await make("d", "foreign");
    const event = (name: string) => eventually(`an event of ${name}`, () => node.api.events(name)[0]);
    assert.equal(
      await event("c"),
      "FailedPrepareDynamicResources: Failed to prepare dynamic resources: no such device",
    );
    assert.match(await event("d"), /pod default\/d \(pod-d\) is not allowed to use ResourceClaim default\/foreign/);
    for (const name of ["c", "d"]) await end(node, name);
  });
});
