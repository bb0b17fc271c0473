import assert from "node:assert/strict";
import { test } from "node:test";
import { MetricsRegistry } from "@kubets/machinery/metrics";
import { GROUP_METRICS, METRICS } from "./metric-table.ts";
import { runScheduler } from "./testing/run.ts";

/** What kube-scheduler v1.36 exposes under "scheduler_" with its default gates. */
const PUBLISHED = `
batch_attempts_total batch_cache_flushed_total cache_size dra_bindingconditions_allocations_total dra_bindingconditions_wait_duration_seconds
event_handling_duration_seconds framework_extension_point_duration_seconds get_node_hint_duration_seconds goroutines inflight_events
pending_pods permit_wait_duration_seconds plugin_evaluation_total plugin_execution_duration_seconds pod_scheduled_after_flush_total
pod_scheduling_attempts pod_scheduling_sli_duration_seconds preemption_attempts_total preemption_goroutines_duration_seconds
preemption_goroutines_execution_total preemption_victims queue_incoming_pods_total queueing_hint_execution_duration_seconds
resourceclaim_creates_total schedule_attempts_total scheduling_algorithm_duration_seconds scheduling_attempt_duration_seconds
store_schedule_results_duration_seconds unschedulable_pods volume_binder_cache_requests_total volume_scheduling_stage_error_total
`;

/** What they count is not there: changes are not kept while pods are tried, and results need no storing of their own. */
const WITHOUT = new Set(["inflight_events", "store_schedule_results_duration_seconds"]);

test("the metrics are those of the original, by name", () => {
  const published = PUBLISHED.trim()
    .split(/\s+/)
    .filter((name) => !WITHOUT.has(name));
  const ours = Object.values(METRICS).map(({ name }) => name.replace(/^scheduler_/, ""));
  assert.deepEqual(ours.sort(), published.sort());
});

test("those of groups are told where groups are scheduled, and only there", async () => {
  assert.deepEqual(
    Object.values(GROUP_METRICS)
      .map(({ name }) => name)
      .sort(),
    [
      "scheduler_podgroup_schedule_attempts_total",
      "scheduler_podgroup_scheduling_algorithm_duration_seconds",
      "scheduler_podgroup_scheduling_attempt_duration_seconds",
    ],
  );
  for (const GenericWorkload of [false, true]) {
    const metrics = new MetricsRegistry();
    (await runScheduler({ metrics, featureGates: { GenericWorkload } })).stop();
    assert.equal([...metrics.expose()].join("").includes("scheduler_podgroup_"), GenericWorkload);
  }
});
