/** Which pods are made and which go, compared with a naive version on random states. */
import assert from "node:assert/strict";
import { test } from "node:test";
import type { Pod } from "@kubets/api/generated/types/core-v1";
import { seededRandom } from "@kubets/machinery";
import { randomInt } from "@kubets/machinery/random";
import { planReplicas } from "./plan.ts";

const NOW = Date.parse("2026-01-01T12:00:00Z");
const random = seededRandom(11);
const oneOf = <T>(items: readonly T[]): T => items[randomInt(random, items.length)] as T;
const ago = () => new Date(NOW - 1000 * 2 ** randomInt(random, 12)).toISOString();

function randomPod(i: number): Pod {
  const nodeName = oneOf([undefined, "n1", "n2", "n3"]);
  const ready = nodeName !== undefined && oneOf([true, false]);
  return {
    metadata: {
      name: `p${i}`,
      uid: `u${String(i).padStart(3, "0")}`,
      creationTimestamp: ago(),
      annotations: oneOf([{}, { "controller.kubernetes.io/pod-deletion-cost": String(oneOf([-5, 0, 7])) }]),
    },
    spec: { ...(nodeName && { nodeName }), containers: [] },
    status: {
      phase: nodeName ? oneOf(["Pending", "Running", "Running"]) : "Pending",
      conditions: [{ type: "Ready", status: ready ? "True" : "False", lastTransitionTime: ago() }],
      containerStatuses: [{ restartCount: oneOf([0, 0, 3]) }],
    },
  } as unknown as Pod;
}

/** How much it hurts to lose the pod: each rule a digit, the first one first. */
function worth(pod: Pod, all: readonly Pod[]): (number | string)[] {
  const ready = pod.status.conditions?.[0]?.status === "True";
  const magnitude = (time: string) => Math.floor(Math.log2(NOW - Date.parse(time)));
  return [
    pod.spec.nodeName ? 1 : 0,
    pod.status.phase === "Running" ? 1 : 0,
    ready ? 1 : 0,
    Number(pod.metadata.annotations?.["controller.kubernetes.io/pod-deletion-cost"] ?? 0),
    -all.filter(({ spec }) => spec.nodeName && spec.nodeName === pod.spec.nodeName).length,
    ready ? magnitude(pod.status.conditions?.[0]?.lastTransitionTime ?? "") : 0,
    -(pod.status.containerStatuses?.[0]?.restartCount ?? 0),
    magnitude(pod.metadata.creationTimestamp),
  ];
}

function isBefore(a: Pod, b: Pod, all: readonly Pod[]): boolean {
  const [worthA, worthB] = [worth(a, all), worth(b, all)];
  const at = worthA.findIndex((digit, i) => digit !== worthB[i]);
  return at >= 0 && (worthA[at] as number) < (worthB[at] as number);
}

test("as many are made or go as there are too few or too many, and nobody goes before one that should", () => {
  for (let round = 0; round < 400; round++) {
    const pods = Array.from({ length: randomInt(random, 12) }, (_, i) => randomPod(i));
    const wanted = randomInt(random, 12);
    const { create, remove } = planReplicas(wanted, pods, () => pods, NOW);
    assert.equal(create, Math.max(0, wanted - pods.length));
    assert.equal(remove.length, Math.max(0, pods.length - wanted));
    const kept = pods.filter((pod) => !remove.includes(pod));
    for (const gone of remove)
      for (const pod of kept)
        assert.ok(!isBefore(pod, gone, pods), `${pod.metadata.name} should have gone before ${gone.metadata.name}`);
  }
});

test("no more than five hundred in one go", () => {
  assert.equal(planReplicas(2000, [], () => [], NOW).create, 500);
  const pods = Array.from({ length: 900 }, (_, i) => randomPod(i));
  assert.equal(planReplicas(0, pods, () => pods, NOW).remove.length, 500);
});
