import assert from "node:assert/strict";
import { test } from "node:test";
import { pod } from "@kubets/api/testing/pod-builder";
import type { Shortage } from "./admit.ts";
import { whoMakesRoom } from "./make-room.ts";

const critical = pod("critical").spec({ priority: 2_000_000_000 }).requests({ cpu: "2" }).build();
const burstable = (name: string, cpu: string, memory = "1Mi") => pod(name).requests({ cpu, memory }).build();
const guaranteed = (name: string, cpu: string) =>
  pod(name).requests({ cpu, memory: "1Mi" }).limits({ cpu, memory: "1Mi" }).build();
const bestEffort = (name: string) => pod(name).build();
/** So much is missing of what was asked for. */
const short = (name: string, missing: number): Shortage => ({ name, requested: missing, used: 10, capacity: 10 });
const names = (...given: Parameters<typeof whoMakesRoom>) =>
  whoMakesRoom(...given)?.map(({ metadata }) => metadata.name);

const CASES: readonly [what: string, others: Parameters<typeof whoMakesRoom>[1], Shortage[], string[] | undefined][] = [
  [
    "the one that is enough, and not a larger one",
    [burstable("a", "3"), burstable("b", "1")],
    [short("cpu", 1000)],
    ["b"],
  ],
  ["one rather than two", [burstable("a", "1"), burstable("b", "1"), burstable("c", "2")], [short("cpu", 2000)], ["c"]],
  ["of equal ones the smaller", [burstable("a", "1", "2Gi"), burstable("b", "1")], [short("cpu", 500)], ["b"]],
  ["a worse class first", [guaranteed("a", "1"), burstable("b", "1")], [short("cpu", 1000)], ["b"]],
  [
    "a better class only for what the worse cannot give",
    [guaranteed("a", "1"), guaranteed("b", "2"), burstable("c", "1")],
    [short("cpu", 2000)],
    ["c", "a"],
  ],
  ["who promises nothing goes for a place", [burstable("a", "1"), bestEffort("b")], [short("pods", 1)], ["b"]],
  [
    "what one frees for two",
    [burstable("a", "1", "1Gi"), burstable("b", "1")],
    [short("cpu", 1000), short("memory", 2 ** 30)],
    ["a"],
  ],
  [
    "nobody when all together are not enough",
    [burstable("a", "1"), burstable("b", "1")],
    [short("cpu", 3000)],
    undefined,
  ],
  [
    "no critical one",
    [pod("a").spec({ priority: 2_000_000_000 }).requests({ cpu: "4" }).build()],
    [short("cpu", 1)],
    undefined,
  ],
];

for (const [what, others, shortages, going] of CASES)
  test(`${what} makes room`, () => assert.deepEqual(names(critical, others, shortages), going));
