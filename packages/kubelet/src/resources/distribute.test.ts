import assert from "node:assert/strict";
import { test } from "node:test";
import { type Cpu, type CpuOption, formatCpuList, parseCpuList } from "./cpus.ts";
import { chooseCpus } from "./distribute.ts";

/** Counted as the kernel of a PC counts: the first threads of all cores, then the second ones. */
const machine = (sockets: number, caches: number, cores: number): Cpu[] => {
  const all = sockets * caches * cores;
  return Array.from({ length: 2 * all }, (_, id) => {
    const core = id % all;
    const socket = Math.floor(core / (caches * cores));
    return { id, core, socket, node: socket, cache: Math.floor(core / cores) };
  });
};
const choose = (cpus: readonly Cpu[], free: string, count: number, ...options: CpuOption[]) =>
  formatCpuList(chooseCpus(cpus, new Set(parseCpuList(free)), count, new Set(options)) ?? []);

test("the same from each NUMA node, where one does not have enough", () => {
  // 0-3,8-11 | 4-7,12-15
  const cpus = machine(2, 1, 4);
  const distribute = "distribute-cpus-across-numa";
  assert.equal(choose(cpus, "0-15", 10), "0-4,8-12");
  assert.equal(choose(cpus, "0-15", 10, distribute), "0-2,4-6,8-9,12-13");
  assert.equal(choose(cpus, "0-15", 10, distribute, "full-pcpus-only"), "0-2,4-5,8-10,12-13");
  assert.equal(choose(cpus, "0-15", 6, distribute), "0-2,8-10");
  // The one that has more left is taken, so that both are left with as many.
  assert.equal(choose(cpus, "0-3,8-11,5-7,13-15", 4), "5-6,13-14");
  assert.equal(choose(cpus, "0-3,8-11,5-7,13-15", 4, distribute), "0-1,8-9");
  // Where they cannot give the same, they are filled up one after the other.
  assert.equal(choose(cpus, "0,8,4-7,12-15", 9, distribute), "0,4-7,12-15");
  assert.equal(chooseCpus(cpus, new Set([0]), 2, new Set([distribute])), undefined);
});

test("what does not divide comes from those that have the most left", () => {
  const cpus = machine(3, 1, 2);
  // 0-1,6-7 | 2-3,8-9 | 4-5,10-11: five of two nodes, of which one has but three.
  assert.equal(choose(cpus, "0,6,7,2-3,8-9", 5, "distribute-cpus-across-numa"), "0,2-3,6,8");
});

test("CPUs that share a cache, where they can", () => {
  // 0-3,8-11 | 4-7,12-15
  const cpus = machine(1, 2, 4);
  const align = "prefer-align-cpus-by-uncorecache";
  assert.equal(choose(cpus, "1-7,9-15", 10), "1-5,9-13");
  assert.equal(choose(cpus, "1-7,9-15", 10, align), "1,4-7,9,12-15");
  assert.equal(choose(cpus, "2-7,10-15", 6), "2-4,10-12");
  assert.equal(choose(cpus, "2-7,10-15", 6, align), "4-6,12-14");
  assert.equal(choose(cpus, "1-7,9-15", 3, align), "1-2,9");
  assert.equal(choose(cpus, "2-5,10-13", 6, align), "2-4,10-12");
});

test("one thread of each core, where that is asked for", () => {
  const cpus = machine(1, 1, 4);
  const distribute = "distribute-cpus-across-cores";
  assert.equal(choose(cpus, "0-7", 3), "0-1,4");
  assert.equal(choose(cpus, "0-7", 3, distribute), "0-2");
  assert.equal(choose(cpus, "0,1,4", 2, distribute), "0-1");
  assert.equal(choose(cpus, "0,1,4", 3, distribute), "0-1,4");
  const siblingsInARow = cpus.map((cpu) => ({ ...cpu, core: cpu.id >> 1 }));
  assert.equal(choose(siblingsInARow, "0-7", 2, distribute), "0,2");
});
