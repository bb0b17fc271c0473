import assert from "node:assert/strict";
import { test } from "node:test";
import { node } from "@kubets/api/testing/node-builder";
import { pod } from "@kubets/api/testing/pod-builder";
import { CycleState } from "../../framework/cycle-state.ts";
import { podInfo } from "../../framework/pod-info.ts";
import { podGroup } from "../../testing/gangs.ts";
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

test("a placement is as good as it would be full with the group, whatever nodes alone go by", () => {
  const scored = (scoringStrategy: object, ...asking: readonly string[]) => {
    const { plugin, state } = fixture(
      nodeResourcesFit,
      { scoringStrategy },
      node("n1").capacity({ cpu: "4", memory: "4Gi" }).build(),
      node("n2").capacity({ cpu: "6", memory: "6Gi" }).build(),
      pod("r").on("n1").requests({ cpu: "2", memory: "1Gi" }).build(),
    );
    const cycle = new CycleState();
    const pods = asking.map((cpu, i) => ({
      info: podInfo(pod(`a${i}`).requests({ cpu, memory: "1Gi" }).build()),
      node: "n2",
      state: cycle,
      isLocal: true,
    }));
    return plugin.placementScore?.(podGroup("g"), { placement: state.nodes, pods });
  };
  // CPU 5 of 10, memory 3 of 10.
  assert.equal(scored({ type: "LeastAllocated" }, "1", "2"), 40);
  assert.equal(scored({ type: "LeastAllocated", resources: [{ name: "cpu", weight: 1 }] }, "1", "2"), 50);
  const resources = [
    { name: "cpu", weight: 3 },
    { name: "memory", weight: 1 },
  ];
  assert.equal(scored({ resources }, "1", "2"), 45);
  assert.equal(scored({}), 15, "nobody has a place");
});
