import assert from "node:assert/strict";
import { test } from "node:test";
import { node } from "@kubets/api/testing/node-builder";
import { pod } from "@kubets/api/testing/pod-builder";
import { fixture } from "../../testing/plugin-fixture.ts";
import { nodeResourcesFit } from "./plugin.ts";

const small = node("n1").capacity({ cpu: "2", memory: "2Gi", pods: "2", "example.com/thing": "1" }).build();
const running = pod("x").on("n1").requests({ cpu: "1", memory: "1Gi", "example.com/thing": "1" }).build();

test("what is short is named, and whether it lasts", () => {
  const { refusals } = fixture(nodeResourcesFit, {}, small, running);
  const cases: [Record<string, string>, string][] = [
    [{}, ""],
    [{ cpu: "1", memory: "1Gi" }, ""],
    [{ cpu: "1001m" }, "Insufficient cpu"],
    [{ cpu: "3" }, "Insufficient cpu!"],
    [{ cpu: "1500m", memory: "1.5Gi" }, "Insufficient cpu+Insufficient memory"],
    [{ "example.com/thing": "1" }, "Insufficient example.com/thing"],
    [{ "example.com/other": "1" }, "Insufficient example.com/other!"],
    [{ "ephemeral-storage": "1" }, "Insufficient ephemeral-storage!"],
  ];
  for (const [requests, refusal] of cases)
    assert.deepEqual(refusals(pod("a").requests(requests).build()), { n1: refusal }, JSON.stringify(requests));
});

test("the number of pods is limited, and ignored resources are not looked at", () => {
  const second = pod("y").on("n1").build();
  assert.deepEqual(fixture(nodeResourcesFit, {}, small, running, second).refusals(pod("a").build()), {
    n1: "Too many pods",
  });
  const { refusals } = fixture(nodeResourcesFit, { ignoredResourceGroups: ["example.com"] }, small, running);
  assert.deepEqual(refusals(pod("a").requests({ "example.com/other": "1" }).build()), { n1: "" });
});

test("init containers, sidecars and overhead count", () => {
  const { refusals } = fixture(nodeResourcesFit, {}, small);
  const asks = (cpu: string) => ({ resources: { requests: { cpu } } });
  const initial = pod("a").requests({ cpu: "1" }).initContainer("i", asks("2500m")).build();
  const sidecar = pod("a")
    .requests({ cpu: "1" })
    .initContainer("s", { ...asks("1500m"), restartPolicy: "Always" })
    .build();
  const overhead = pod("a")
    .requests({ cpu: "1500m" })
    .spec({ overhead: { cpu: "600m" } })
    .build();
  for (const each of [initial, sidecar, overhead]) assert.deepEqual(refusals(each), { n1: "Insufficient cpu!" });
});

test("strategies", () => {
  const nodes = [small, node("n2").capacity({ cpu: "4", memory: "4Gi" }).build()];
  const asking = pod("a").requests({ cpu: "500m", memory: "512Mi" }).build();
  const scored = (scoringStrategy: object) =>
    fixture(nodeResourcesFit, { scoringStrategy }, ...nodes, running).scores(asking);
  assert.deepEqual(scored({ type: "LeastAllocated" }), { n1: 25, n2: 87 });
  assert.deepEqual(scored({ type: "MostAllocated" }), { n1: 75, n2: 12 });
  const shape = [
    { utilization: 0, score: 0 },
    { utilization: 50, score: 10 },
    { utilization: 100, score: 0 },
  ];
  assert.deepEqual(scored({ type: "RequestedToCapacityRatio", requestedToCapacityRatio: { shape } }), {
    n1: 50,
    n2: 24,
  });
  const resources = [{ name: "example.com/thing", weight: 1 }];
  assert.deepEqual(scored({ type: "MostAllocated", resources }), { n1: 0, n2: 0 });
});
