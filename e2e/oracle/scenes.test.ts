/**
 * Recorded scenes of workloads, replayed against a real node: as many of them, chosen by a seed, as fit into the time. KUBETS_SEED chooses the same
 * ones again, KUBETS_SCENES=all takes all. What is reached stays reached: scene-floors.json holds how much of each area is alike, in per mille of its
 * facts, and is only ever raised.
 */
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { it } from "node:test";
import { seededRandom } from "@kubets/machinery";
import { whyNoContainers } from "../cluster.ts";
import { whyNoShared } from "../shared-folder.ts";
import { replayScenes, type Scene, scenesOf } from "./scenes.ts";

type Floors = Readonly<Record<string, { readonly structure: number; readonly all: number }>>;

/** So many seconds of scenes, as they took when they were recorded, at so many at a time. */
const BUDGET_SECONDS = 360;
const AT_A_TIME = 4;
const LONGEST_MS = 420_000;
/** A fact of a short selection weighs more than one of them all. */
const SLACK_FACTS = 4;

interface Replayed {
  readonly scenes: readonly {
    readonly area: string;
    readonly scene: string;
    readonly structure: readonly [equal: number, of: number];
    readonly all: readonly [equal: number, of: number];
  }[];
}

const skip = whyNoContainers() ?? whyNoShared("oracle/scenes");

it("does what the original did in whole scenes", { skip, timeout: LONGEST_MS + 60_000 }, async (t) => {
  const floors = JSON.parse(readFileSync(join(import.meta.dirname, "scene-floors.json"), "utf8")) as Floors;
  const seed = Number(process.env.KUBETS_SEED ?? Math.floor(Math.random() * 1e6));
  const all = Object.keys(floors).flatMap(scenesOf);
  const chosen = process.env.KUBETS_SCENES === "all" ? all : selection(all, seed);
  t.diagnostic(`${chosen.length} of ${all.length} scenes, KUBETS_SEED=${seed}`);
  const cases = [
    ...Object.keys(floors).flatMap((area) => ["--file", area]),
    ...chosen.flatMap(({ name }) => ["--case", name]),
  ];
  const { scenes } = JSON.parse(
    await replayScenes([...cases, "--conc", String(AT_A_TIME), "--json"], LONGEST_MS),
  ) as Replayed;
  for (const [area, floor] of Object.entries(floors))
    for (const level of ["structure", "all"] as const) {
      const own = scenes.filter((each) => each.area === area);
      const [equal, of] = own.reduce(([a, b], each) => [a + each[level][0], b + each[level][1]], [0, 0]);
      t.diagnostic(`${area}: ${level} ${equal} of ${of}`);
      const least = Math.floor((of * floor[level]) / 1000) - SLACK_FACTS;
      const unlike = own.filter((each) => each[level][0] < each[level][1]).map(({ scene }) => scene);
      assert.ok(
        equal >= least,
        `${area}: ${level} ${equal} of ${of}, at least ${least} are due; unlike: ${unlike.join("; ")}`,
      );
    }
});

function selection(scenes: readonly Scene[], seed: number): Scene[] {
  const random = seededRandom(seed);
  const chosen: Scene[] = [];
  let seconds = 0;
  for (const { scene } of scenes.map((each) => ({ scene: each, at: random.float() })).toSorted((a, b) => a.at - b.at)) {
    if (seconds + scene.seconds > BUDGET_SECONDS) continue;
    seconds += scene.seconds;
    chosen.push(scene);
  }
  return chosen;
}
