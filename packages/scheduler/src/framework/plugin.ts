/**
 * The extension points of a scheduling cycle. A plugin is an object that has a name and the methods of the points at which it takes part; a
 * profile lists plugins in order. All methods but those of the binding cycle are synchronous and pure over the snapshot: no plugin
 * waits while a decision is made.
 *
 * One pod at a time goes through: preEnqueue -> queueSort -> [preFilter -> filter (each node) -> postFilter if none fits -> preScore -> score
 * (each feasible node) -> normalize -> reserve -> permit] -> [preBind -> bind -> postBind, aside]. What fails after reserve calls
 * unreserve of all plugins in reverse. Pods of a group go as far as permit one after the other before any of them is bound: once for
 * each placement that placementGenerate gives, of which placementScore finds the best; where none is enough, postFilterGroup has its say.
 */
import type { Pod } from "@kubets/api/generated/types/core-v1";
import type { PodGroup } from "@kubets/api/generated/types/scheduling-v1alpha2";
import type { CycleState } from "./cycle-state.ts";
import type { ClusterEvent, QueueingHint } from "./events.ts";
import type { GroupFit, GroupPlacement, GroupRoom, TryGroup } from "./group-placement.ts";
import type { PodInfo } from "./pod-info.ts";
import type { Refusal, Refusals } from "./refusals.ts";
import type { NodeInfo, Snapshot } from "./snapshot.ts";

export interface Plugin {
  readonly name: string;
  /** Keeps a pod out of the queue while it returns a refusal (scheduling gates). */
  preEnqueue?(pod: Pod): Refusal | undefined;
  /** Orders the queue; exactly one plugin of a profile has it. Negative: `a` goes first. */
  queueSort?(a: QueuedPod, b: QueuedPod): number;
  /** Which changes of the cluster may make a pod fit that this plugin refused. Absent: every change. */
  readonly hints?: readonly PluginHint[];

  /**
   * Where `filter` and `score` look at nothing but the node and some of the pod: what they look at of the pod. Their answers for pods that
   * give the same here (as JSON) are kept until the node changes. Absent: they are asked each time.
   */
  dependsOn?(info: PodInfo): unknown;

  /** Computes once for the pod what `filter` needs at each node. May refuse outright, or narrow the nodes; "skip" leaves out its filter. */
  preFilter?(pod: Pod, snapshot: Snapshot, state: CycleState): PreFilterResult | undefined;
  filter?(pod: Pod, node: NodeInfo, state: CycleState): Refusal | undefined;
  /** Told when a trial (preemption, nominated pods) gives the node a pod more or less; keeps the state of preFilter true. */
  addPod?(pod: Pod, other: PodInfo, node: NodeInfo, state: CycleState): void;
  removePod?(pod: Pod, other: PodInfo, node: NodeInfo, state: CycleState): void;
  /** No node fits: may find how to make room (preemption), and name the node where the pod will fit then. */
  postFilter?(pod: Pod, state: CycleState, refusals: Refusals): PostFilterResult | undefined;

  /** Computes once for the pod what `score` needs; "skip" leaves out its score. */
  preScore?(pod: Pod, nodes: readonly NodeInfo[], snapshot: Snapshot, state: CycleState): "skip" | undefined;
  /** A number in 0..100, or any number where `normalize` brings all of them there. */
  score?(pod: Pod, node: NodeInfo, state: CycleState): number;
  /** Changes the scores in place; they stand in the order of the nodes. */
  normalize?(scores: number[], nodes: readonly NodeInfo[], pod: Pod, state: CycleState): void;

  /** The parts of a placement within one of which the group has to stand; the placement itself where it may stand anywhere in it. */
  placementGenerate?(group: PodGroup, within: GroupPlacement): readonly GroupPlacement[];
  /** A number in 0..100, or any number where `normalizePlacements` brings all of them there. */
  placementScore?(group: PodGroup, fit: GroupFit): number;
  normalizePlacements?(scores: number[]): void;
  /** The group does not get the places that it needs: may find how to make room for it. */
  postFilterGroup?(group: PodGroup, pods: readonly PodInfo[], tryAgain: TryGroup): Promise<GroupRoom>;

  reserve?(pod: Pod, node: string, state: CycleState): Refusal | undefined;
  unreserve?(pod: Pod, node: string, state: CycleState): void;
  permit?(pod: Pod, node: string, state: CycleState): Permission;
  /** Whether `preBind` will have work to do: the node is then told of before, so that others know where the pod is about to go. */
  preBindPreFlight?(pod: Pod, node: string, state: CycleState): boolean;
  /** A throw puts the pod back with backoff. */
  preBind?(pod: Pod, node: string, state: CycleState, signal: AbortSignal): Promise<void> | undefined;
  /** False: this plugin leaves the binding to the next one. */
  bind?(pod: Pod, node: string, state: CycleState, signal: AbortSignal): Promise<boolean>;
  postBind?(pod: Pod, node: string): void;
}

export interface PluginHint {
  readonly events: readonly ClusterEvent[];
  /** `old` and `now` are the object's states; absent before it came, and after it went. Absent hint: always worth a try. */
  hint?(pod: Pod, old: unknown, now: unknown): QueueingHint;
}

export type PreFilterResult =
  | { readonly skip: true }
  | { readonly refusal: Refusal }
  /** Only these nodes need to be looked at. */
  | { readonly nodes: ReadonlySet<string> };

export interface PostFilterResult {
  /** The pod is nominated for this node; "" takes its nomination back; absent leaves it as it is. */
  readonly node?: string;
  /** Makes the room there; called when the pod is nominated. */
  readonly begin?: () => void;
  /** Stands in the pod's condition and event where no node was found. */
  readonly message?: string;
}

export type Permission = "allow" | { readonly refusal: Refusal } | Wait;

export interface Wait {
  readonly waitMs: number;
  /** Told where pods that are decided together would wait for each other in vain. */
  readonly reason?: string;
}

export interface QueuedPod {
  readonly pod: Pod;
  readonly info: PodInfo;
  /** When it entered the queue first and last, on the monotonic clock. */
  readonly firstSeen: number;
  readonly queued: number;
  readonly attempts: number;
  /** The plugins that refused it last. */
  readonly refusedBy: ReadonlySet<string>;
}
