/** One plugin by itself over a few objects: `fixture(nodePorts, node("n1").build(), ...).refusals(pod("a").build())`. */
import { nodes, pods } from "@kubets/api/generated/refs";
import type { Pod } from "@kubets/api/generated/types/core-v1";
import type { KubeObject } from "@kubets/api/meta";
import { seededRandom, silentLogger, VirtualClock } from "@kubets/machinery";
import { schedulerGates } from "../feature-gates.ts";
import { ClusterState } from "../framework/cluster-state.ts";
import { CycleState } from "../framework/cycle-state.ts";
import { prepareFilters, refusalAt } from "../framework/filtering.ts";
import type { Handle, PluginFactory } from "../framework/handle.ts";
import { Nominator } from "../framework/nominator.ts";
import type { Plugin } from "../framework/plugin.ts";
import { PodGroups } from "../framework/pod-groups.ts";
import { podInfo } from "../framework/pod-info.ts";
import { EXTENSION_POINTS, type Points, type Profile, takesPart } from "../framework/profile.ts";
import { scoreNodes } from "../framework/scoring.ts";
import { MemoryCluster } from "./memory-cluster.ts";

export interface Fixture {
  readonly plugin: Plugin;
  readonly cluster: MemoryCluster;
  readonly state: ClusterState;
  /** By node; "" where it fits. A refusal of all nodes stands under "*", reasons that last end with "!". */
  refusals(pod: Pod): Record<string, string>;
  /** By node, normalised, unweighted; empty where the plugin has nothing to say. */
  scores(pod: Pod): Record<string, number>;
}

export function fixture(
  made: Plugin | PluginFactory,
  { featureGates = {}, ...args }: Record<string, unknown> & { featureGates?: Readonly<Record<string, boolean>> },
  ...objects: KubeObject[]
): Fixture {
  const cluster = new MemoryCluster();
  cluster.put(...objects);
  const state = new ClusterState();
  for (const node of cluster.cache.list(nodes)) state.setNode(node);
  for (const pod of cluster.cache.list(pods)) if (pod.spec.nodeName) state.setPod(pod);
  const groups = new PodGroups();
  for (const pod of cluster.cache.list(pods)) groups.add(pod);
  const plugin = typeof made === "function" ? made(handleOf(cluster, state, groups, featureGates), args) : made;
  const profile = profileOf(plugin);
  return {
    plugin,
    cluster,
    state,
    refusals(pod) {
      const cycle = new CycleState();
      const prepared = prepareFilters(profile, podInfo(pod), state, cycle);
      const text = (refusal: ReturnType<typeof refusalAt>) =>
        refusal ? refusal.reasons.join("+") + (refusal.lasting ? "!" : "") : "";
      if (prepared.refusal) return { "*": text(prepared.refusal) };
      const looked = state.nodes.filter(({ name }) => prepared.nodes?.has(name) ?? true);
      return Object.fromEntries(looked.map((node) => [node.name, text(refusalAt(podInfo(pod), node, cycle))]));
    },
    scores(pod) {
      const cycle = new CycleState();
      prepareFilters(profile, podInfo(pod), state, cycle);
      const [scores] = scoreNodes(profile, podInfo(pod), state.nodes, state, cycle).byPlugin;
      return Object.fromEntries(scores ? state.nodes.map(({ name }, i) => [name, scores.scores[i] as number]) : []);
    },
  };
}

function profileOf(plugin: Plugin): Profile {
  const points = Object.fromEntries(EXTENSION_POINTS.map((point) => [point, takesPart(plugin, point) ? [plugin] : []]));
  return {
    schedulerName: "default-scheduler",
    percentageOfNodesToScore: 100,
    points: points as unknown as Points,
    weights: new Map(),
    placementWeights: new Map(),
    plugins: [plugin],
    local: [],
  };
}

const handleOf = (
  cluster: MemoryCluster,
  state: ClusterState,
  groups: PodGroups,
  featureGates: Readonly<Record<string, boolean>>,
): Handle => ({
  client: cluster.client,
  cache: cluster.cache,
  events: cluster.recorder,
  cluster: state,
  clock: new VirtualClock(),
  random: seededRandom(1),
  log: silentLogger,
  nominator: new Nominator(),
  groups,
  signal: new AbortController().signal,
  activate: () => {},
  allowWaiting: () => {},
  rejectWaiting: () => false,
  askAboutVictims: () => undefined,
  featureGates: schedulerGates(featureGates),
  holdUntil: () => {},
  metrics: { preempted() {}, evicted() {}, awaitedDevice() {}, claimCreated() {}, volumes() {}, volumesFailed() {} },
});
