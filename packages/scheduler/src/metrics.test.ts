import assert from "node:assert/strict";
import { test } from "node:test";
import { node } from "@kubets/api/testing/node-builder";
import { pod } from "@kubets/api/testing/pod-builder";
import { MetricsRegistry } from "@kubets/machinery/metrics";
import { runScheduler } from "./testing/run.ts";

test("what the scheduler and its plugins do is counted by the original's names", async () => {
  const metrics = new MetricsRegistry();
  const run = await runScheduler({ metrics });
  const { cluster } = run;
  cluster.put(node("n1").capacity({ cpu: "1", pods: "10" }).build(), node("n2").unschedulable().build());
  cluster.put(pod("a").requests({ cpu: "1" }).build());
  await run.settle();
  cluster.put(pod("b").requests({ cpu: "1" }).priority(10).build());
  await run.settle();
  cluster.put(pod("c").requests({ cpu: "9" }).build());
  await run.settle();
  cluster.put(node("n2").capacity({ cpu: "16", pods: "10" }).build());
  await run.settle();
  run.stop();
  const text = [...metrics.expose()].join("");
  for (const line of [
    /^scheduler_plugin_evaluation_total\{plugin="NodeResourcesFit",extension_point="Filter",profile="default-scheduler"\} [1-9]/m,
    /^scheduler_plugin_execution_duration_seconds_count\{plugin="NodeUnschedulable",extension_point="Filter",status="Success"\} [1-9]/m,
    /^scheduler_framework_extension_point_duration_seconds_count\{extension_point="PostFilter",status="Success",profile="default-scheduler"\} [1-9]/m,
    /^scheduler_framework_extension_point_duration_seconds_count\{extension_point="Bind",status="Success",profile="default-scheduler"\} 3$/m,
    /^scheduler_preemption_goroutines_execution_total\{result="success"\} 1$/m,
    /^scheduler_preemption_victims_count 1$/m,
    /^scheduler_queue_incoming_pods_total\{queue="active",event="UnschedulablePodAdd"\} 3$/m,
    /^scheduler_queueing_hint_execution_duration_seconds_count\{plugin="NodeResourcesFit",event="NodeUpdateNodeAllocatable",hint="Queue"\} 1$/m,
    /^scheduler_event_handling_duration_seconds_count\{event="UnschedulablePodAdd"\} 3$/m,
  ])
    assert.match(text, line);
});
