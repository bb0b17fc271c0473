/**
 * Behaviours in CI: all that run on simulated nodes, and of those on real containers a selection by a seed, within a bounded time. KUBETS_SEED chooses
 * the same selection again; `npm run e2e -- --matrix` runs them all, also those that wait for minutes.
 */
import { after, before, describe, it } from "node:test";
import { seededRandom } from "@kubets/machinery";
import type { Behaviour } from "./behaviour.ts";
import { loadBehaviours } from "./catalogue.ts";
import { type BehaviourCluster, bringUp, cheapestFor, whyNoContainers, whyNotOn } from "./clusters.ts";
import { perform } from "./perform.ts";

const CONTAINERS_SELECTED = 24;
const CONTAINERS_BUDGET_MS = 240_000;
const LONGEST_SECONDS = 300;

const seed = Number(process.env.KUBETS_SEED ?? Math.floor(Math.random() * 1e6));
const all = [...(await loadBehaviours()).values()].filter(
  ({ timeoutSeconds = 0 }) => timeoutSeconds <= LONGEST_SECONDS,
);
const containers = all.filter((each) => cheapestFor(each) === "containers");

suite(
  "simulated",
  all.filter((each) => cheapestFor(each) === "simulated"),
  { atATime: 6 },
);
suite(`containers`, shuffled(containers, seed).slice(0, CONTAINERS_SELECTED), {
  atATime: 4,
  skip: whyNoContainers(),
  budgetMs: CONTAINERS_BUDGET_MS,
});

interface SuiteOptions {
  readonly atATime: number;
  readonly skip?: string | undefined;
  /** What has not begun by then is skipped. */
  readonly budgetMs?: number;
}

function suite(
  kind: "simulated" | "containers",
  behaviours: readonly Behaviour[],
  { atATime, skip, budgetMs = Number.POSITIVE_INFINITY }: SuiteOptions,
): void {
  if (behaviours.length === 0) return;
  describe(`behaviours on ${kind} (seed ${seed})`, { skip: skip ?? false }, () => {
    let cluster: BehaviourCluster;
    let began = 0;
    before(async () => {
      console.log(`${behaviours.length} behaviours on ${kind}, KUBETS_SEED=${seed}`);
      cluster = await bringUp(kind);
      began = performance.now();
    });
    after(() => cluster?.close());
    const test = (behaviour: Behaviour) =>
      it(behaviour.name, async (t) => {
        const over = performance.now() - began > budgetMs && "the time for this selection is over";
        const why = over || whyNotOn(behaviour, cluster);
        if (why) t.skip(why);
        else await perform(behaviour, cluster);
      });
    describe("together", { concurrency: atATime }, () => behaviours.filter(({ alone }) => !alone).forEach(test));
    describe("alone", () => behaviours.filter(({ alone }) => alone).forEach(test));
  });
}

function shuffled<T>(items: readonly T[], from: number): T[] {
  const random = seededRandom(from);
  return items
    .map((item) => ({ item, at: random.float() }))
    .toSorted((a, b) => a.at - b.at)
    .map(({ item }) => item);
}
