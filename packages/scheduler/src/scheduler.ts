/**
 * The scheduler: one pod after the other is decided in memory, and bound aside through the API, many at once. It takes no more pods while
 * too many bindings are under way, and lets others run after a few milliseconds of deciding.
 * Holds: what was decided counts for the next pod at once; what could not be bound is put back and tried again.
 */
import { podgroups, pods } from "@kubets/api/generated/refs";
import type { Pod } from "@kubets/api/generated/types/core-v1";
import type { PodGroup } from "@kubets/api/generated/types/scheduling-v1alpha2";
import type { Client } from "@kubets/client/client";
import type { Cache } from "@kubets/client/controller";
import type { EventRecorder } from "@kubets/client/event-recorder";
import type { Clock, Logger, Random } from "@kubets/machinery";
import { MetricsRegistry } from "@kubets/machinery/metrics";
import { bind, type Placement, permitted, RefusedLate, reserve, unreserve, type Waits } from "./binding-cycle.ts";
import { buildProfile } from "./config/build-profile.ts";
import { defaultConfig, type SchedulerConfig } from "./config/config.ts";
import { Decisions } from "./decisions.ts";
import { handleEvents } from "./event-handlers.ts";
import { Extenders } from "./extenders/extenders.ts";
import { type SchedulerGates, schedulerGates } from "./feature-gates.ts";
import { infoAt } from "./framework/claimed-resources.ts";
import { ClusterState } from "./framework/cluster-state.ts";
import { Decider, type Decision, type Found } from "./framework/cycle.ts";
import { CycleState } from "./framework/cycle-state.ts";
import { signed } from "./framework/filtering.ts";
import type { GroupPlacement } from "./framework/group-placement.ts";
import type { Handle, Registry } from "./framework/handle.ts";
import { inPoint, instrumented } from "./framework/instrumented.ts";
import { Nominator } from "./framework/nominator.ts";
import { groupOf, PodGroups } from "./framework/pod-groups.ts";
import type { PodInfo } from "./framework/pod-info.ts";
import type { Profile } from "./framework/profile.ts";
import { NodeRefusals, type Refusals, refusalMessage, refusingPlugins } from "./framework/refusals.ts";
import { scorePlacements, selectBest } from "./framework/scoring.ts";
import { WaitingAtPermit } from "./framework/waiting-at-permit.ts";
import { decideTogether, type GroupTry } from "./group-cycle.ts";
import { makeRoom, placementsOf } from "./group-plugins.ts";
import {
  type AttemptResult,
  groupMetrics,
  memoMetrics,
  pluginMetrics,
  type SchedulerMetrics,
  schedulerMetrics,
} from "./metrics.ts";
import { plugins } from "./plugins/index.ts";
import { type Refused, unschedulable } from "./pod-status.ts";
import { causeName } from "./queue/causes.ts";
import type { QueueEntry } from "./queue/queue-entry.ts";
import { SchedulingQueue } from "./queue/scheduling-queue.ts";
import { Telling } from "./telling.ts";
import { watchedResources } from "./watched-resources.ts";

export interface SchedulerOptions {
  readonly client: Client;
  readonly cache: Cache;
  readonly clock: Clock;
  readonly random: Random;
  readonly log: Logger;
  readonly events: EventRecorder;
  readonly config?: SchedulerConfig;
  /** Features that are on or off by name; a wrong name throws. */
  readonly featureGates?: Readonly<Record<string, boolean>>;
  /** More plugins than our own; one of an own name takes its place. */
  readonly registry?: Registry;
  /** After so long a pod that fits nowhere is tried again without a cause; five minutes. */
  readonly maxUnschedulableMs?: number;
  readonly metrics?: MetricsRegistry;
  readonly signal: AbortSignal;
}

export interface RunningScheduler {
  /** Resolves when it has taken in the cluster and begun to schedule. */
  readonly ready: Promise<void>;
  /** For /debug/decisions. */
  readonly decisions: Decisions;
  readonly cluster: ClusterState;
  readonly queue: SchedulingQueue;
  /** Bindings under way. */
  readonly binding: number;
  /** Whether something is decided or done that all other pods wait for. */
  readonly isHeld: boolean;
}

/** How long it decides without a pause. */
const SLICE_MS = 5;
/** With its events and conditions less than the API server lets one client have in work and in wait. */
const MAX_BINDINGS = 128;
const TIMED_ONE_IN = 10;
const NO_NODES = "no nodes available to schedule pods";

interface Profiles {
  readonly plain: Profile;
  readonly timed: Profile;
}

export const startScheduler = (options: SchedulerOptions): RunningScheduler => new Scheduler(options);

class Scheduler implements RunningScheduler {
  readonly ready: Promise<void>;
  readonly decisions = new Decisions();
  readonly cluster = new ClusterState();
  readonly queue: SchedulingQueue;
  binding = 0;
  readonly #options: SchedulerOptions;
  readonly #nominator = new Nominator(({ pod }) => this.queue.moveAll("pod/bound-delete", pod, undefined));
  readonly #groups = new PodGroups();
  readonly #waiting: WaitingAtPermit;
  readonly #decider: Decider;
  readonly #profiles: ReadonlyMap<string, Profiles>;
  #tries = 0;
  readonly #metrics: SchedulerMetrics;
  readonly #groupMetrics: ReturnType<typeof groupMetrics> | undefined;
  readonly #telling: Telling;
  readonly #extenders: Extenders;
  readonly #gates: SchedulerGates;
  /** An extender is asked about a pod, or something else that the next pod waits for. */
  #held = 0;
  #started = false;
  #woken = false;

  constructor(options: SchedulerOptions) {
    const { clock, random, signal, config = defaultConfig } = options;
    this.#options = options;
    const gates = schedulerGates(options.featureGates);
    this.#gates = gates;
    for (const warning of gates.warnings) options.log.warn(warning);
    this.#telling = new Telling(options);
    const metrics = options.metrics ?? new MetricsRegistry();
    this.#metrics = schedulerMetrics(metrics, this, clock);
    this.#groupMetrics = gates.enabled("GenericWorkload") ? groupMetrics(metrics) : undefined;
    this.#waiting = new WaitingAtPermit(clock);
    this.#extenders = new Extenders(config.extenders, options.log);
    this.#decider = new Decider(
      this.cluster,
      this.#nominator,
      random,
      gates.enabled("OpportunisticBatching") ? memoMetrics(metrics, clock) : undefined,
    );
    const handle = this.#handle();
    const registry = { ...plugins, ...options.registry };
    const meter = pluginMetrics(metrics, clock);
    const all = config.profiles.map((profile) =>
      buildProfile(profile, config.percentageOfNodesToScore, registry, handle),
    );
    this.#profiles = new Map(
      all.map((profile) => [
        profile.schedulerName,
        { plain: instrumented(profile, meter, false), timed: instrumented(profile, meter, true) },
      ]),
    );
    const [sort] = (all[0] as Profile).points.queueSort;
    this.queue = new SchedulingQueue({
      clock,
      compare: (a, b) => (sort as NonNullable<typeof sort>).queueSort(a, b),
      plugins: all.flatMap((profile) => profile.plugins),
      gate: (pod) => this.#gate(pod),
      ready: () => this.#wake(),
      entered: (queue, cause) => this.#metrics.queued(queue, causeName(cause)),
      hinted: (plugin, event, hint, ms) => this.#metrics.hinted(plugin, causeName(event), hint, ms),
      popsFromBackoff: gates.enabled("SchedulerPopFromBackoffQ"),
      initialBackoffMs: config.podInitialBackoffSeconds * 1000,
      maxBackoffMs: config.podMaxBackoffSeconds * 1000,
      ...(options.maxUnschedulableMs === undefined ? {} : { longestWaitMs: options.maxUnschedulableMs }),
    });
    const close = () => {
      this.queue.close();
      void this.#extenders.close();
    };
    signal.addEventListener("abort", close, { once: true });
    this.ready = this.#start();
  }

  get isHeld(): boolean {
    return this.#held > 0;
  }

  async #start(): Promise<void> {
    const { cache, signal } = this.#options;
    await Promise.all(watchedResources(this.#gates).map((ref) => cache.informer(ref).synced));
    if (signal.aborted) return;
    const stop = handleEvents({
      cache,
      cluster: this.cluster,
      queue: this.queue,
      nominator: this.#nominator,
      groups: this.#groups,
      isOurs: (pod) => this.#profileOf(pod) !== undefined,
      rejectWaiting: (...args) => this.#waiting.reject(...args),
      metrics: this.#metrics,
      featureGates: this.#gates,
    });
    signal.addEventListener("abort", stop, { once: true });
    this.#started = true;
    this.#wake();
  }

  #handle(): Handle {
    const { client, cache, clock, random, log, events, signal } = this.#options;
    return {
      featureGates: this.#gates,
      client,
      cache,
      clock,
      random,
      log,
      events,
      signal,
      cluster: this.cluster,
      nominator: this.#nominator,
      groups: this.#groups,
      holdUntil: (work) => this.#holdUntil(work),
      activate: (uid) => this.queue.activate(uid),
      allowWaiting: (uid, plugin) => this.#waiting.allow(uid, plugin),
      rejectWaiting: (uid, plugin, reason) => this.#waiting.reject(uid, plugin, reason),
      askAboutVictims: (pod) => this.#extenders.preempting(pod),
      metrics: this.#metrics,
    };
  }

  #profileOf({ spec }: Pod): Profile | undefined {
    return this.#profiles.get(spec.schedulerName ?? "default-scheduler")?.plain;
  }

  /** In some tries each plugin is timed. The pod is one of ours. */
  #profileForTry({ spec }: Pod): Profile {
    const { timed, plain } = this.#profiles.get(spec.schedulerName ?? "default-scheduler") as Profiles;
    return this.#tries++ % TIMED_ONE_IN === 0 ? timed : plain;
  }

  #gate(pod: Pod) {
    for (const plugin of this.#profileOf(pod)?.points.preEnqueue ?? []) {
      const refusal = plugin.preEnqueue(pod);
      if (refusal) return signed(refusal, plugin.name);
    }
    return undefined;
  }

  #wake(): void {
    if (this.#woken || !this.#started) return;
    this.#woken = true;
    setImmediate(() => this.#run());
  }

  #run(): void {
    this.#woken = false;
    const { clock, signal } = this.#options;
    const until = clock.monotonic() + SLICE_MS;
    while (!signal.aborted && !this.#held && this.binding < MAX_BINDINGS) {
      const entry = this.queue.pop();
      if (!entry) return;
      this.#schedule(entry);
      if (clock.monotonic() < until) continue;
      this.#wake();
      return;
    }
  }

  #schedule(entry: QueueEntry): void {
    if (this.#isLeftOut(entry)) return;
    const group = this.#gates.enabled("GenericWorkload") ? groupOf(entry.pod) : undefined;
    if (group !== undefined) {
      this.#holdUntil(this.#scheduleGroup(group, entry));
      return;
    }
    const { info } = entry;
    const profile = this.#profileForTry(info.pod);
    const state = new CycleState();
    try {
      const found = this.#decider.find(profile, info, state);
      if (found.feasible.length && this.#extenders.concern(info.pod)) this.#askExtenders(entry, profile, found, state);
      else this.#decided(entry, profile, this.#decider.choose(found, profile, info, state), state);
    } catch (error) {
      this.#failed(entry, error);
    }
  }

  /** It needs no place any more, or gets none from us. */
  #isLeftOut(entry: QueueEntry): boolean {
    const { info, uid } = entry;
    entry.tried = this.#options.clock.monotonic();
    const leaves = info.pod.metadata.deletionTimestamp !== undefined;
    const isOurs = this.#profileOf(info.pod) && this.cluster.nodeOf(uid) === undefined;
    if (isOurs && !leaves) return false;
    if (isOurs) this.#telling.leaving(info);
    this.queue.done(uid);
    return true;
  }

  /** No other pod is decided meanwhile; the cluster may change, so the place is looked at again. */
  #askExtenders(entry: QueueEntry, profile: Profile, found: Found, state: CycleState): void {
    const asked = this.#consult(entry.info, profile, found, state)
      .then((decision) => {
        if (this.queue.has(entry.uid)) this.#decided(entry, profile, decision, state);
      })
      .catch((error: unknown) => this.#failed(entry, error));
    this.#holdUntil(asked);
  }

  async #consult(info: PodInfo, profile: Profile, plugins: Found, state: CycleState): Promise<Decision> {
    const { found, extra } = await this.#extenders.consult(info.pod, plugins);
    const decision = this.#decider.choose(found, profile, info, state, extra);
    if (decision.node !== undefined && !this.#decider.stillFits(profile, info, decision.node))
      throw new Error(`node ${decision.node} does not fit any more`);
    return decision;
  }

  #holdUntil(work: Promise<unknown>): void {
    this.#held++;
    const end = () => {
      this.#held--;
      this.#wake();
    };
    work.then(end, end);
  }

  #decided(entry: QueueEntry, profile: Profile, decision: Decision, state: CycleState): void {
    const { info } = entry;
    const { clock } = this.#options;
    const { node } = decision;
    this.#metrics.decided((clock.monotonic() - entry.tried) / 1000);
    if (node === undefined) {
      this.#refused(entry, this.#noNodeFits(profile, info, decision, state));
      return;
    }
    this.decisions.record(info, decision, clock.now());
    this.#place(entry, this.#placement(profile, info, node, state));
  }

  #placement(profile: Profile, info: PodInfo, node: string, state: CycleState): Placement {
    const binder = this.#extenders.binderOf(info.pod);
    return { profile, info, node, state, binder: binder && ((...args) => binder.bind(...args)) };
  }

  #noNodeFits(profile: Profile, info: PodInfo, decision: Decision, state: CycleState): Refused {
    const { refusals } = decision;
    if (refusals.nodes === 0) return unschedulable(new Set(), NO_NODES);
    const { node, messages, begin } = inPoint(profile, "postFilter", () =>
      this.#postFilter(profile, info, refusals, state),
    );
    const message = [refusalMessage(refusals), messages.join(", ")].filter(Boolean).join(" ");
    this.decisions.record(info, decision, this.#options.clock.now(), {
      message,
      ...(node ? { nominatedNode: node } : {}),
    });
    return { ...unschedulable(refusingPlugins(refusals), message, node), begin };
  }

  /** The first plugin that makes room ends it; else all have their say. */
  #postFilter(profile: Profile, info: PodInfo, refusals: Refusals, state: CycleState) {
    this.#metrics.preempting();
    const messages: string[] = [];
    let cleared: string | undefined;
    for (const plugin of profile.points.postFilter) {
      const result = plugin.postFilter(info.pod, state, refusals);
      if (result?.node) return { node: result.node, messages: [], begin: result.begin };
      if (result?.node === "") cleared = "";
      if (result?.message) messages.push(result.message);
    }
    if (cleared === "") this.#nominator.delete(info.pod.metadata.uid);
    return { node: cleared, messages, begin: undefined };
  }

  /** The pods of a group that can be tried with this one, in the order in which they are. */
  #together(group: string, first: QueueEntry): QueueEntry[] {
    const along = (uid: string) => {
      const entry = this.queue.popAlong(uid);
      return entry && !this.#isLeftOut(entry) ? entry : [];
    };
    return [...this.#groups.of(group)]
      .flatMap((uid) => (uid === first.uid ? first : along(uid)))
      .sort((a, b) => b.info.priority - a.info.priority || a.firstSeen - b.firstSeen);
  }

  async #scheduleGroup(key: string, first: QueueEntry): Promise<void> {
    const { cache, clock, random } = this.#options;
    const entries = this.#together(key, first);
    const profile = this.#profileForTry(first.pod);
    const group = () => this.#groupObject(key);
    const began = clock.monotonic();
    const { result, verdict } = await decideTogether(entries, {
      placements: () =>
        this.#gates.enabled("TopologyAwareWorkloadScheduling")
          ? placementsOf(profile, group(), this.cluster.nodes)
          : undefined,
      choose: (fits) => selectBest(scorePlacements(profile, group(), fits), random),
      attempt: (...args) => this.#tryInGroup(...args),
      takeBack: (entry, placement) => this.#takeBack(entry, placement),
      retake: (each) => this.#retake(each),
      generators: new Set(profile.points.placementGenerate.map(({ name }) => name)),
      makeRoom: async (tryAgain) => {
        if (!this.#gates.enabled("WorkloadAwarePreemption")) return undefined;
        const pods = entries.map(({ info }) => info);
        return makeRoom(profile, group(), pods, tryAgain);
      },
      decided: () => this.#groupMetrics?.decided(clock.monotonic() - began),
      bind: (entry, placement) => {
        this.#nominator.delete(entry.uid, placement.node);
        this.#bind(entry, placement, () => permitted(placement));
      },
      refuse: (entry, refused) => this.#refused(entry, refused),
      fail: (entry, error) => this.#failed(entry, error),
    });
    this.#groupMetrics?.attempted(result, profile.schedulerName, clock.monotonic() - began);
    const object = cache.get(podgroups, key);
    if (object) this.#telling.group(object, verdict);
  }

  #groupObject(group: string): PodGroup {
    const object = this.#options.cache.get(podgroups, group);
    if (!object) throw new Error(`failed to get podGroup ${group}`);
    return object;
  }

  /** Takes a place for the pod, also one where room has to be made first: the next of its group must see it there. */
  async #tryInGroup(entry: QueueEntry, within: GroupPlacement | undefined, trial: boolean): Promise<GroupTry> {
    const { info } = entry;
    const { clock } = this.#options;
    const profile = this.#profileForTry(info.pod);
    const state = new CycleState();
    const found = this.#decider.find(profile, info, state, within);
    const decision =
      found.feasible.length && this.#extenders.concern(info.pod)
        ? await this.#consult(info, profile, found, state)
        : this.#decider.choose(found, profile, info, state);
    const { node } = decision;
    if (!trial) {
      this.#metrics.decided((clock.monotonic() - entry.tried) / 1000);
      if (node !== undefined) this.decisions.record(info, decision, clock.now());
    }
    if (node !== undefined)
      return {
        ...this.#hold(entry, this.#placement(profile, info, node, state), unschedulable(new Set(), "")),
        ...(trial ? {} : { decision }),
      };
    if (trial) return { entry, ...unschedulable(refusingPlugins(decision.refusals), "") };
    const refused = this.#noNodeFits(profile, info, decision, state);
    const { nominatedNode } = refused.verdict;
    if (!nominatedNode) return { entry, ...refused };
    return this.#hold(entry, this.#placement(profile, info, nominatedNode, state), refused);
  }

  #retake(each: GroupTry): GroupTry {
    const { entry, placement, decision } = each;
    if (decision) this.decisions.record(entry.info, decision, this.#options.clock.now());
    return placement ? this.#hold(entry, placement, each) : each;
  }

  /** A nominated pod has nothing to reserve yet. */
  #hold(entry: QueueEntry, placement: Placement, refused: Refused): GroupTry {
    const { info, node, state } = placement;
    this.cluster.assume(infoAt(info, node, state), node);
    this.#nominator.lift(entry.uid);
    try {
      const waits = refused.verdict.nominatedNode ? permitted(placement) : reserve(placement);
      return { entry, ...refused, placement, waits };
    } catch (error) {
      this.#takeBack(entry, placement);
      if (error instanceof RefusedLate) return { entry, ...this.#late(node, error) };
      throw error;
    }
  }

  #place(entry: QueueEntry, placement: Placement): void {
    const { info, node, state } = placement;
    this.cluster.assume(infoAt(info, node, state), node);
    this.#nominator.delete(entry.uid, node);
    this.#bind(entry, placement, () => reserve(placement));
  }

  /** `last`: what has to be done before, and gives what is to be waited for. */
  #bind(entry: QueueEntry, placement: Placement, last: () => Waits): void {
    const { info, node } = placement;
    const { uid } = entry;
    let waits: Waits;
    try {
      waits = last();
    } catch (error) {
      this.#giveBack(entry, placement, error);
      return;
    }
    const { signal, clock } = this.#options;
    bind(placement, {
      waits,
      waiting: this.#waiting,
      signal,
      counted: (write) => this.#counted(write),
      expected: this.#gates.enabled("NominatedNodeNameForExpectation")
        ? (before) => this.#telling.expected(before.info, before.node)
        : async () => {},
      waited: (result, ms) => this.#metrics.waited(result, ms / 1000),
      clock,
    })
      .then(
        () => {
          this.#attempted(entry, "scheduled");
          this.#metrics.bound(entry.attempts, (clock.monotonic() - entry.firstSeen) / 1000);
          if (entry.flushed) this.#metrics.scheduledAfterFlush();
          this.queue.done(uid);
          this.#telling.bound(info, node);
        },
        (error: unknown) => {
          if (!signal.aborted) this.#giveBack(entry, placement, error);
        },
      )
      .catch((error: unknown) => this.#options.log.error("after a binding", { pod: info.key, error }));
  }

  /** A write under way; when there are too many of them no further pod is taken. */
  async #counted<T>(write: () => Promise<T>): Promise<T> {
    this.binding++;
    try {
      return await write();
    } finally {
      this.binding--;
      if (!this.queue.isEmpty) this.#wake();
    }
  }

  /** The place was taken but the pod is not there: it is free again, for others too. */
  #giveBack(entry: QueueEntry, placement: Placement, error: unknown): void {
    this.#takeBack(entry, placement);
    if (error instanceof RefusedLate) this.#refused(entry, this.#late(placement.node, error));
    else this.#failed(entry, error);
    this.queue.moveAll("pod/bound-delete", placement.info.pod, undefined, entry.uid);
  }

  #takeBack(entry: QueueEntry, placement: Placement): void {
    unreserve(placement);
    this.cluster.forget(entry.uid);
    if (this.#nominator.putBack(entry.uid)) return;
    const nominated = this.#options.cache.get(pods, placement.info.key)?.status.nominatedNodeName;
    if (nominated && this.queue.has(entry.uid)) this.#nominator.set(entry.info, nominated);
  }

  #late(node: string, error: RefusedLate): Refused {
    const byNode = new NodeRefusals();
    byNode.add({ name: node }, error.refusal);
    const refusals = { nodes: this.cluster.nodes.length, byNode, others: undefined, outright: false };
    return unschedulable(refusingPlugins(refusals), refusalMessage(refusals));
  }

  #refused(entry: QueueEntry, { refusedBy, verdict, begin }: Refused): void {
    this.#attempted(entry, "unschedulable");
    if (!this.queue.has(entry.uid)) return;
    if (verdict.nominatedNode) this.#nominator.set(entry.info, verdict.nominatedNode);
    begin?.();
    this.queue.putBackRefused(entry, refusedBy);
    this.#telling.refused(entry.info, verdict);
  }

  #failed(entry: QueueEntry, error: unknown): void {
    this.#attempted(entry, "error");
    if (!this.queue.has(entry.uid)) return;
    const message = error instanceof Error ? error.message : String(error);
    this.#options.log.error("scheduling failed", { pod: entry.info.key, error });
    this.queue.putBackFailed(entry);
    this.#telling.refused(entry.info, { reason: "SchedulerError", message, nominatedNode: undefined });
  }

  #attempted({ tried, pod }: QueueEntry, result: AttemptResult): void {
    const seconds = (this.#options.clock.monotonic() - tried) / 1000;
    this.#metrics.attempted(result, pod.spec.schedulerName ?? "default-scheduler", seconds);
  }
}
