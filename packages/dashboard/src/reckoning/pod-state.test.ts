import assert from "node:assert/strict";
import { test } from "node:test";
import type { Pod } from "@kubets/api/generated/types/core-v1";
import { podBrief, podsTotal } from "./pod-brief.ts";
import { podTrouble, podWord } from "./pod-state.ts";

const CREATED = "2026-01-01T00:00:00Z";
const MINUTE_LATER = Date.parse(CREATED) + 60_000;

const pod = (status: object, spec: object = {}, metadata: object = {}): Pod =>
  ({
    metadata: { name: "a", namespace: "b", creationTimestamp: CREATED, ...metadata },
    spec: { containers: [], ...spec },
    status,
  }) as unknown as Pod;
const waiting = (reason: string, message = "") => ({
  name: "c",
  state: { waiting: { reason, message } },
  lastState: {},
});
const ended = (terminated: object) => ({ name: "c", state: { terminated }, lastState: {} });
const unready = { type: "Ready", status: "False", lastTransitionTime: CREATED, message: "not yet" };

const CASES: readonly (readonly [what: string, pod: Pod, word: string, trouble: string | undefined, from?: number])[] =
  [
    ["one that runs", pod({ phase: "Running" }), "Running", undefined],
    [
      "one that is done",
      pod({ phase: "Succeeded", containerStatuses: [ended({ exitCode: 0, reason: "Completed" })] }),
      "Completed",
      undefined,
    ],
    [
      "one that crashes again and again",
      pod({ phase: "Running", containerStatuses: [waiting("CrashLoopBackOff")] }),
      "CrashLoopBackOff",
      "CrashLoopBackOff",
      0,
    ],
    [
      "one without an image",
      pod({ phase: "Pending", containerStatuses: [waiting("ImagePullBackOff")] }),
      "ImagePullBackOff",
      "ImagePullBackOff",
      0,
    ],
    [
      "one that is made",
      pod({ phase: "Pending", containerStatuses: [waiting("ContainerCreating")] }),
      "ContainerCreating",
      "Pending",
      MINUTE_LATER,
    ],
    [
      "one without a place",
      pod({ phase: "Pending", conditions: [{ type: "PodScheduled", status: "False", reason: "Unschedulable" }] }),
      "Pending",
      "Unschedulable",
      MINUTE_LATER,
    ],
    ["one that is not ready", pod({ phase: "Running", conditions: [unready] }), "Running", "Not ready", MINUTE_LATER],
    ["one that was thrown out", pod({ phase: "Failed", reason: "Evicted" }), "Evicted", "Evicted", 0],
    [
      "one that failed",
      pod({ phase: "Failed", containerStatuses: [ended({ exitCode: 3 })] }),
      "ExitCode:3",
      "ExitCode:3",
      0,
    ],
    [
      "one that was killed",
      pod({ phase: "Failed", containerStatuses: [ended({ exitCode: 137, signal: 9 })] }),
      "Signal:9",
      "Signal:9",
      0,
    ],
    [
      "one that goes",
      pod({ phase: "Running" }, {}, { deletionTimestamp: CREATED }),
      "Terminating",
      "Terminating",
      MINUTE_LATER,
    ],
    [
      "one whose beginning fails",
      pod(
        { phase: "Pending", initContainerStatuses: [waiting("CrashLoopBackOff")] },
        { initContainers: [{ name: "c" }] },
      ),
      "Init:CrashLoopBackOff",
      "CrashLoopBackOff",
      0,
    ],
    [
      "one that begins",
      pod(
        { phase: "Pending", initContainerStatuses: [waiting("PodInitializing")] },
        { initContainers: [{ name: "c" }, { name: "d" }] },
      ),
      "Init:0/2",
      "Pending",
      MINUTE_LATER,
    ],
  ];

for (const [what, each, word, trouble, from] of CASES)
  test(`the state of ${what}`, () => {
    assert.equal(podWord(each), word);
    const found = podTrouble(each);
    assert.deepEqual([found?.reason, found?.from], [trouble, from]);
  });

test("pods hold what they ask for while they are on a node and have not ended", () => {
  const spec = { nodeName: "n", containers: [{ name: "c", resources: { requests: { cpu: "1", memory: "1Ki" } } }] };
  const pods = [
    pod({ phase: "Running" }, spec),
    pod({ phase: "Running" }, spec),
    pod({ phase: "Failed" }, spec),
    pod({ phase: "Pending" }, { ...spec, nodeName: undefined }),
  ];
  const { phases, cpu, memory, holding, troubled } = podsTotal(pods.map(podBrief));
  assert.deepEqual(Object.fromEntries(phases), { Running: 2, Failed: 1, Pending: 1 });
  assert.deepEqual([cpu, memory, holding, troubled.length], [2, 2048, 2, 2]);
});
