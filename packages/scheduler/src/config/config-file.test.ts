import assert from "node:assert/strict";
import { test } from "node:test";
import { schedulerGates } from "../feature-gates.ts";
import type { Handle } from "../framework/handle.ts";
import { plugins } from "../plugins/index.ts";
import { MemoryCluster } from "../testing/memory-cluster.ts";
import { buildProfile } from "./build-profile.ts";
import { defaultConfig } from "./config.ts";
import { parseConfig } from "./config-file.ts";

const HEAD = "apiVersion: kubescheduler.config.k8s.io/v1\nkind: KubeSchedulerConfiguration\n";
const read = (text: string) => parseConfig(HEAD + text, "file", Object.keys(plugins)).config;
const handle = {
  cache: new MemoryCluster().cache,
  signal: new AbortController().signal,
} as unknown as Handle;

function profileOf(text: string, gates: Readonly<Record<string, boolean>> = {}) {
  const config = read(text);
  return buildProfile(config.profiles[0] as (typeof config.profiles)[number], 0, plugins, {
    ...handle,
    featureGates: schedulerGates(gates),
  });
}

test("an empty file is the default", () => assert.deepEqual(read(""), defaultConfig));

test("the default profile has the plugins of the original in their order, with their weights", () => {
  const { points, weights } = profileOf("");
  assert.deepEqual(
    points.filter.map(({ name }) => name),
    [
      "NodeUnschedulable",
      "NodeName",
      "TaintToleration",
      "NodeAffinity",
      "NodePorts",
      "NodeResourcesFit",
      "VolumeRestrictions",
      "NodeVolumeLimits",
      "VolumeBinding",
      "VolumeZone",
      "PodTopologySpread",
      "InterPodAffinity",
      "DynamicResources",
      "NodeDeclaredFeatures",
    ],
  );
  assert.deepEqual(Object.fromEntries(weights), {
    TaintToleration: 3,
    NodeAffinity: 2,
    NodeResourcesFit: 1,
    PodTopologySpread: 2,
    InterPodAffinity: 2,
    DynamicResources: 2,
    NodeResourcesBalancedAllocation: 1,
    ImageLocality: 1,
  });
  assert.deepEqual(
    points.postFilter.map(({ name }) => name),
    ["DynamicResources", "DefaultPreemption"],
  );
});

test("plugins are left out, weighted anew, put in front", () => {
  const { points, weights } = profileOf(`
profiles:
- schedulerName: mine
  plugins:
    multiPoint: {enabled: [{name: NodeAffinity, weight: 7}], disabled: [{name: ImageLocality}]}
    score: {disabled: [{name: InterPodAffinity}], enabled: [{name: NodeResourcesFit, weight: 9}]}
    filter: {disabled: [{name: "*"}], enabled: [{name: NodePorts}]}
`);
  assert.deepEqual(
    points.filter.map(({ name }) => name),
    ["NodePorts"],
  );
  assert.equal(points.score[0]?.name, "NodeResourcesFit");
  assert.deepEqual(
    [
      weights.get("NodeResourcesFit"),
      weights.get("NodeAffinity"),
      weights.has("ImageLocality"),
      weights.has("InterPodAffinity"),
    ],
    [9, 7, false, false],
  );
});

test("placements of groups are scored with weights of their own", () => {
  const text = `
profiles:
- plugins:
    multiPoint: {enabled: [{name: NodeResourcesFit, weight: 3}]}
    placementScore: {enabled: [{name: PodGroupPodsCount, weight: 5}]}
`;
  const gates = { GenericWorkload: true, TopologyAwareWorkloadScheduling: true };
  const { points, weights, placementWeights } = profileOf(text, gates);
  assert.deepEqual(
    points.placementGenerate.map(({ name }) => name),
    ["TopologyPlacementGenerator"],
  );
  assert.deepEqual(Object.fromEntries(placementWeights), { NodeResourcesFit: 3, PodGroupPodsCount: 5 });
  assert.equal(weights.has("PodGroupPodsCount"), false);
  assert.deepEqual(profileOf("").points.placementGenerate, [], "by default there is no such thing");
});

test("what is wrong is told with its path", () => {
  const cases: [string, string][] = [
    ["percentageOfNodesToScore: 101", "file: percentageOfNodesToScore: must be from 0 to 100, not 101"],
    [
      "profiles: [{plugins: {filter: {enabled: [{name: X}]}}}]",
      'file: profiles[0].plugins.filter.enabled[0].name: there is no plugin "X"',
    ],
    ["profiles: [{}, {}]", 'file: profiles[1].schedulerName: "default-scheduler" is there twice'],
    [
      "extenders: [{urlPrefix: x}]",
      "file: extenders[0].urlPrefix: must be a URL such as http://127.0.0.1:8888/scheduler",
    ],
    ["profile: []", 'file: unknown field "profile": did you mean "profiles"?'],
  ];
  for (const [text, message] of cases) assert.throws(() => read(text), { message });
  assert.throws(() => profileOf("profiles: [{plugins: {bind: {disabled: [{name: '*'}]}}}]"), {
    message: "profile default-scheduler must have a bind plugin",
  });
});
