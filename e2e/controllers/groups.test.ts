/** Groups of pods: what keeps them, and what makes them; against the real API server on a virtual clock. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { jobs, podgroups, pods, workloads } from "@kubets/api/generated/refs";
import { servedResources } from "@kubets/api/runtime-config";
import { type TestCluster, withCluster } from "./cluster.ts";

const using = (gates: readonly string[], body: (cluster: TestCluster) => Promise<void>) =>
  withCluster(
    {
      fate: () => "running",
      options: { featureGates: Object.fromEntries(gates.map((gate) => [gate, true])) },
      features: gates,
      resources: servedResources(["scheduling.k8s.io/v1alpha2"], (gate) => gates.includes(gate)),
    },
    body,
  );

const inDefault = (name: string) => ({ namespace: "default", name });
const containers = [{ name: "c", image: "i" }];

test("a group stays as long as a pod of it has not ended", () =>
  using(["GenericWorkload"], async (cluster) => {
    for (const name of ["used", "unused"])
      await cluster.create(podgroups, {
        metadata: inDefault(name),
        spec: { schedulingPolicy: { basic: {} } },
      } as never);
    for (const name of ["a", "b"])
      await cluster.create(pods, {
        metadata: inDefault(name),
        spec: { containers, schedulingGroup: { podGroupName: "used" }, terminationGracePeriodSeconds: 0 },
      });
    for (const name of ["used", "unused"]) await cluster.client.delete(podgroups, inDefault(name));
    await cluster.until(() => cluster.gone(podgroups, "unused"));
    await cluster.client.delete(pods, inDefault("a"));
    await cluster.at(10_000);
    assert.ok((await cluster.get(podgroups, "used")).metadata.deletionTimestamp);
    const body = { status: { phase: "Succeeded" } };
    await cluster.client.patch(pods, inDefault("b"), { type: "merge", body }, { subresource: "status" });
    await cluster.until(() => cluster.gone(podgroups, "used"));
  }));

test("the pods of a Job that cannot go on without each other are a gang, and others are not", () =>
  using(["GenericWorkload", "WorkloadWithJob"], async (cluster) => {
    const job = (name: string, more: object) =>
      cluster.create(jobs, {
        metadata: inDefault(name),
        spec: { parallelism: 2, completions: 2, template: { spec: { restartPolicy: "Never", containers } }, ...more },
      } as never);
    await job("gang", { completionMode: "Indexed" });
    await job("loose", {});
    await job("longer", { completionMode: "Indexed", completions: 3 });
    const podsOf = async (name: string) =>
      (await cluster.list(pods)).filter(({ metadata }) => metadata.labels?.["job-name"] === name);
    for (const name of ["gang", "loose", "longer"]) await cluster.until(async () => (await podsOf(name)).length === 2);
    const [workload, ...moreWorkloads] = await cluster.list(workloads);
    const [group, ...moreGroups] = await cluster.list(podgroups);
    assert.deepEqual([moreWorkloads.length, moreGroups.length], [0, 0]);
    assert.match(workload?.metadata.name ?? "", /^gang-/);
    const schedulingPolicy = { gang: { minCount: 2 } };
    assert.deepEqual(workload?.spec.controllerRef, { apiGroup: "batch", kind: "Job", name: "gang" });
    assert.deepEqual(
      workload?.spec.podGroupTemplates.map((each) => [each.name, each.schedulingPolicy]),
      [["gang-pgt-0", schedulingPolicy]],
    );
    const ref = { workloadName: workload?.metadata.name, podGroupTemplateName: "gang-pgt-0" };
    assert.deepEqual(group?.spec, { podGroupTemplateRef: { workload: ref }, schedulingPolicy });
    assert.deepEqual(
      group?.metadata.ownerReferences?.map(({ kind, controller = false }) => [kind, controller]),
      [
        ["Job", true],
        ["Workload", false],
      ],
    );
    const groupsOf = async (name: string) => (await podsOf(name)).map(({ spec }) => spec.schedulingGroup?.podGroupName);
    assert.deepEqual(await groupsOf("gang"), [group?.metadata.name, group?.metadata.name]);
    assert.deepEqual([...(await groupsOf("loose")), ...(await groupsOf("longer"))], Array(4).fill(undefined));

    const [first] = await podsOf("gang");
    const body = { status: { phase: "Failed" } };
    await cluster.client.patch(
      pods,
      inDefault(first?.metadata.name ?? ""),
      { type: "merge", body },
      { subresource: "status" },
    );
    await cluster.until(async () => (await podsOf("gang")).length === 3);
    assert.deepEqual(new Set(await groupsOf("gang")), new Set([group?.metadata.name]), "the next one joins them");
    assert.equal((await cluster.list(workloads)).length, 1);
  }));
