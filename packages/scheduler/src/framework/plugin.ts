/**
 * The extension points of a scheduling cycle. A plugin is an object that has a name and the methods of the points at which it takes part; a
 * profile lists plugins in order. All methods but those of the binding cycle are synchronous and pure over the snapshot: no plugin
 * waits while a decision is made.
 *
 * One pod at a time goes through: preEnqueue -> queueSort -> [preFilter -> filter (each node) -> postFilter if none fits -> preScore -> score
 * (each feasible node) -> normalize -> reserve -> permit] -> [preBind -> bind -> postBind, aside]. What fails after reserve calls
 * unreserve of all plugins in reverse.
 */
import type { Pod } from "@kubets/api/generated/types/core-v1";
import type { CycleState } from "./cycle-state.ts";
import type { ClusterEvent, QueueingHint } from "./events.ts";
import type { NodeInfo, Snapshot } from "./snapshot.ts";

export interface Plugin {
  readonly name: string;
  /** Keeps a pod out of the queue while it returns a refusal (scheduling gates). */
  preEnqueue?(pod: Pod): Refusal | undefined;
  /** Orders the queue; exactly one plugin of a profile has it. Negative: `a` goes first. */
  queueSort?(a: QueuedPod, b: QueuedPod): number;
  /** Which changes of the cluster may make a pod fit that this plugin refused. Absent: every change. */
  readonly hints?: readonly {
    readonly event: ClusterEvent;
    hint?(pod: Pod, old: unknown, now: unknown): QueueingHint;
  }[];

  /** Computes once for the pod what `filter` needs at each node. May refuse outright, or narrow the nodes; "skip" leaves out its filter. */
  preFilter?(pod: Pod, snapshot: Snapshot, state: CycleState): PreFilterResult | undefined;
  filter?(pod: Pod, node: NodeInfo, state: CycleState): Refusal | undefined;
  /** Told when preemption tries the node with a pod more or less; keeps the state of preFilter true. */
  addPod?(pod: Pod, other: Pod, node: NodeInfo, state: CycleState): void;
  removePod?(pod: Pod, other: Pod, node: NodeInfo, state: CycleState): void;
  /** No node fits: may make room (preemption), and name the node where the pod will fit then. */
  postFilter?(pod: Pod, state: CycleState, refusals: Refusals): Promise<string | undefined>;

  /** Computes once for the pod what `score` needs; "skip" leaves out its score. */
  preScore?(pod: Pod, nodes: readonly NodeInfo[], snapshot: Snapshot, state: CycleState): "skip" | undefined;
  /** Any number; `normalize`, or the framework if the plugin has none, brings all into 0..100. */
  score?(pod: Pod, node: NodeInfo, state: CycleState): number;
  normalize?(scores: Map<string, number>, pod: Pod, state: CycleState): void;

  reserve?(pod: Pod, node: string, state: CycleState): Refusal | undefined;
  unreserve?(pod: Pod, node: string, state: CycleState): void;
  permit?(pod: Pod, node: string, state: CycleState): Permission;
  preBind?(pod: Pod, node: string, state: CycleState, signal: AbortSignal): Promise<void>;
  /** False: this plugin leaves the binding to the next one. */
  bind?(pod: Pod, node: string, state: CycleState, signal: AbortSignal): Promise<boolean>;
  postBind?(pod: Pod, node: string): void;
}

/** Why a pod may not run on a node. `lasting`: no preemption on that node could change it. */
export interface Refusal {
  readonly reasons: readonly string[];
  readonly lasting?: boolean;
  /** Set by the framework. */
  readonly plugin?: string;
}

/** What was refused where: by node name. */
export type Refusals = ReadonlyMap<string, Refusal>;

export type PreFilterResult =
  | { readonly skip: true }
  | { readonly refusal: Refusal }
  /** Only these nodes need to be looked at. */
  | { readonly nodes: ReadonlySet<string> };

export type Permission = "allow" | { readonly refusal: Refusal } | { readonly waitMs: number };

export interface QueuedPod {
  readonly pod: Pod;
  /** When it entered the queue first and last, on the monotonic clock. */
  readonly firstSeen: number;
  readonly queued: number;
  readonly attempts: number;
  /** The plugins that refused it last. */
  readonly refusedBy: ReadonlySet<string>;
}
