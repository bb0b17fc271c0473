/** The recorded scenes of scheduling, all of them, replayed on a simulated node: what is scheduled, refused and preempted there, and what is told of it. */
import assert from "node:assert/strict";
import { it } from "node:test";
import { whyNoShared } from "../shared-folder.ts";
import { replayScenes } from "./scenes.ts";

/** In per mille of the facts. */
const FLOORS = { structure: 990, all: 985 };
const LONGEST_MS = 600_000;

interface Scene {
  readonly scene: string;
  readonly structure: readonly [equal: number, of: number];
  readonly all: readonly [equal: number, of: number];
}

it("schedules as the original did in whole scenes", {
  skip: whyNoShared("oracle/scenes"),
  timeout: LONGEST_MS + 60_000,
}, async (t) => {
  const args = ["--file", "scheduling", "--conc", "4", "--json"];
  const { scenes } = JSON.parse(await replayScenes(args, LONGEST_MS, "simulated")) as { scenes: readonly Scene[] };
  for (const level of ["structure", "all"] as const) {
    const [equal, of] = scenes.reduce(([a, b], each) => [a + each[level][0], b + each[level][1]], [0, 0]);
    t.diagnostic(`${level} ${equal} of ${of}`);
    const unlike = scenes.filter((each) => each[level][0] < each[level][1]).map(({ scene }) => scene);
    assert.ok(of > 0 && equal * 1000 >= of * FLOORS[level], `${level} ${equal} of ${of}; unlike: ${unlike.join("; ")}`);
  }
});
