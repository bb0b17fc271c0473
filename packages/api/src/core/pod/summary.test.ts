import assert from "node:assert/strict";
import { test } from "node:test";
import type { ContainerStatus, PodStatus } from "../../generated/types/core-v1.ts";
import { type PodBuilder, pod } from "../../testing/pod-builder.ts";
import { podTable } from "./table.ts";

const NOW = Date.parse("2026-01-01T01:00:00Z");
const status = (name: string, state: object, more: Partial<ContainerStatus> = {}): ContainerStatus =>
  ({ name, state, lastState: {}, ready: false, restartCount: 0, image: "", imageID: "", ...more }) as ContainerStatus;
const running = (name: string, more = {}) => status(name, { running: {} }, { ready: true, ...more });
const ended = (name: string, exitCode: number, reason?: string) =>
  status(name, { terminated: { exitCode, ...(reason ? { reason } : {}) } });
const waiting = (name: string, reason: string) => status(name, { waiting: { reason } });
const one = (...statuses: ContainerStatus[]) =>
  pod("p").container("c").status({ phase: "Running", containerStatuses: statuses });
const init = (...statuses: ContainerStatus[]) =>
  pod("p")
    .container("c")
    .initContainer("i")
    .initContainer("j")
    .status({ phase: "Pending", initContainerStatuses: statuses });
const withSidecar = (more: PodStatus) =>
  pod("p")
    .container("c")
    .initContainer("s", { restartPolicy: "Always" })
    .status({ phase: "Running", ...more });

for (const [what, built, ready, word, restarts] of [
  ["not seen by a node", pod("p"), "0/1", "Pending", "0"],
  ["running", one(running("c")), "1/1", "Running", "0"],
  ["waiting", one(waiting("c", "CrashLoopBackOff")), "0/1", "CrashLoopBackOff", "0"],
  ["completed", one(ended("c", 0, "Completed")).phase("Succeeded"), "0/1", "Completed", "0"],
  ["killed by a signal", one(status("c", { terminated: { exitCode: 137, signal: 9 } })), "0/1", "Signal:9", "0"],
  ["failed without a word", one(ended("c", 3)), "0/1", "ExitCode:3", "0"],
  ["evicted", pod("p").status({ phase: "Failed", reason: "Evicted" }), "0/1", "Evicted", "0"],
  [
    "gated",
    pod("p").status({ conditions: [{ type: "PodScheduled", status: "False", reason: "SchedulingGated" }] }),
    "0/1",
    "SchedulingGated",
    "0",
  ],
  ["at its first init container", init(running("i", { ready: false })), "0/1", "Init:0/2", "0"],
  ["at its second", init(ended("i", 0), waiting("j", "PodInitializing")), "0/1", "Init:1/2", "0"],
  ["failed in an init container", init(ended("i", 1, "Error")), "0/1", "Init:Error", "0"],
  ["waiting in an init container", init(waiting("i", "ImagePullBackOff")), "0/1", "Init:ImagePullBackOff", "0"],
  ["going", one(running("c")).deleting("2026-01-01T00:59:00Z"), "1/1", "Terminating", "0"],
  [
    "going on a lost node",
    one(running("c")).deleting("2026-01-01T00:59:00Z").status({ reason: "NodeLost" }),
    "1/1",
    "Unknown",
    "0",
  ],
  [
    "a sidecar beside",
    withSidecar({ initContainerStatuses: [running("s", { started: true })], containerStatuses: [running("c")] }),
    "2/2",
    "Running",
    "0",
  ],
  ["restarted", one(running("c", { restartCount: 3 })), "1/1", "Running", "3"],
  [
    "restarted a while ago",
    one(
      running("c", { restartCount: 3, lastState: { terminated: { exitCode: 1, finishedAt: "2026-01-01T00:55:00Z" } } }),
    ),
    "1/1",
    "Running",
    "3 (5m ago)",
  ],
] as [string, PodBuilder, string, string, string][])
  test(`a pod that is ${what}`, () => {
    const cells = podTable.cells(built.build(), NOW);
    assert.deepEqual(cells.slice(1, 4), [ready, word, restarts]);
  });

test("a container that completed beside one that runs", () => {
  const two = pod("p")
    .container("c")
    .container("d")
    .status({ phase: "Running", containerStatuses: [ended("c", 0, "Completed"), running("d")] });
  assert.equal(podTable.cells(two.build(), NOW)[2], "NotReady");
  assert.equal(podTable.cells(two.condition("Ready", "True").build(), NOW)[2], "Running");
});

test("a pod that ended says so to whoever waits", () => {
  assert.equal(podTable.conditions?.(pod("p").phase("Failed").build())?.[0]?.reason, "Failed");
  assert.equal(podTable.conditions?.(pod("p").build()), undefined);
});
