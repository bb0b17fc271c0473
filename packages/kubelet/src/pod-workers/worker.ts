/**
 * Keeps one pod as it should be, from its first sight to its end. It works from the present state, never from what happened: whatever
 * changes just wakes it, and it looks again.
 *
 * Holds: it never waits for an image, a grace time or a hook, these run beside and wake it; what an earlier kubelet started it takes up as it
 * is; an API object is deleted only after the last status was written and nothing of the pod is left on the node.
 */
import { pods } from "@kubets/api/generated/refs";
import type { Pod } from "@kubets/api/generated/types/core-v1";
import { isFinished as hasEnded } from "@kubets/api/pod/state";
import { deepEqual, isReason, type Logger, type Timer } from "@kubets/machinery";
import { parseTime } from "@kubets/machinery/time";
import { podFolder, podLogFolder } from "../paths.ts";
import { advanceResize, resizeVerdicts } from "../resize/advance.ts";
import { type Pending, PodResize } from "../resize/pod-resize.ts";
import type { VolumeMap } from "../volumes/volumes.ts";
import { fieldPathOf } from "./about.ts";
import { type BringUpResult, bringUp } from "./bring-up.ts";
import type { Verdict } from "./conditions.ts";
import { killContainer } from "./kill-container.ts";
import { lastWords } from "./last-words.ts";
import { isFinished, type KillContainer, type PodPlan, planEnd, planPod, type Waiting } from "./plan.ts";
import { RestartBackoff } from "./restart-backoff.ts";
import { type ContainerRecord, isRunning, latest, type PodRuntimeState } from "./runtime-state.ts";
import { mergedConditions, podStatus } from "./status.ts";
import type { PodTools } from "./tools.ts";

export interface Refusal {
  readonly reason: string;
  readonly message: string;
  /** The pod had to make room: it is told so by a condition. */
  readonly disruption?: boolean;
}

export interface WorkerOptions {
  readonly tools: PodTools;
  /** The node cannot take it: it fails at once. */
  readonly refusal?: Refusal;
  /** Whether it can is still being decided. */
  readonly verdict?: Promise<Refusal | undefined>;
  /** Who stands for it in the API: itself, or a static pod's mirror; undefined when there is none. */
  apiPod(pod: Pod): Pod | undefined;
  /** Nothing of the pod is left. */
  ended(uid: string): void;
  /** Why the node cannot give the pod the resources that it wants now. */
  judgeResize(pod: Pod): Pending | undefined;
  /** The pod gave something back. */
  shrank(): void;
}

interface Ending {
  graceSeconds: number;
  readonly failure?: Refusal;
  /** The API object is to go, or has gone. */
  leaves: boolean;
}

/** How long after a failed step it is tried again. */
const FIRST_RETRY_MS = 500;
const LONGEST_RETRY_MS = 12_000;

export class PodWorker {
  readonly uid: string;
  readonly #options: WorkerOptions;
  readonly #tools: PodTools;
  readonly #log: Logger;
  readonly #backoff = new RestartBackoff();
  readonly #startFailures = new Map<string, Waiting>();
  readonly #stopping = new Map<string, number>();
  readonly #messages = new Map<string, string>();
  readonly #toldBackoff = new Set<string>();
  /** By container, the id of the one that was last started again. */
  readonly #restarted = new Map<string, string>();
  readonly #resize: PodResize;
  #refusal: Refusal | undefined;
  #verdict: Promise<Refusal | undefined> | undefined;
  #startedAt: number;
  #ending: Ending | undefined;
  #staleVolumes = true;
  /** What was mounted before the sandbox, for the containers that follow at once. */
  #mounted: VolumeMap | undefined;
  #bringingUp: { readonly stop: AbortController } | undefined;
  #retries = 0;
  /** No step is tried again before, on the monotonic clock. */
  #retryAt = 0;
  #timer: Timer | undefined;
  #volumeTimer: Timer | undefined;
  #timerDue = Number.POSITIVE_INFINITY;
  #syncing = false;
  #again = false;
  #state: "working" | "over" | "gone" = "working";

  constructor(pod: Pod, options: WorkerOptions) {
    this.uid = pod.metadata.uid;
    this.#options = options;
    this.#refusal = options.refusal;
    this.#verdict = options.verdict;
    const { disk, paths } = options.tools;
    this.#resize = new PodResize(pod, disk, podFolder(paths, this.uid));
    this.#tools = options.tools;
    this.#log = options.tools.log.with({ pod: pod.metadata.name, namespace: pod.metadata.namespace });
    const { startTime } = pod.status;
    this.#startedAt = startTime ? parseTime(startTime) : options.tools.clock.now();
  }

  /** With the resources that the node gave it. */
  get pod(): Pod {
    return this.#pod;
  }

  get #pod(): Pod {
    return this.#resize.pod;
  }

  /** It is on its way out because it had to make room. */
  get isEvicted(): boolean {
    return this.#ending?.failure?.disruption === true;
  }

  /** Waits for room to grow. */
  get wantsRoom(): boolean {
    return this.#resize.pending !== undefined;
  }

  get isOver(): boolean {
    return this.#state !== "working";
  }

  get isGone(): boolean {
    return this.#state === "gone";
  }

  get refused(): boolean {
    return this.#refusal !== undefined;
  }

  /** The pod as the API has it now. */
  update(pod: Pod): void {
    const shown = ({ metadata }: Pod) => [metadata.generation, metadata.labels, metadata.annotations];
    if (!deepEqual(shown(this.#pod), shown(pod))) this.#staleVolumes = true;
    this.#resize.see(pod);
    this.wake();
  }

  /** The API has it no more: what runs ends. */
  remove(): void {
    const { metadata, spec } = this.#pod;
    const grace = metadata.deletionGracePeriodSeconds ?? spec.terminationGracePeriodSeconds ?? 30;
    this.end(Math.max(1, grace), undefined, true);
  }

  /** Ends the pod, because the node wants it so (with the failure) or because it is to go. */
  end(graceSeconds: number, failure: Refusal | undefined, leaves: boolean): void {
    if (!this.#ending) this.#ending = { graceSeconds, leaves, ...(failure && { failure }) };
    else {
      this.#ending.leaves ||= leaves;
      this.#ending.graceSeconds = Math.min(this.#ending.graceSeconds, graceSeconds);
    }
    this.wake();
  }

  /** What the pod names has changed: files are made anew, and what was missing may be there now. */
  refreshVolumes(): void {
    this.#staleVolumes = true;
    this.#retryAt = 0;
    this.wake();
  }

  /** Does nothing by itself any more; what runs of the pod goes on. */
  stop(): void {
    this.#timer?.cancel();
    this.#volumeTimer?.cancel();
  }

  wake(): void {
    if (this.#state === "gone" || this.#tools.signal.aborted) return;
    if (this.#syncing) {
      this.#again = true;
      return;
    }
    this.#syncing = true;
    void this.#run();
  }

  async #run(): Promise<void> {
    do {
      this.#again = false;
      try {
        await this.#sync();
      } catch (error) {
        if (this.#tools.signal.aborted) break;
        this.#log.warn("a pod could not be brought along; it is tried again", { error });
        this.#retryLater();
      }
    } while (this.#again && this.#state !== "gone");
    this.#syncing = false;
  }

  async #sync(): Promise<void> {
    if (this.#state === "gone") return;
    if (this.#verdict) {
      this.#refusal = await this.#verdict;
      this.#verdict = undefined;
    }
    if (this.#refusal) return await this.#refuse(this.#refusal);
    const { metadata, spec } = this.#pod;
    if (metadata.deletionTimestamp)
      this.#noteEnding(metadata.deletionGracePeriodSeconds ?? spec.terminationGracePeriodSeconds ?? 30);
    this.#checkDeadline();
    const runtime = this.#tools.cache.get(this.uid);
    await this.#hearLastWords(runtime);
    if (this.#ending || this.#state === "over" || hasEnded(this.#pod) || isFinished(this.#pod, runtime))
      await this.#end(runtime);
    else await this.#live(runtime);
  }

  #noteEnding(graceSeconds: number): void {
    if (this.#ending) {
      this.#ending.leaves = true;
      this.#ending.graceSeconds = Math.min(this.#ending.graceSeconds, graceSeconds);
    } else this.#ending = { graceSeconds, leaves: true };
  }

  #checkDeadline(): void {
    const { activeDeadlineSeconds, terminationGracePeriodSeconds = 30 } = this.#pod.spec;
    if (activeDeadlineSeconds === undefined || this.#ending || hasEnded(this.#pod)) return;
    const left = this.#startedAt + activeDeadlineSeconds * 1000 - this.#tools.clock.now();
    if (left > 0) return this.#wakeIn(left);
    const message = "Pod was active on the node longer than the specified deadline";
    this.#tools.events.event(this.#pod, "Normal", "DeadlineExceeded", message);
    this.#ending = {
      graceSeconds: terminationGracePeriodSeconds,
      failure: { reason: "DeadlineExceeded", message },
      leaves: false,
    };
  }

  /** ---- while it lives ---- */

  async #live(runtime: PodRuntimeState): Promise<void> {
    const { prober, clock } = this.#tools;
    await this.#advanceResize(runtime);
    prober.follow(this.#pod, runtime, false);
    const plan = planPod({
      pod: this.#pod,
      runtime,
      now: clock.now(),
      backoff: this.#backoff,
      hasStarted: (id) => this.#hasStarted(runtime.containers.find((record) => record.id === id)),
      failedProbe: (id) => prober.failed(this.uid, id),
      resized: (container) => this.#resize.moving && this.#resize.needsRestart(container),
    });
    const waiting = this.#stillWaiting(plan, runtime);
    this.#tellBackoffs(waiting, runtime);
    this.#writeStatus(runtime, waiting, false);
    if (plan.waitMs !== undefined) this.#wakeIn(plan.waitMs);
    if (plan.kill.length > 0) {
      for (const kill of plan.kill) this.#kill(kill, this.#graceOf(kill));
      return;
    }
    if (this.#bringingUp) return;
    if (plan.sandbox !== undefined || plan.start.length > 0) {
      const wait = this.#retryAt - clock.monotonic();
      if (wait > 0) this.#wakeIn(wait);
      else this.#beginBringUp(plan, runtime);
    } else if (this.#staleVolumes) await this.#freshenVolumes();
  }

  async #advanceResize(runtime: PodRuntimeState): Promise<void> {
    const { moving } = this.#resize;
    const { judgeResize: judge } = this.#options;
    if (await advanceResize({ resize: this.#resize, runtime, tools: this.#tools, judge })) this.#retryLater();
    if (moving && !this.#resize.moving) this.#options.shrank();
  }

  #beginBringUp(plan: PodPlan, runtime: PodRuntimeState): void {
    const stop = new AbortController();
    this.#bringingUp = { stop };
    const { clock } = this.#tools;
    const pod = this.#pod;
    const volumes = this.#staleVolumes ? undefined : this.#mounted;
    this.#mounted = undefined;
    const done = bringUp({
      volumes,
      pod,
      plan,
      runtime,
      tools: this.#tools,
      signal: stop.signal,
      started: (name, failure) => {
        if (failure) this.#startFailures.set(name, failure);
        else {
          this.#startFailures.delete(name);
          this.#restarted.set(name, latest(runtime, name)?.id ?? "");
          this.#resize.took(name, this.#container(name, pod)?.resources ?? {});
        }
        const endedAt = plan.start.find(({ container }) => container.name === name)?.endedAt;
        if (endedAt !== undefined) this.#backoff.started(name, endedAt, clock.now());
        this.#writeStatus(this.#tools.cache.get(this.uid), new Map(), false);
      },
    });
    void done.then((result) => {
      if (plan.sandbox !== undefined) this.#mounted = result.volumes;
      this.#broughtUp(result);
    });
  }

  #broughtUp({ volumes, failed }: BringUpResult): void {
    this.#bringingUp = undefined;
    if (volumes) {
      this.#staleVolumes = false;
      this.#planTokenRefresh();
    }
    if (failed) this.#retryLater();
    else this.#retries = 0;
    this.wake();
  }

  async #freshenVolumes(): Promise<void> {
    const { volumes, node, log } = this.#tools;
    this.#staleVolumes = false;
    const addresses = { hostIPs: node.hostIPs(), podIPs: this.#podIPs() };
    try {
      await volumes.setUp(this.#pod, { addresses, allocatable: node.allocatable() });
      this.#planTokenRefresh();
    } catch (error) {
      log.debug("volumes of a running pod could not be brought up to date", { pod: this.#pod.metadata.name, error });
      this.#volumeTimer?.cancel();
      this.#volumeTimer = this.#tools.clock.after(LONGEST_RETRY_MS, () => this.refreshVolumes());
    }
  }

  #planTokenRefresh(): void {
    const due = this.#tools.volumes.refreshDueAt(this.#pod);
    if (due === undefined) return;
    const { clock } = this.#tools;
    this.#volumeTimer?.cancel();
    this.#volumeTimer = clock.after(Math.max(1000, due - clock.now()), () => {
      if (this.#state === "working") this.refreshVolumes();
    });
  }

  /** A reading may be older than the start that followed the end it shows: that container does not wait. */
  #stillWaiting({ waiting }: PodPlan, runtime: PodRuntimeState): ReadonlyMap<string, Waiting> {
    const isOld = (name: string) => this.#restarted.get(name) === latest(runtime, name)?.id;
    return new Map([...waiting].filter(([name]) => !isOld(name)));
  }

  #tellBackoffs(waiting: ReadonlyMap<string, Waiting>, runtime: PodRuntimeState): void {
    const { name, namespace, uid } = this.#pod.metadata;
    for (const container of waiting.keys()) {
      const id = runtime.containers.find((record) => record.name === container)?.id ?? "";
      if (this.#toldBackoff.has(id)) continue;
      this.#toldBackoff.add(id);
      const message = `Back-off restarting failed container ${container} in pod ${name}_${namespace}(${uid})`;
      this.#tools.events.event(fieldPathOf(this.#pod, container), "Warning", "BackOff", message);
    }
  }

  #graceOf({ record, reason }: KillContainer): number {
    const { spec } = this.#pod;
    const container = [...spec.containers, ...(spec.initContainers ?? [])].find(({ name }) => name === record.name);
    const probe =
      reason === "LivenessProbe"
        ? container?.livenessProbe
        : reason === "StartupProbe"
          ? container?.startupProbe
          : undefined;
    return probe?.terminationGracePeriodSeconds ?? spec.terminationGracePeriodSeconds ?? 30;
  }

  /** ---- at its end ---- */

  async #end(runtime: PodRuntimeState): Promise<void> {
    const { prober, runtime: engine, cache } = this.#tools;
    this.#bringingUp?.stop.abort(new Error("the pod ends"));
    prober.follow(this.#pod, runtime, true);
    this.#writeStatus(runtime, new Map(), false);
    const grace = this.#ending?.graceSeconds ?? this.#pod.spec.terminationGracePeriodSeconds ?? 30;
    const kills = planEnd(this.#pod, runtime);
    for (const kill of kills) this.#kill(kill, grace);
    if (kills.length > 0 || this.#bringingUp) return;
    prober.forget(this.uid);

    if (this.#state === "working") {
      for (const sandbox of runtime.sandboxes) if (sandbox.ready) await engine.stopSandbox(sandbox.id);
      const last = await cache.refresh(this.uid);
      await this.#hearLastWords(last);
      this.#writeStatus(last, new Map(), true);
      await this.#clean();
      this.#state = "over";
      // It may have ended by itself, and stays for its logs until it is deleted.
      this.#options.ended(this.uid);
    }
    if (this.#ending?.leaves) await this.#leave();
  }

  async #clean(): Promise<void> {
    const { volumes, cgroups, images, userNamespaces, resources, dynamicResources } = this.#tools;
    images.forget(this.uid);
    await volumes.tearDown(this.uid);
    userNamespaces.release(this.uid);
    await resources.release(this.uid);
    await dynamicResources.release(this.uid);
    await cgroups.remove(this.#pod);
  }

  /** Nothing stays: neither on the node nor in the API. */
  async #leave(): Promise<void> {
    const { runtime, cache, disk, paths, statuses, cgroups } = this.#tools;
    await statuses.flushed(this.uid);
    const left = await cache.refresh(this.uid);
    for (const { id } of left.containers) await runtime.removeContainer(id);
    for (const { id } of left.sandboxes) await runtime.removeSandbox(id);
    await cache.refresh(this.uid);
    await cgroups.remove(this.#pod);
    await disk.remove(podLogFolder(paths, this.#pod));
    await this.#deleteObject();
    this.#state = "gone";
    this.stop();
    statuses.forget(this.uid);
    this.#options.ended(this.uid);
  }

  async #deleteObject(): Promise<void> {
    const target = this.#options.apiPod(this.#pod);
    if (!target?.metadata.deletionTimestamp) return;
    const { namespace, name, uid } = target.metadata;
    try {
      await this.#tools.client.delete(pods, { namespace, name }, { gracePeriodSeconds: 0, preconditions: { uid } });
    } catch (error) {
      if (!isReason(error, "NotFound") && !isReason(error, "Conflict")) throw error;
    }
  }

  async #refuse(refusal: Refusal): Promise<void> {
    const target = this.#options.apiPod(this.#pod);
    if (target && !hasEnded(target)) {
      const status = podStatus(target, {
        ...this.#statusFacts({ sandboxes: [], containers: [] }, new Map(), true),
        failure: refusal,
        rejected: true,
      });
      this.#tools.statuses.set(target, { ...status, conditions: [] });
    }
    if (this.#state === "working") {
      this.#state = "over";
      this.#options.ended(this.uid);
    }
    if (this.#pod.metadata.deletionTimestamp || this.#ending?.leaves) await this.#leave();
  }

  #kill(kill: KillContainer, graceSeconds: number): void {
    const { id } = kill.record;
    const before = this.#stopping.get(id);
    if (before !== undefined && before <= graceSeconds) return;
    this.#stopping.set(id, graceSeconds);
    const { cache, runtime } = this.#tools;
    // A shorter grace comes on top: the hook ran already.
    const stop =
      before === undefined
        ? killContainer(this.#pod, kill, graceSeconds, this.#podIPs()[0] ?? "", this.#tools)
        : runtime.stopContainer(id, graceSeconds);
    void stop
      .then(() => cache.refresh(this.uid))
      .catch((error: unknown) => {
        this.#log.warn("a container could not be stopped", { container: kill.record.name, error });
        this.#stopping.delete(id);
        this.#retryLater();
      })
      .then(() => this.wake());
  }

  /** ---- what both need ---- */

  async #hearLastWords(runtime: PodRuntimeState): Promise<void> {
    for (const record of runtime.containers) {
      if (record.phase !== "exited" || this.#messages.has(record.id)) continue;
      this.#messages.set(
        record.id,
        await lastWords(this.#pod, record, this.#tools.disk, this.#tools.paths).catch(() => ""),
      );
    }
  }

  #writeStatus(runtime: PodRuntimeState, waiting: ReadonlyMap<string, Waiting>, over: boolean): void {
    const target = this.#options.apiPod(this.#pod);
    if (!target) return;
    const { statuses } = this.#tools;
    const known = statuses.current(target);
    const seen: Pod = {
      ...this.#pod,
      metadata: { ...this.#pod.metadata, generation: target.metadata.generation },
      status: known,
    };
    const own = podStatus(seen, this.#statusFacts(runtime, waiting, over));
    statuses.set(target, { ...known, ...own, conditions: mergedConditions(known.conditions, own.conditions ?? []) });
  }

  #statusFacts(runtime: PodRuntimeState, waiting: ReadonlyMap<string, Waiting>, over: boolean) {
    const { clock, node } = this.#tools;
    const all = new Map([...waiting, ...(this.#ending ? [] : this.#startFailures)]);
    return {
      runtime,
      now: clock.now(),
      startedAt: this.#startedAt,
      hostIPs: node.hostIPs(),
      runtimeName: node.runtimeName,
      waiting: all,
      ...(this.#ending?.failure && { failure: this.#ending.failure }),
      over: over || this.#state === "over",
      messages: this.#messages,
      hasStarted: (record: ContainerRecord) => this.#hasStarted(record),
      resources: (name: string) => this.#resize.inEffect(name),
      more: [...resizeVerdicts(this.#resize), ...disruptionOf(this.#ending?.failure)],
      isReady: (record: ContainerRecord) => this.#tools.prober.isReady(this.uid, record, this.#container(record.name)),
    };
  }

  #hasStarted(record: ContainerRecord | undefined): boolean {
    return (
      record !== undefined &&
      isRunning(record) &&
      this.#tools.prober.hasStarted(this.uid, record, this.#container(record.name))
    );
  }

  #container(name: string, { spec }: Pod = this.#pod) {
    return [...spec.containers, ...(spec.initContainers ?? [])].find((container) => container.name === name);
  }

  #podIPs(): readonly string[] {
    if (this.#pod.spec.hostNetwork) return this.#tools.node.hostIPs();
    return this.#tools.cache.get(this.uid).sandboxes[0]?.ips ?? [];
  }

  #retryLater(): void {
    const wait = Math.min(LONGEST_RETRY_MS, FIRST_RETRY_MS * 2 ** this.#retries);
    this.#retries++;
    this.#retryAt = this.#tools.clock.monotonic() + wait;
    this.#wakeIn(wait);
  }

  #wakeIn(ms: number): void {
    const { clock } = this.#tools;
    const due = clock.monotonic() + ms;
    if (due >= this.#timerDue) return;
    this.#timer?.cancel();
    this.#timerDue = due;
    this.#timer = clock.after(ms, () => {
      this.#timerDue = Number.POSITIVE_INFINITY;
      this.wake();
    });
  }
}

const disruptionOf = (failure: Refusal | undefined): Verdict[] =>
  failure?.disruption
    ? [{ type: "DisruptionTarget", status: "True", reason: "TerminationByKubelet", message: failure.message }]
    : [];
