/**
 * What is to be done for a pod now. Pure: from the spec, what the runtime holds, and what the worker remembers. It is asked again
 * after each change, so it names only the next steps.
 *
 * Holds: init containers run one after the other, each only when those before it have succeeded (sidecars: have started); regular
 * containers start when the last init container is through; a container is in `start` at most once, and only in a live sandbox.
 */
import type { Container, EphemeralContainer, Pod } from "@kubets/api/generated/types/core-v1";
import { isSidecar } from "@kubets/api/pod/containers";
import { containerHash } from "../container-config/container-config.ts";
import { asker, isOld, roundNow, sinceReset } from "./restart-all.ts";
import type { RestartBackoff } from "./restart-backoff.ts";
import { initRestarts, restarts } from "./restart-policy.ts";
import { type ContainerRecord, isRunning, latest, liveSandbox, type PodRuntimeState } from "./runtime-state.ts";

export interface PodView {
  readonly pod: Pod;
  readonly runtime: PodRuntimeState;
  readonly now: number;
  readonly backoff: RestartBackoff;
  /** Whether a running container has started: its startup probe passed, or it has none. */
  hasStarted(id: string): boolean;
  /** The probe that a running container failed for good. */
  failedProbe(id: string): "liveness" | "startup" | undefined;
  /** Whether it must be made anew for the resources that it was given. */
  resized(container: Container): boolean;
}

export interface StartContainer {
  readonly container: Container | EphemeralContainer;
  readonly kind: ContainerKind;
  readonly attempt: number;
  /** When the one before ended; undefined for the first. */
  readonly endedAt?: number;
}

export type ContainerKind = "init" | "regular" | "ephemeral";

export interface KillContainer {
  readonly record: ContainerRecord;
  readonly reason: KillReason;
  readonly message: string;
}

type KillReason = "Ending" | "RestartAll" | "LivenessProbe" | "StartupProbe" | "Changed" | "Resized" | "SandboxChanged";

export interface Waiting {
  readonly reason: string;
  readonly message: string;
}

export interface PodPlan {
  /** Every container has ended and none is started again. */
  readonly finished: boolean;
  /** The attempt of the sandbox to make, after `kill`. */
  readonly sandbox?: number;
  readonly kill: readonly KillContainer[];
  readonly start: readonly StartContainer[];
  /** What they carry, to be told from those before all began anew. */
  readonly round: number;
  /** Why containers are not started yet, by name. */
  readonly waiting: ReadonlyMap<string, Waiting>;
  /** When to look again though nothing happened. */
  readonly waitMs?: number;
}

export function planPod(view: PodView): PodPlan {
  const { pod, runtime } = view;
  const draft = new Draft();
  if (isFinished(pod, runtime)) {
    draft.finished = true;
    return draft;
  }

  const sandbox = liveSandbox(runtime, pod.spec.hostNetwork ?? false);
  if (!sandbox) {
    for (const record of runtime.containers.filter(isRunning))
      draft.kill.push({ record, reason: "SandboxChanged", message: `Stopping container ${record.name}` });
    draft.sandbox = (runtime.sandboxes[0]?.attempt ?? -1) + 1;
    return draft;
  }

  const by = asker(pod, runtime);
  draft.round = roundNow(runtime, by);
  for (const record of runtime.containers)
    if (isRunning(record) && isOld(pod, record, by))
      draft.kill.push({ record, reason: "RestartAll", message: `Stopping container ${record.name}` });
  if (draft.kill.length > 0) return draft;

  const current = new Map<string, ContainerRecord>();
  for (const record of sinceReset(pod, runtime, by).containers)
    if (record.sandboxId === sandbox.id && !current.has(record.name)) current.set(record.name, record);
  const steps = new Steps(view, current, draft);
  steps.ephemeral();
  if (steps.init()) steps.regular();
  if (by) steps.waitForOthers();
  return draft;
}

class Draft implements PodPlan {
  finished = false;
  sandbox?: number;
  readonly kill: KillContainer[] = [];
  readonly start: StartContainer[] = [];
  round = 0;
  readonly waiting = new Map<string, Waiting>();
  waitMs?: number;
}

class Steps {
  readonly #view: PodView;
  readonly #current: ReadonlyMap<string, ContainerRecord>;
  readonly #plan: Draft;

  constructor(view: PodView, current: ReadonlyMap<string, ContainerRecord>, plan: Draft) {
    this.#view = view;
    this.#current = current;
    this.#plan = plan;
  }

  /** Gives whether regular containers may run. */
  init(): boolean {
    const { spec } = this.#view.pod;
    // Once a regular container was made, what init containers did is not asked any more: it may have been cleaned up.
    const initialized = spec.containers.some(({ name }) => this.#current.has(name));
    for (const container of spec.initContainers ?? []) {
      const record = this.#current.get(container.name);
      if (isSidecar(container)) {
        if (!this.#sidecar(container, record) && !initialized) return false;
      } else if (!initialized && !this.#initContainer(container, record)) return false;
    }
    return true;
  }

  regular(): void {
    for (const container of this.#view.pod.spec.containers) {
      const record = this.#current.get(container.name);
      if (record && isRunning(record)) this.#killIfWrong(container, record);
      else if (!record) this.#startFirst(container);
      else if (isOver(record) && restarts(this.#view.pod.spec, container, record.exitCode))
        this.#startAgain(container, record, "regular");
      else if (!isOver(record)) this.#startAgain(container, record, "regular");
    }
  }

  ephemeral(): void {
    for (const container of this.#view.pod.spec.ephemeralContainers ?? [])
      if (!latest(this.#view.runtime, container.name))
        this.#plan.start.push({ container, kind: "ephemeral", attempt: 0 });
  }

  /** What was stopped with all others and is not made yet. */
  waitForOthers(): void {
    const { spec } = this.#view.pod;
    const reason = spec.initContainers?.length ? "PodInitializing" : "ContainerCreating";
    for (const { name } of [...(spec.initContainers ?? []), ...spec.containers])
      if (!this.#current.has(name) && !this.#plan.waiting.has(name))
        this.#plan.waiting.set(name, { reason, message: "" });
  }

  /** Gives whether those after it may go on. */
  #sidecar(container: Container, record: ContainerRecord | undefined): boolean {
    if (!record) {
      this.#start(container, "init");
      return false;
    }
    if (!isRunning(record)) {
      this.#startAgain(container, record, "init");
      return false;
    }
    this.#killIfWrong(container, record);
    return this.#view.hasStarted(record.id);
  }

  #initContainer(container: Container, record: ContainerRecord | undefined): boolean {
    if (!record) this.#start(container, "init");
    else if (isRunning(record)) return false;
    else if (isOver(record) && record.exitCode === 0) return true;
    else this.#startAgain(container, record, "init");
    return false;
  }

  /** One that ended in a sandbox before and is not to be restarted stays ended. */
  #startFirst(container: Container): void {
    const { pod, runtime } = this.#view;
    const before = latest(sinceReset(pod, runtime), container.name);
    if (before && isOver(before) && !restarts(pod.spec, container, before.exitCode)) return;
    this.#start(container, "regular");
  }

  #start(container: Container, kind: ContainerKind): void {
    const { pod, runtime } = this.#view;
    const before = latest(runtime, container.name);
    if (before && isOld(pod, before, asker(pod, runtime))) return this.#startAgain(container, before, kind);
    this.#plan.start.push({ container, kind, attempt: before ? before.attempt + 1 : 0 });
  }

  #startAgain(container: Container, record: ContainerRecord, kind: ContainerKind): void {
    const { pod, now, backoff } = this.#view;
    const endedAt = record.finishedAt || record.createdAt;
    const wait = backoff.waiting(container.name, endedAt, now);
    if (!wait) {
      this.#plan.start.push({ container, kind, attempt: record.attempt + 1, endedAt });
      return;
    }
    const { name, namespace, uid } = pod.metadata;
    const message = `back-off ${goSeconds(wait.delayMs)} restarting failed container=${container.name} pod=${name}_${namespace}(${uid})`;
    this.#plan.waiting.set(container.name, { reason: "CrashLoopBackOff", message });
    this.#plan.waitMs = Math.min(this.#plan.waitMs ?? wait.leftMs, wait.leftMs);
  }

  #killIfWrong(container: Container, record: ContainerRecord): void {
    const kill = (reason: KillReason, message: string) => this.#plan.kill.push({ record, reason, message });
    const failed = this.#view.failedProbe(record.id);
    if (record.hash && record.hash !== containerHash(container))
      kill("Changed", `Container ${container.name} definition changed, will be restarted`);
    else if (this.#view.resized(container)) kill("Resized", `Container ${container.name} resize requires restart`);
    else if (failed === "liveness")
      kill("LivenessProbe", `Container ${container.name} failed liveness probe, will be restarted`);
    else if (failed === "startup")
      kill("StartupProbe", `Container ${container.name} failed startup probe, will be restarted`);
  }
}

const isOver = ({ phase }: ContainerRecord): boolean => phase === "exited";

/** As Go writes a duration of whole seconds: 10s, 1m20s, 5m0s. */
const goSeconds = (ms: number): string => {
  const seconds = Math.round(ms / 1000);
  return seconds < 60 ? `${seconds}s` : `${Math.floor(seconds / 60)}m${seconds % 60}s`;
};

/** Whether nothing of the pod will run again. */
export function isFinished(pod: Pod, all: PodRuntimeState): boolean {
  const { spec } = pod;
  const runtime = sinceReset(pod, all);
  const failedInit = (spec.initContainers ?? []).some((container) => {
    const record = latest(runtime, container.name);
    return record && isOver(record) && record.exitCode !== 0 && !initRestarts(spec, container, record.exitCode);
  });
  const begun = spec.containers.some(({ name }) => latest(runtime, name));
  if (failedInit && !begun) return true;
  return spec.containers.every((container) => {
    const record = latest(runtime, container.name);
    return record && isOver(record) && !restarts(spec, container, record.exitCode);
  });
}

/** What is to be stopped next when the pod ends: sidecars after all others, the last one first. */
export function planEnd({ spec }: Pod, runtime: PodRuntimeState): KillContainer[] {
  const sidecars = (spec.initContainers ?? []).filter(isSidecar).map(({ name }) => name);
  const running = runtime.containers.filter(({ phase }) => phase === "running" || phase === "unknown");
  const others = running.filter(({ name }) => !sidecars.includes(name));
  const kill = (record: ContainerRecord): KillContainer => ({
    record,
    reason: "Ending",
    message: `Stopping container ${record.name}`,
  });
  if (others.length > 0) return others.map(kill);
  const last = sidecars.reverse().find((name) => running.some((record) => record.name === name));
  return running.filter(({ name }) => name === last).map(kill);
}
