/** Devices of a plugin that is a process of its own, on a real containerd; and what the pod resources API tells of them. Needs root. */
import assert from "node:assert/strict";
import { join } from "node:path";
import { after, before, describe, it } from "node:test";
import { nodes } from "@kubets/api/generated/refs";
import { pod } from "@kubets/api/testing/pod-builder";
import { PodResourcesLister } from "@kubets/wire/generated/kubelet/pod-resources";
import { type GrpcClient, grpcClient } from "@kubets/wire/grpc";
import { eventually } from "../cluster.ts";
import { DEMO_IMAGE, whyNot } from "./containerd.ts";
import { NODE, startNode, type TestNode } from "./node.ts";
import { end, inPhase } from "./node-pods.ts";
import { type PluginProcess, startPlugin } from "./plugin-process.ts";

const RESOURCE = "example.com/widget";

describe("device plugins", { skip: whyNot() ?? false }, () => {
  let node: TestNode;
  let plugin: PluginProcess;
  let lister: GrpcClient;
  before(async () => {
    node = await startNode();
    const calls = join(node.containerd.folder, "device-calls");
    plugin = startPlugin("device-plugin.ts", [join(node.paths.root, "device-plugins"), calls], calls);
    lister = grpcClient({ target: `unix://${join(node.paths.root, "pod-resources/kubelet.sock")}` });
    await has("3", "3");
  });
  after(async () => {
    lister?.close();
    await node?.close();
    await plugin?.kill();
  });

  const has = (capacity: string, allocatable: string) =>
    eventually(`the node has ${allocatable} of ${capacity}`, async () => {
      const { status } = await node.api.client.get(nodes, { name: NODE });
      return status.capacity?.[RESOURCE] === capacity && status.allocatable?.[RESOURCE] === allocatable;
    });
  const make = (name: string, count: number, script: string) =>
    node.api.createPod(
      pod(name)
        .on(NODE)
        .uid(`pod-${name}`)
        .container("c", {
          image: DEMO_IMAGE,
          command: ["sh", "-c", script],
          terminationMessagePath: "/dev/termination-log",
          resources: { limits: { [RESOURCE]: String(count) } },
        })
        .spec({ terminationGracePeriodSeconds: 0, restartPolicy: "Never" })
        .build(),
    );

  it("gives a container the devices that the plugin prefers, with what belongs to them", async () => {
    const script =
      "printf '%s ' $WIDGETS > /dev/termination-log; head -c 1 /dev/widget | wc -c >> /dev/termination-log; test -d /widgets";
    await make("one", 2, script);
    const { containerStatuses } = await inPhase(node, "one", "Succeeded");
    assert.equal(containerStatuses?.[0]?.state.terminated?.message, "w3,w2 1\n");
    assert.deepEqual(plugin.calls("allocate"), [{ call: "allocate", ids: ["w3", "w2"] }]);
    assert.deepEqual(plugin.calls("preStart"), [{ call: "preStart", ids: ["w3", "w2"] }]);
    await end(node, "one");
  });

  it("tells who has what, also after the kubelet's restart, and refuses what is not there", async () => {
    await make("holder", 2, "sleep 1000");
    await inPhase(node, "holder", "Running");
    const told = async () => {
      const { podResources } = await lister.unary(PodResourcesLister.list, {}, { waitForReady: true });
      return podResources.find(({ name }) => name === "holder")?.containers[0]?.devices;
    };
    const expected = [{ resourceName: RESOURCE, deviceIds: ["w3", "w2"], topology: { nodes: [{ ID: 0 }] } }];
    assert.deepEqual(await told(), expected);
    await node.restart();
    await eventually("the plugin is back", () => plugin.calls("registered").length >= 2);
    await has("3", "3");
    await eventually("it is told again", async () => JSON.stringify(await told()) === JSON.stringify(expected));
    const { devices, cpuIds } = await lister.unary(PodResourcesLister.getAllocatableResources, {});
    assert.deepEqual(devices[0]?.deviceIds, ["w1", "w2", "w3"]);
    assert.ok(cpuIds.length > 0);
    await make("late", 1, "sleep 1000");
    await inPhase(node, "late", "Running");
    await make("more", 1, "true");
    const refused = await inPhase(node, "more", "Failed");
    assert.equal(refused.reason, "UnexpectedAdmissionError");
    assert.match(refused.message ?? "", /unavailable for example.com\/widget. Requested: 1, Available: 0/);
    for (const name of ["holder", "late", "more"]) await end(node, name);
  });

  it("counts a device that fails as there and not to be had, and a plugin that has gone as having none", async () => {
    await make("watched", 3, "sleep 1000");
    const health = async (...expected: string[]) =>
      eventually(`devices are ${expected.join(" ")}`, async () => {
        const { status } = (await node.api.pod("watched")) ?? {};
        const [told] = status?.containerStatuses?.[0]?.allocatedResourcesStatus ?? [];
        const all = told?.resources?.map((each) => each.health).sort();
        return told?.name === RESOURCE && all?.join(" ") === expected.join(" ");
      });
    await health("Healthy", "Healthy", "Healthy");
    plugin.signal("SIGUSR1");
    await has("3", "2");
    await health("Healthy", "Healthy", "Unhealthy");
    await plugin.kill();
    await has("3", "0");
    await health("Unhealthy", "Unhealthy", "Unhealthy");
    await end(node, "watched");
  });
});
