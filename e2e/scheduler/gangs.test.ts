/** Gangs through the real API server: the scheduler acts with the rights that a cluster gives it, and tells of groups in their status. */
import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { nodes, podgroups, pods } from "@kubets/api/generated/refs";
import { servedResources } from "@kubets/api/runtime-config";
import { type Client, createEventRecorder, SharedInformers } from "@kubets/client";
import { realClock, realRandom, silentLogger } from "@kubets/machinery";
import { startScheduler } from "@kubets/scheduler/scheduler";
import { eventually } from "../cluster.ts";
import { startControlPlane } from "../controllers/control-plane.ts";

const [clock, random, log] = [realClock, realRandom, silentLogger];
const features = ["GenericWorkload", "GangScheduling"];
const stop = new AbortController();
let client: Client;
let plane: Awaited<ReturnType<typeof startControlPlane>>;

before(async () => {
  const resources = servedResources(["scheduling.k8s.io/v1alpha2"], (name) => features.includes(name));
  plane = await startControlPlane({ clock, random, log, features, resources });
  client = plane.clientAs("test");
  const own = plane.clientAs("system:kube-scheduler", []);
  const { signal } = stop;
  await startScheduler({
    client: own,
    cache: new SharedInformers({ client: own, clock, random, log, signal }),
    events: createEventRecorder({ client: own, clock, random, log, signal, component: "default-scheduler" }),
    clock,
    random,
    log,
    signal,
    featureGates: Object.fromEntries(features.map((name) => [name, true])),
  }).ready;
});
after(async () => {
  stop.abort();
  await plane?.close();
});

const inDefault = (name: string) => ({ namespace: "default", name });
async function addNode(name: string, cpu: string): Promise<void> {
  const amounts = { cpu, memory: "1Gi", pods: "10" };
  const made = await client.create(nodes, { metadata: { name } });
  const status = { capacity: amounts, allocatable: amounts };
  await client.update(nodes, { ...made, status } as never, { subresource: "status" });
}
const addPods = (group: string, ...names: readonly string[]) =>
  Promise.all(
    names.map((name) =>
      client.create(pods, {
        metadata: inDefault(name),
        spec: {
          schedulingGroup: { podGroupName: group },
          containers: [{ name: "c", image: "i", resources: { requests: { cpu: "1" } } }],
        },
      }),
    ),
  );
const addGroup = (name: string, minCount: number) =>
  client.create(podgroups, { metadata: inDefault(name), spec: { schedulingPolicy: { gang: { minCount } } } } as never);
const bound = async (group: string) =>
  (await client.list(pods, { namespace: "default" })).items.filter(
    ({ spec }) => spec.schedulingGroup?.podGroupName === group && spec.nodeName,
  ).length;
const scheduled = async (group: string) =>
  (await client.get(podgroups, inDefault(group))).status?.conditions?.map(
    ({ status, reason }) => `${status} ${reason}`,
  );

test("three pods that need each other are bound when there is room for three, and none of them before", async () => {
  await addNode("small", "2");
  await addGroup("g", 3);
  await addPods("g", "a", "b", "c");
  await eventually("the group is told of", async () => (await scheduled("g"))?.includes("False Unschedulable"));
  assert.equal(await bound("g"), 0);
  await addNode("more", "1");
  await eventually("all are bound", async () => (await bound("g")) === 3);
  await eventually("the group is scheduled", async () => (await scheduled("g"))?.includes("True Scheduled"));
});

test("pods wait for a group that comes late", async () => {
  await addNode("large", "8");
  await addPods("late", "d", "e");
  await addPods("g", "f");
  await eventually("another pod of a group that runs is bound", async () => (await bound("g")) === 4);
  assert.equal(await bound("late"), 0);
  await addGroup("late", 2);
  await eventually("both are bound", async () => (await bound("late")) === 2);
});
