/** Gangs through the real API server: the scheduler acts with the rights that a cluster gives it, and tells of groups in their status. */
import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { nodes, podgroups, pods, priorityclasses } from "@kubets/api/generated/refs";
import type { Client } from "@kubets/client";
import { eventually } from "../cluster.ts";
import { serveWithScheduler } from "./scheduler.ts";

const features = ["GenericWorkload", "GangScheduling", "WorkloadAwarePreemption", "TopologyAwareWorkloadScheduling"];
let client: Client;
let server: Awaited<ReturnType<typeof serveWithScheduler>>;

before(async () => {
  server = await serveWithScheduler(features);
  ({ client } = server);
});
after(() => server?.close());

const inDefault = (name: string) => ({ namespace: "default", name });
async function addNode(name: string, cpu: string, labels: Readonly<Record<string, string>> = {}): Promise<void> {
  const amounts = { cpu, memory: "1Gi", pods: "10" };
  const made = await client.create(nodes, { metadata: { name, labels } });
  const status = { capacity: amounts, allocatable: amounts };
  await client.update(nodes, { ...made, status } as never, { subresource: "status" });
}
const addPods = (group: string, ...names: readonly string[]) => addPodsWith({}, group, ...names);
const addPodsWith = (more: object, group: string, ...names: readonly string[]) =>
  Promise.all(
    names.map((name) =>
      client.create(pods, {
        metadata: inDefault(name),
        spec: {
          ...more,
          schedulingGroup: { podGroupName: group },
          containers: [{ name: "c", image: "i", resources: { requests: { cpu: "1" } } }],
        },
      }),
    ),
  );
const addGroup = (name: string, minCount: number, more: object = {}) =>
  client.create(podgroups, {
    metadata: inDefault(name),
    spec: { schedulingPolicy: { gang: { minCount } }, ...more },
  } as never);
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

test("a gang that has to stand in one rack waits for one that is large enough", async () => {
  await addNode("rack-a", "1", { rack: "a" });
  await addNode("rack-b", "1", { rack: "b" });
  await addGroup("racked", 2, { schedulingConstraints: { topology: [{ key: "rack" }] } });
  await addPods("racked", "r1", "r2");
  await eventually("the group is told of", async () => (await scheduled("racked"))?.includes("False Unschedulable"));
  assert.equal(await bound("racked"), 0);
  await addNode("rack-b2", "1", { rack: "b" });
  await eventually("both are bound", async () => (await bound("racked")) === 2);
  const places = await Promise.all(
    ["r1", "r2"].map(async (name) => (await client.get(pods, inDefault(name))).spec.nodeName),
  );
  assert.deepEqual(new Set(places), new Set(["rack-b", "rack-b2"]));
});

test("a gang of a higher class takes the places of one that goes as a whole", async () => {
  await addNode("only-1", "1", { pool: "p" });
  await addNode("only-2", "1", { pool: "p" });
  await client.create(priorityclasses, { metadata: { name: "lofty" }, value: 1000 } as never);
  const nodeSelector = { pool: "p" };
  await addGroup("humble", 2, { disruptionMode: "PodGroup" });
  await addPodsWith({ nodeSelector }, "humble", "h1", "h2");
  await eventually("the first stand", async () => (await bound("humble")) === 2);
  await addGroup("grand", 1, { priorityClassName: "lofty" });
  await addPodsWith({ nodeSelector, priorityClassName: "lofty" }, "grand", "g1");
  const going = async (name: string) => {
    const { metadata, status } = await client.get(pods, inDefault(name));
    const target = status.conditions?.find(({ type }) => type === "DisruptionTarget");
    return metadata.deletionTimestamp !== undefined && target?.reason === "PreemptionByScheduler";
  };
  await eventually("both are made to go", async () => (await going("h1")) && (await going("h2")));
  assert.equal(await bound("grand"), 0);
  // No kubelet is there to end them.
  for (const name of ["h1", "h2"]) await client.delete(pods, inDefault(name), { gracePeriodSeconds: 0 });
  await eventually("the other stands", async () => (await bound("grand")) === 1);
  await eventually("and its group is scheduled", async () => (await scheduled("grand"))?.includes("True Scheduled"));
});
