import assert from "node:assert/strict";
import { test } from "node:test";
import { node } from "@kubets/api/testing/node-builder";
import { pod } from "@kubets/api/testing/pod-builder";
import { type Run, runScheduler } from "./testing/run.ts";

async function running(body: (run: Run) => Promise<void>, ...args: Parameters<typeof runScheduler>): Promise<void> {
  const run = await runScheduler(...args);
  try {
    await body(run);
  } finally {
    run.stop();
  }
}

test("a pod is bound to the node with most room, and an event says so", () =>
  running(async ({ cluster, settle }) => {
    cluster.put(node("n1").build(), node("n2").build(), pod("x").on("n1").requests({ cpu: "1" }).build());
    cluster.put(pod("a").requests({ cpu: "1", memory: "1Gi" }).build());
    await settle();
    assert.equal(cluster.pod("a").spec.nodeName, "n2");
    assert.deepEqual(cluster.events, ["a: Normal Scheduled: Successfully assigned default/a to n2"]);
  }));

test("pods of other schedulers and finished pods are left alone", () =>
  running(async ({ cluster, settle }) => {
    cluster.put(node("n1").capacity({ pods: "1" }).build(), pod("x").on("n1").phase("Succeeded").build());
    cluster.put(pod("b").spec({ schedulerName: "other" }).build(), pod("a").build());
    await settle();
    assert.deepEqual(cluster.placements(), ["a -> n1", "b -> ?", "x -> n1"]);
  }));

test("a pod that fits nowhere says why, and runs once it fits", () =>
  running(async ({ cluster, settle, clock }) => {
    cluster.put(node("n1").capacity({ cpu: "1" }).build(), node("n2").taint("k", "NoSchedule").build());
    cluster.put(pod("a").requests({ cpu: "2" }).build());
    await settle();
    const message =
      "0/2 nodes are available: 1 Insufficient cpu, 1 node(s) had untolerated taint(s). no new claims to deallocate, " +
      "preemption: 0/2 nodes are available: 2 Preemption is not helpful for scheduling.";
    assert.deepEqual(cluster.events, [`a: Warning FailedScheduling: ${message}`]);
    const condition = cluster.pod("a").status.conditions?.[0];
    assert.deepEqual(
      [condition?.type, condition?.status, condition?.reason, condition?.message],
      ["PodScheduled", "False", "Unschedulable", message],
    );

    cluster.put(node("n3").build());
    await settle();
    assert.equal(cluster.pod("a").spec.nodeName, "n3");
    await clock.advance(60_000);
    assert.equal(cluster.events.length, 2);
  }));

test("without nodes a pod waits for the first", () =>
  running(async ({ cluster, settle }) => {
    cluster.put(pod("a").build());
    await settle();
    assert.deepEqual(cluster.events, ["a: Warning FailedScheduling: no nodes available to schedule pods"]);
    cluster.put(node("n1").build());
    await settle();
    assert.equal(cluster.pod("a").spec.nodeName, "n1");
  }));

test("gates hold a pod until the last is gone", () =>
  running(async ({ cluster, settle }) => {
    cluster.put(
      node("n1").build(),
      pod("a")
        .spec({ schedulingGates: [{ name: "g" }] })
        .build(),
    );
    await settle();
    assert.deepEqual([cluster.placements(), cluster.events], [["a -> ?"], []]);
    cluster.put(pod("a").build());
    await settle();
    assert.deepEqual(cluster.placements(), ["a -> n1"]);
  }));

test("higher priority goes first, then who came first", () =>
  running(async ({ cluster, settle }) => {
    cluster.put(node("n1").build());
    cluster.put(pod("a").build(), pod("b").build(), pod("c").priority(10).build());
    await settle();
    assert.deepEqual(cluster.requests, ["bind default/c n1", "bind default/a n1", "bind default/b n1"]);
  }));

test("a binding that fails gives the place back and is tried again after its backoff", () =>
  running(async ({ cluster, settle, clock }) => {
    cluster.put(node("n1").capacity({ pods: "1" }).build());
    let fails = true;
    cluster.fault = (request) => (fails && request.startsWith("bind") ? new Error("no answer") : undefined);
    cluster.put(pod("a").build());
    await settle();
    assert.deepEqual(cluster.events, [
      'a: Warning FailedScheduling: binding rejected: running Bind plugin "DefaultBinder": no answer',
    ]);
    assert.equal(cluster.pod("a").status.conditions?.[0]?.reason, "SchedulerError");
    fails = false;
    await clock.advance(1000);
    await settle();
    assert.deepEqual(cluster.placements(), ["a -> n1"]);
  }));

test("an assumed place counts before the watch has told it", () =>
  running(async ({ cluster, settle }) => {
    cluster.put(node("n1").capacity({ pods: "2" }).build());
    cluster.put(...["a", "b", "c", "d"].map((name) => pod(name).build()));
    await settle();
    assert.equal(cluster.placements().filter((text) => text.endsWith("n1")).length, 2);
  }));

test("decisions tell refusals and scores", () =>
  running(async ({ cluster, settle, scheduler }) => {
    cluster.put(node("n1").unschedulable().build(), node("n2").build(), node("n3").build());
    cluster.put(pod("a").requests({ cpu: "1" }).build());
    await settle();
    const [report] = scheduler.decisions.report("default/a");
    assert.deepEqual(report?.refused, [
      { plugin: "NodeUnschedulable", reasons: ["node(s) were unschedulable"], nodes: ["n1"] },
    ]);
    assert.deepEqual(report?.scored.map(({ node: name }) => name).sort(), ["n2", "n3"]);
    assert.equal(report?.scored[0]?.scores.NodeResourcesFit, 86);
    assert.equal(report?.scored[0]?.scores.TaintToleration, 300);
    assert.deepEqual([report?.evaluatedNodes, report?.allNodes], [3, 3]);
  }));
