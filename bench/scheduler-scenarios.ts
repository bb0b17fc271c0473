/**
 * What the scheduler is measured with, after the scenarios of the original's own benchmark: the nodes and what stands there before, the
 * pods that are measured, and what goes on meanwhile.
 */
import type { Node, Pod } from "@kubets/api/generated/types/core-v1";
import type { KubeObject } from "@kubets/api/meta";
import { type NodeBuilder, node } from "@kubets/api/testing/node-builder";
import { type PodBuilder, pod } from "@kubets/api/testing/pod-builder";
import { service } from "@kubets/api/testing/service-builder";
import { claimFor, deviceClass, resourceSlice, usingClaims } from "@kubets/scheduler/testing/devices";
import type { MemoryCluster } from "@kubets/scheduler/testing/memory-cluster";

export interface Scenario {
  readonly about: string;
  /** What makes one of the pods that are measured; `i` counts them. */
  readonly pod?: (made: PodBuilder, i: number) => PodBuilder;
  readonly node?: (made: NodeBuilder) => NodeBuilder;
  /** What is there before, beside nodes. */
  readonly before?: (nodes: readonly Node[], pods: number) => readonly KubeObject[];
  /** How many pods are measured at so many nodes; those asked for by default. */
  readonly pods?: (nodes: number, asked: number) => number;
  /** Begins what goes on beside the pods, and gives the way to end it. */
  readonly meanwhile?: (cluster: MemoryCluster, pods: readonly Pod[]) => () => void;
  /** Pods that will find no place. */
  readonly left?: (pods: number) => number;
}

const ZONE = "topology.kubernetes.io/zone";
const HOST = "kubernetes.io/hostname";
const SELECTED = { labelSelector: { matchLabels: { app: "x" } } };
const DEVICES_OF_A_NODE = 8;
/** So many of the pods at a time lose their gates, and so many objects come and go. */
const PORTION = 100;

const preferring = (kind: "podAffinity" | "podAntiAffinity", topologyKey: string) => (made: PodBuilder) =>
  made.labels({ app: "x" }).spec({
    affinity: {
      [kind]: {
        preferredDuringSchedulingIgnoredDuringExecution: [
          { weight: 10, podAffinityTerm: { ...SELECTED, topologyKey } },
        ],
      },
    },
  });

/** Repeats in turns of the loop, until it is ended or has no more to do. */
function inTurns(turn: (i: number) => boolean): () => void {
  let ended = false;
  const next = (i: number) => {
    if (!ended && turn(i)) setTimeout(() => next(i + 1), 5);
  };
  next(0);
  return () => {
    ended = true;
  };
}

export const SCENARIOS: Readonly<Record<string, Scenario>> = {
  basic: { about: "pods that ask for CPU and memory" },
  "anti-affinity": {
    about: "ten sets whose pods share no node",
    pods: (nodes, asked) => Math.min(asked, nodes * 2),
    pod: (made, i) =>
      made.labels({ set: `s${i % 10}` }).spec({
        affinity: {
          podAntiAffinity: {
            requiredDuringSchedulingIgnoredDuringExecution: [
              { labelSelector: { matchLabels: { set: `s${i % 10}` } }, topologyKey: HOST },
            ],
          },
        },
      }),
  },
  "preferred-affinity": { about: "pods that prefer a zone with others", pod: preferring("podAffinity", ZONE) },
  "preferred-anti-affinity": {
    about: "pods that prefer a node without others",
    pod: preferring("podAntiAffinity", HOST),
  },
  spread: {
    about: "pods spread over three zones, as they must",
    pod: (made) =>
      made.labels({ app: "x" }).spec({
        topologySpreadConstraints: [{ ...SELECTED, maxSkew: 5, topologyKey: ZONE, whenUnsatisfiable: "DoNotSchedule" }],
      }),
  },
  service: {
    about: "pods of a service: the system's default spreading",
    pod: (made) => made.labels({ app: "x" }),
    before: () => [service("x").selector({ app: "x" }).build()],
  },
  preemption: {
    about: "every node is full of four pods of no importance, three of which must go for each pod",
    pods: (nodes) => Math.min(nodes, 1000),
    node: (made) => made.capacity({ cpu: "4", memory: "32Gi", pods: "110" }),
    before: (nodes) =>
      nodes.flatMap(({ metadata }, n) =>
        [0, 1, 2, 3].map((i) => pod(`low-${n}-${i}`).on(metadata.name).requests({ cpu: "900m" }).build()),
      ),
    pod: (made) => made.requests({ cpu: "3" }).priority(10),
  },
  unschedulable: {
    about: "every tenth pod fits nowhere",
    pod: (made, i) => (i % 10 === 0 ? made.requests({ cpu: "1000" }) : made),
    left: (pods) => Math.ceil(pods / 10),
  },
  churn: {
    about: "meanwhile nodes, services and pods that fit nowhere come and go, a hundred of them at a time",
    meanwhile: (cluster) =>
      inTurns((turn) => {
        for (let i = 0; i < PORTION; i++) {
          const name = `churn-${i}`;
          if (turn % 2) {
            cluster.remove("Node", name);
            cluster.remove("Service", `default/${name}`);
            cluster.remove("Pod", `default/${name}`);
          } else
            cluster.put(
              node(name).unschedulable().build(),
              service(name).selector({ app: name }).build(),
              pod(name).uid(`${name}-${turn}`).requests({ cpu: "1000" }).build(),
            );
        }
        return true;
      }),
  },
  gates: {
    about: "all pods are held by a gate, which a hundred of them lose at a time",
    pod: (made) => made.spec({ schedulingGates: [{ name: "bench" }] }),
    meanwhile: (cluster, pods) =>
      inTurns((turn) => {
        for (const { metadata } of pods.slice(turn * PORTION, (turn + 1) * PORTION)) {
          const { schedulingGates: _, ...spec } = cluster.pod(metadata.name).spec;
          cluster.put({ ...cluster.pod(metadata.name), spec } as Pod);
        }
        return turn * PORTION < pods.length;
      }),
  },
  claims: {
    about: "every node has eight devices, each pod claims one",
    pods: (nodes, asked) => Math.min(asked, nodes * DEVICES_OF_A_NODE),
    before: (nodes, pods) => [
      deviceClass("gpu", { selectors: [{ cel: { expression: 'device.attributes["gpu.example.com"].cores >= 4' } }] }),
      ...nodes.map(({ metadata: { name } }) =>
        resourceSlice(
          name,
          Array.from({ length: DEVICES_OF_A_NODE }, (_, i) => ({
            name: `gpu-${i}`,
            attributes: { cores: { int: 8 } },
          })),
          { nodeName: name },
        ),
      ),
      ...Array.from({ length: pods }, (_, i) => claimFor(`claim-${i}`, "gpu")),
    ],
    pod: (made, i) => made.spec(usingClaims(`claim-${i}`)),
  },
};
