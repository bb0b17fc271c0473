import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { rolloutState } from "./status.ts";

const deployment = (status: Record<string, unknown>, replicas = 2) =>
  ({
    kind: "Deployment",
    metadata: { name: "web", generation: 2 },
    spec: { replicas },
    status: { observedGeneration: 2, ...status },
  }) as never;

const CASES: readonly (readonly [Record<string, unknown>, string, boolean])[] = [
  [{ observedGeneration: 1 }, "Waiting for deployment spec update to be observed...", false],
  [
    { replicas: 2, updatedReplicas: 1 },
    'Waiting for deployment "web" rollout to finish: 1 out of 2 new replicas have been updated...',
    false,
  ],
  [
    { replicas: 3, updatedReplicas: 2 },
    'Waiting for deployment "web" rollout to finish: 1 old replicas are pending termination...',
    false,
  ],
  [
    { replicas: 2, updatedReplicas: 2, availableReplicas: 1 },
    'Waiting for deployment "web" rollout to finish: 1 of 2 updated replicas are available...',
    false,
  ],
  [{ replicas: 2, updatedReplicas: 2, availableReplicas: 2 }, 'deployment "web" successfully rolled out', true],
];

describe("how far a rollout is", () => {
  for (const [status, message, done] of CASES)
    it(message, () => assert.deepEqual(rolloutState(deployment(status)), { message, done }));

  it("fails when the deadline is past", () => {
    const conditions = [{ type: "Progressing", status: "False", reason: "ProgressDeadlineExceeded" }];
    assert.throws(() => rolloutState(deployment({ conditions })), /deployment "web" exceeded its progress deadline/);
  });
});
