import assert from "node:assert/strict";
import { test } from "node:test";
import type { Lease, LeaseSpec } from "@kubets/api/generated/types/coordination-v1";
import type { LeaseCandidate, LeaseCandidateSpec } from "@kubets/api/generated/types/coordination-v1beta1";
import { formatMicroTime, formatTime } from "@kubets/machinery/time";
import { electedSpec, planElection } from "./plan.ts";

const NOW = Date.parse("2026-01-01T12:00:00Z");
const ago = (seconds: number) => formatMicroTime(NOW - seconds * 1000);

/** One of version 1.36 that answered just now, made as many seconds ago as said. */
function candidate(name: string, spec: Partial<LeaseCandidateSpec> = {}, madeAgo = 600): LeaseCandidate {
  const versions = { binaryVersion: "1.36.0", emulationVersion: "1.36.0", strategy: "OldestEmulationVersion" };
  const metadata = { namespace: "kube-system", name, creationTimestamp: formatTime(NOW - madeAgo * 1000) };
  return { metadata, spec: { leaseName: "l", ...versions, renewTime: ago(1), ...spec } } as LeaseCandidate;
}
const lease = (spec: LeaseSpec) => ({ metadata: { namespace: "kube-system", name: "l" }, spec }) as Lease;
const held = (by: string, more: LeaseSpec = {}) =>
  lease({ holderIdentity: by, leaseDurationSeconds: 15, renewTime: ago(3), ...more });

const plan = (found: Lease | undefined, ...candidates: LeaseCandidate[]) => {
  const step = planElection(found, candidates, NOW);
  if (step.kind === "ask") return `ask ${step.candidates.map(({ metadata }) => metadata.name).join(" ")}`;
  return step.kind === "elect" ? `elect ${step.leader ?? "nobody"} by ${step.strategy}` : step.kind;
};

test("without candidates there is no election, nor among those that were silent for half an hour", () => {
  assert.equal(plan(undefined), "rest");
  assert.equal(plan(undefined, candidate("a", { renewTime: ago(1801) })), "rest");
});

test("candidates are asked before they are chosen from, and waited for", () => {
  const silent = { renewTime: ago(60) };
  assert.equal(plan(undefined, candidate("a", silent), candidate("b")), "ask a");
  assert.equal(plan(undefined, candidate("a", { ...silent, pingTime: ago(4) }), candidate("b")), "wait");
  assert.equal(
    plan(undefined, candidate("a", { ...silent, pingTime: ago(6) }), candidate("b")),
    "elect b by OldestEmulationVersion",
  );
  // The answer may be of the very moment of the question.
  const answered = { pingTime: ago(60), renewTime: ago(60) };
  assert.equal(plan(undefined, candidate("a", answered)), "ask a");
  assert.equal(plan(undefined, candidate("a", { ...silent, pingTime: ago(6) })), "rest");
});

test("the oldest emulated version leads, then the oldest of its own, then who came first", () => {
  const best = (...all: LeaseCandidate[]) => plan(undefined, ...all).split(" ")[1];
  const old = { emulationVersion: "1.35.0" };
  assert.equal(best(candidate("a"), candidate("b", old)), "b");
  assert.equal(
    best(candidate("a", { ...old, binaryVersion: "1.36.10" }), candidate("b", { ...old, binaryVersion: "1.36.9" })),
    "b",
  );
  assert.equal(best(candidate("a", {}, 10), candidate("b", {}, 20), candidate("c", {}, 15)), "b");
});

test("the strategy is that of the newest binary; those of one version must agree", () => {
  const own = { strategy: "example.com/own" };
  assert.equal(
    plan(undefined, candidate("a"), candidate("b", { ...own, binaryVersion: "1.37.0" })),
    "elect nobody by example.com/own",
  );
  assert.throws(
    () => plan(undefined, candidate("a"), candidate("b", own)),
    /^TerminalError: candidates "a", "b" at same binary version but received differing strategies OldestEmulationVersion, example.com\/own$/,
  );
});

test("whoever leads is left alone while nobody is better, and all are asked now and then", () => {
  const older = candidate("b", { emulationVersion: "1.35.0" });
  assert.equal(plan(held("a"), candidate("a"), candidate("b", {}, 5)), "wait");
  assert.equal(plan(held("a"), candidate("a"), older), "elect b by OldestEmulationVersion");
  assert.equal(plan(held("a", { renewTime: ago(16) }), candidate("a")), "elect a by OldestEmulationVersion");
  assert.equal(plan(held(""), candidate("a")), "elect a by OldestEmulationVersion");
  assert.equal(plan(held("a"), candidate("a", { renewTime: ago(901) })), "ask a");
  assert.equal(plan(held("a"), candidate("a", { strategy: "example.com/own" })), "wait");
});

test("a free lease is given at once, one that is held gets a preferred holder", () => {
  const strategy = "OldestEmulationVersion";
  const given = { strategy, holderIdentity: "b", leaseDurationSeconds: 5, renewTime: ago(0) };
  const elect = (found?: Lease, leader = "b") => electedSpec(found, { strategy, leader }, NOW);
  assert.deepEqual(elect(), given);
  const over = held("a", { renewTime: ago(16), acquireTime: ago(99), preferredHolder: "c", leaseTransitions: 3 });
  assert.deepEqual(elect(over), { ...given, leaseTransitions: 3 });
  // Who was given it, and never took it.
  assert.deepEqual(elect(over, "a"), { ...given, holderIdentity: "a", leaseTransitions: 3 });
  assert.deepEqual(elect(held("a")), { ...held("a").spec, strategy, preferredHolder: "b" });
  assert.deepEqual(elect(held("b")), { ...held("b").spec, strategy });
  const own = { strategy: "example.com/own" };
  assert.deepEqual(electedSpec(held("a"), own, NOW), { ...held("a").spec, ...own });
  assert.deepEqual(electedSpec(undefined, own, NOW), { ...own, leaseDurationSeconds: 5, renewTime: ago(0) });
});
