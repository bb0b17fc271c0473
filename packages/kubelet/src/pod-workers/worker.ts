/**
 * Keeps one pod as it should be, from its first sight to its end. It works from the present state, never from what happened: whatever
 * changes just wakes it, and it looks again.
 *
 * Holds: it never waits for an image, a grace time or a hook, these run beside and wake it; what an earlier kubelet started it takes up as it
 * is; an API object is deleted only after the last status was written and nothing of the pod is left on the node.
 */
import type { Pod } from "@kubets/api/generated/types/core-v1";
import { isFinished as hasEnded } from "@kubets/api/pod/state";
import { deepEqual, type Logger, type Timer } from "@kubets/machinery";
import { parseTime } from "@kubets/machinery/time";
import { podFolder } from "../paths.ts";
import { advanceResize } from "../resize/advance.ts";
import { type Pending, PodResize } from "../resize/pod-resize.ts";
import type { VolumeMap } from "../volumes/volumes.ts";
import { type BringUpResult, bringUp } from "./bring-up.ts";
import { ContainerStops, graceOf } from "./container-stops.ts";
import { isFinished, type KillContainer, type PodPlan, planEnd, planPod, type Waiting } from "./plan.ts";
import { containerOf, PodReport } from "./pod-report.ts";
import type { Refusal } from "./refusal.ts";
import { cleanUp, removeFromNode, removeObject } from "./remove-pod.ts";
import { RestartBackoff } from "./restart-backoff.ts";
import { LONGEST_RETRY_MS, RetryTimer } from "./retry-timer.ts";
import { latest, type PodRuntimeState } from "./runtime-state.ts";
import type { PodTools } from "./tools.ts";

interface WorkerOptions {
  readonly tools: PodTools;
  /** The node cannot take it: it fails at once. */
  readonly refusal?: Refusal;
  /** Whether it can is still being decided. */
  readonly verdict?: Promise<Refusal | undefined>;
  /** Who stands for it in the API: itself, or a static pod's mirror; undefined when there is none. */
  apiPod(pod: Pod): Pod | undefined;
  /** Nothing of the pod is left. */
  ended(uid: string): void;
  /** What is told of the pod may be another than before. */
  told(): void;
  /** Why the node cannot give the pod the resources that it wants now. */
  judgeResize(pod: Pod): Pending | undefined;
  /** The pod has other resources than before. */
  resized(): void;
}

interface Ending {
  graceSeconds: number;
  readonly failure?: Refusal;
  /** The API object is to go, or has gone. */
  leaves: boolean;
}

export class PodWorker {
  readonly uid: string;
  readonly #options: WorkerOptions;
  readonly #tools: PodTools;
  readonly #log: Logger;
  readonly #backoff: RestartBackoff;
  readonly #report: PodReport;
  readonly #stops: ContainerStops;
  readonly #retry: RetryTimer;
  /** By container, the id of the one that was last started again. */
  readonly #restarted = new Map<string, string>();
  readonly #resize: PodResize;
  #refusal: Refusal | undefined;
  #verdict: Promise<Refusal | undefined> | undefined;
  readonly #startedAt: number;
  #ending: Ending | undefined;
  #staleVolumes = true;
  /** What was mounted before the sandbox, for the containers that follow at once. */
  #mounted: VolumeMap | undefined;
  #bringingUp: { readonly stop: AbortController } | undefined;
  #volumeTimer: Timer | undefined;
  #syncing = false;
  /** What the next sync is for. */
  #for: "create" | "update" | "sync" = "create";
  #hasStarted: boolean;
  #again = false;
  #state: "working" | "over" | "gone" = "working";

  constructor(pod: Pod, options: WorkerOptions) {
    this.uid = pod.metadata.uid;
    this.#options = options;
    this.#refusal = options.refusal;
    this.#verdict = options.verdict;
    const { tools, apiPod } = options;
    this.#tools = tools;
    this.#backoff = new RestartBackoff(tools.node.crashLoop);
    this.#resize = new PodResize(pod, tools.disk, podFolder(tools.paths, this.uid));
    this.#log = options.tools.log.with({ pod: pod.metadata.name, namespace: pod.metadata.namespace });
    const { startTime, phase = "Pending" } = pod.status;
    this.#hasStarted = phase !== "Pending";
    this.#startedAt = startTime ? parseTime(startTime) : tools.clock.now();
    this.#report = new PodReport({ tools, resize: this.#resize, startedAt: this.#startedAt, apiPod });
    this.#stops = new ContainerStops(tools);
    this.#retry = new RetryTimer(tools.clock, () => this.wake());
  }

  /** With the resources that the node gave it. */
  get pod(): Pod {
    return this.#pod;
  }

  /** As it is, or will be, seen in the API. */
  get seen(): Pod {
    return { ...this.#pod, status: this.#report.status ?? this.#pod.status };
  }

  get #pod(): Pod {
    return this.#resize.pod;
  }

  /** It is on its way out because it had to make room. */
  get isEvicted(): boolean {
    return this.#ending?.failure?.disruption !== undefined;
  }

  /** Waits for room to grow. */
  get wantsRoom(): boolean {
    return this.#resize.pending !== undefined;
  }

  get isEnding(): boolean {
    return this.#ending !== undefined;
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
    if (this.#for === "sync") this.#for = "update";
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
    this.#noteEnding(graceSeconds, failure, leaves);
    this.wake();
  }

  /** What the pod names has changed: files are made anew, and what was missing may be there now. */
  refreshVolumes(): void {
    this.#staleVolumes = true;
    this.#retry.hurry();
    this.wake();
  }

  /** Does nothing by itself any more; what runs of the pod goes on. */
  stop(): void {
    this.#retry.stop();
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
      const began = this.#tools.clock.monotonic();
      try {
        await this.#sync();
        this.#tools.metrics.synced(this.#for, (this.#tools.clock.monotonic() - began) / 1000);
        this.#for = "sync";
      } catch (error) {
        if (this.#tools.signal.aborted) break;
        this.#log.warn("a pod could not be brought along; it is tried again", { error });
        this.#retry.failed();
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
    const grace = metadata.deletionGracePeriodSeconds ?? spec.terminationGracePeriodSeconds ?? 30;
    if (metadata.deletionTimestamp) this.#noteEnding(grace, undefined, true);
    this.#checkDeadline();
    const runtime = this.#tools.cache.get(this.uid);
    await this.#report.hearLastWords(this.#pod, runtime);
    if (this.#ending || this.#state === "over" || hasEnded(this.#pod) || isFinished(this.#pod, runtime))
      await this.#end(runtime);
    else await this.#live(runtime);
  }

  #noteEnding(graceSeconds: number, failure: Refusal | undefined, leaves: boolean): void {
    if (!this.#ending) this.#ending = { graceSeconds, leaves, ...(failure && { failure }) };
    else {
      this.#ending.leaves ||= leaves;
      this.#ending.graceSeconds = Math.min(this.#ending.graceSeconds, graceSeconds);
    }
  }

  #checkDeadline(): void {
    const { activeDeadlineSeconds, terminationGracePeriodSeconds = 30 } = this.#pod.spec;
    if (activeDeadlineSeconds === undefined || this.#ending || hasEnded(this.#pod)) return;
    const left = this.#startedAt + activeDeadlineSeconds * 1000 - this.#tools.clock.now();
    if (left > 0) return this.#retry.wakeIn(left);
    const message = "Pod was active on the node longer than the specified deadline";
    this.#tools.events.event(this.#pod, "Normal", "DeadlineExceeded", message);
    this.#noteEnding(terminationGracePeriodSeconds, { reason: "DeadlineExceeded", message }, false);
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
      hasStarted: (id) =>
        this.#report.hasStarted(
          this.#pod,
          runtime.containers.find((record) => record.id === id),
        ),
      failedProbe: (id) => prober.failed(this.uid, id),
      resized: (container) => this.#resize.moving && this.#resize.needsRestart(container),
    });
    const waiting = this.#stillWaiting(plan, runtime);
    this.#report.tellBackoffs(this.#pod, waiting, runtime);
    this.#tell(runtime, waiting);
    if (plan.waitMs !== undefined) this.#retry.wakeIn(plan.waitMs);
    if (plan.kill.length > 0) {
      for (const kill of plan.kill) this.#kill(kill, graceOf(this.#pod, kill));
      return;
    }
    if (this.#bringingUp) return;
    if (plan.sandbox !== undefined || plan.start.length > 0) {
      if (this.#retry.leftMs > 0) this.#retry.wakeIn(this.#retry.leftMs);
      else this.#beginBringUp(plan, runtime);
    } else if (this.#staleVolumes) await this.#freshenVolumes();
  }

  async #advanceResize(runtime: PodRuntimeState): Promise<void> {
    const { moving } = this.#resize;
    const { judgeResize: judge } = this.#options;
    if (await advanceResize({ resize: this.#resize, runtime, tools: this.#tools, judge })) this.#retry.failed();
    if (moving && !this.#resize.moving) this.#options.resized();
  }

  #beginBringUp(plan: PodPlan, runtime: PodRuntimeState): void {
    const stop = new AbortController();
    this.#bringingUp = { stop };
    const { clock } = this.#tools;
    const pod = this.#pod;
    const volumes = this.#staleVolumes ? undefined : this.#mounted;
    this.#mounted = undefined;
    // What changes from now on is not in them.
    this.#staleVolumes = false;
    const done = bringUp({
      volumes,
      pod,
      plan,
      runtime,
      tools: this.#tools,
      signal: stop.signal,
      shown: (images) => this.#report.shown(images),
      started: (name, failure) => {
        this.#report.tried(name, failure);
        if (!failure) {
          this.#restarted.set(name, latest(runtime, name)?.id ?? "");
          this.#resize.took(name, containerOf(pod, name)?.resources ?? {});
        }
        const endedAt = plan.start.find(({ container }) => container.name === name)?.endedAt;
        if (endedAt !== undefined) this.#backoff.started(name, endedAt, clock.now());
        this.#tell(this.#tools.cache.get(this.uid));
      },
    });
    void done.then((result) => {
      if (plan.sandbox !== undefined) this.#mounted = result.volumes;
      this.#broughtUp(result);
    });
  }

  #broughtUp({ volumes, failed }: BringUpResult): void {
    this.#bringingUp = undefined;
    if (volumes) this.#planTokenRefresh();
    else this.#staleVolumes = true;
    if (failed) this.#retry.failed();
    else this.#retry.succeeded();
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
      this.#refreshVolumesIn(LONGEST_RETRY_MS);
    }
  }

  #planTokenRefresh(): void {
    const due = this.#tools.volumes.refreshDueAt(this.#pod);
    if (due !== undefined) this.#refreshVolumesIn(Math.max(1000, due - this.#tools.clock.now()));
  }

  #refreshVolumesIn(ms: number): void {
    const { clock, signal } = this.#tools;
    this.#volumeTimer?.cancel();
    // What was under way may end after the kubelet was stopped.
    if (signal.aborted) return;
    this.#volumeTimer = clock.after(ms, () => {
      if (this.#state === "working") this.refreshVolumes();
    });
  }

  /** A reading may be older than the start that followed the end it shows: that container does not wait. */
  #stillWaiting({ waiting }: PodPlan, runtime: PodRuntimeState): ReadonlyMap<string, Waiting> {
    const isOld = (name: string) => this.#restarted.get(name) === latest(runtime, name)?.id;
    return new Map([...waiting].filter(([name]) => !isOld(name)));
  }

  /** ---- at its end ---- */

  async #end(runtime: PodRuntimeState): Promise<void> {
    const { prober, runtime: engine, cache } = this.#tools;
    this.#bringingUp?.stop.abort(new Error("the pod ends"));
    prober.follow(this.#pod, runtime, true);
    this.#tell(runtime);
    const grace = this.#ending?.graceSeconds ?? this.#pod.spec.terminationGracePeriodSeconds ?? 30;
    const kills = planEnd(this.#pod, runtime);
    for (const kill of kills) this.#kill(kill, grace);
    if (kills.length > 0 || this.#bringingUp) return;
    prober.forget(this.uid);

    if (this.#state === "working") {
      for (const sandbox of runtime.sandboxes) if (sandbox.ready) await engine.stopSandbox(sandbox.id);
      const last = await cache.refresh(this.uid);
      await this.#report.hearLastWords(this.#pod, last);
      this.#tell(last, undefined, true);
      await cleanUp(this.#pod, this.#tools);
      this.#state = "over";
      // It may have ended by itself, and stays for its logs until it is deleted.
      this.#options.ended(this.uid);
    }
    if (this.#ending?.leaves) await this.#leave();
  }

  /** Nothing stays: neither on the node nor in the API. */
  async #leave(): Promise<void> {
    await removeFromNode(this.#pod, this.#tools);
    await removeObject(this.#options.apiPod(this.#pod), this.#tools);
    this.#state = "gone";
    this.stop();
    this.#tools.statuses.forget(this.uid);
    this.#tools.metrics.forget(this.uid);
    this.#options.ended(this.uid);
  }

  async #refuse(refusal: Refusal): Promise<void> {
    this.#report.refuse(this.#pod, refusal);
    this.#options.told();
    if (this.#state === "working") {
      this.#state = "over";
      this.#options.ended(this.uid);
    }
    if (this.#pod.metadata.deletionTimestamp || this.#ending?.leaves) await this.#leave();
  }

  #kill(kill: KillContainer, graceSeconds: number): void {
    const stop = this.#stops.begin(this.#pod, kill, graceSeconds, this.#podIPs()[0] ?? "");
    void stop
      ?.catch((error: unknown) => {
        this.#log.warn("a container could not be stopped", { container: kill.record.name, error });
        this.#retry.failed();
      })
      .then(() => this.wake());
  }

  /** ---- what both need ---- */

  #tell(runtime: PodRuntimeState, waiting?: ReadonlyMap<string, Waiting>, over = this.#state === "over"): void {
    this.#noteStart(runtime);
    const ending = this.#ending !== undefined;
    this.#report.write(this.#pod, {
      runtime,
      over,
      ending,
      failure: this.#ending?.failure,
      ...(waiting && { waiting }),
    });
    this.#options.told();
  }

  #noteStart({ containers }: PodRuntimeState): void {
    if (this.#hasStarted) return;
    const has = (name: string) => containers.some((each) => each.name === name && each.phase !== "created");
    this.#hasStarted = this.#pod.spec.containers.every(({ name }) => has(name));
    if (this.#hasStarted) this.#tools.metrics.podStarted(this.#pod);
  }

  #podIPs(): readonly string[] {
    if (this.#pod.spec.hostNetwork) return this.#tools.node.hostIPs();
    return this.#tools.cache.get(this.uid).sandboxes[0]?.ips ?? [];
  }
}
