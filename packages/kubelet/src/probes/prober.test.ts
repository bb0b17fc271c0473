/** When probes are made and what comes of them, on a node whose clock the test moves. */
import assert from "node:assert/strict";
import { test } from "node:test";
import type { Container, Probe } from "@kubets/api/generated/types/core-v1";
import { pod } from "@kubets/api/testing/pod-builder";
import { type SimulatedNode, simulatedNode } from "../testing/simulated-node.ts";
import type { ProbeType } from "./prober.ts";

interface Probed {
  readonly node: SimulatedNode;
  /** When probes of a type were made, in seconds since the container runs. */
  times(type: ProbeType): number[];
  status(): Promise<{ ready: boolean; started: boolean; restarts: number; killedAfter?: number }>;
}

/** A pod with one container; `passes` is asked at each attempt. */
async function probed(
  container: Partial<Container>,
  passes: (type: ProbeType, at: number) => boolean,
  run: (probed: Probed) => Promise<void>,
): Promise<void> {
  const made: [ProbeType, number][] = [];
  const node: SimulatedNode = await simulatedNode({
    // It does not hear the signal that asks it to stop.
    script: { course: () => ({ stopAfterMs: 3_600_000 }) },
    probe: async ({ containerId }, type) => {
      const { startedAt } = await node.runtime.containerStatus(containerId);
      const at = Math.round((node.clock.now() - startedAt) / 1000);
      made.push([type, at]);
      return passes(type, at) ? { result: "success", output: "" } : { result: "failure", output: "no" };
    },
  });
  try {
    await node.api.createPod(
      pod("a")
        .on("node-1")
        .uid("uid-a")
        .container("c", { image: "demo:1", ...container })
        .spec({ terminationGracePeriodSeconds: 300 })
        .build(),
    );
    await run({
      node,
      times: (type) => made.filter(([each]) => each === type).map(([, at]) => at),
      async status() {
        const [status] = (await node.api.pod("a"))?.status.containerStatuses ?? [];
        const ended = status?.lastState.terminated;
        const killedAfter = ended && (Date.parse(ended.finishedAt ?? "") - Date.parse(ended.startedAt ?? "")) / 1000;
        return {
          ready: status?.ready ?? false,
          started: status?.started ?? false,
          restarts: status?.restartCount ?? 0,
          ...(killedAfter !== undefined && { killedAfter }),
        };
      },
    });
  } finally {
    await node.stop();
  }
}

const each = (seconds: number, more: Partial<Probe> = {}): Probe => ({
  exec: { command: ["x"] },
  periodSeconds: seconds,
  ...more,
});

test("the first after its delay, the others at their period; a verdict after so many of a kind", () =>
  probed(
    { readinessProbe: each(2, { initialDelaySeconds: 5, successThreshold: 3, failureThreshold: 2 }) },
    (_, at) => at < 13 || at > 20,
    async ({ node, times, status }) => {
      await node.clock.advance(8500);
      assert.deepEqual(times("readiness"), [5, 7]);
      assert.equal((await status()).ready, false);
      await node.clock.advance(1000);
      assert.equal((await status()).ready, true, "after three that passed");
      await node.clock.advance(4500);
      assert.equal((await status()).ready, true, "after one that failed");
      await node.clock.advance(2000);
      assert.equal((await status()).ready, false, "after two that failed");
      assert.equal((await status()).restarts, 0);
    },
  ));

test("the others wait for the startup probe, and a container that does not start in time is killed in the time of that probe", async () => {
  const probes = {
    startupProbe: each(1, { failureThreshold: 10, terminationGracePeriodSeconds: 7 }),
    livenessProbe: each(1, { failureThreshold: 1 }),
    readinessProbe: each(1),
  };
  await probed(
    probes,
    (type, at) => type !== "startup" || at >= 4,
    async ({ node, times, status }) => {
      await node.clock.advance(3500);
      assert.deepEqual([times("liveness"), times("readiness")], [[], []]);
      assert.equal((await status()).started, false);
      await node.clock.advance(4000);
      assert.deepEqual(await status(), { ready: true, started: true, restarts: 0 });
      assert.ok((times("liveness")[0] ?? 0) >= 4);
      assert.equal(times("startup").at(-1), 4, "it is not asked again");
    },
  );
  await probed(
    probes,
    () => false,
    async ({ node, status }) => {
      await node.clock.advance(20_000);
      const { restarts, killedAfter = 0 } = await status();
      assert.equal(restarts, 1);
      assert.ok(killedAfter >= 16 && killedAfter <= 18, `9 s of probes and 7 s of grace, not ${killedAfter}`);
    },
  );
});

test("a failed liveness probe kills in its own grace time, else in the pod's", async () => {
  const liveness = each(1, { failureThreshold: 2 });
  const after = (probe: Probe) =>
    new Promise<number | undefined>((resolve, reject) => {
      const run = probed(
        { livenessProbe: probe },
        (_, at) => at < 10,
        async ({ node, status }) => {
          await node.clock.advance(330_000);
          resolve((await status()).killedAfter);
        },
      );
      run.catch(reject);
    });
  const own = (await after({ ...liveness, terminationGracePeriodSeconds: 5 })) ?? 0;
  assert.ok(own >= 15 && own <= 17, String(own));
  const pods = (await after(liveness)) ?? 0;
  assert.ok(pods >= 310 && pods <= 312, String(pods));
});
