/**
 * The pods of this node: a worker for each, made when a pod is first seen, gone when nothing of it is left.
 * Holds: pods that the runtime knows and the API does not are ended, once the API was asked; the same name made anew waits until the one
 * before is gone from the node, if it is static.
 */
import type { Pod } from "@kubets/api/generated/types/core-v1";
import { isFinished } from "@kubets/api/pod/state";
import { formatTime } from "@kubets/machinery/time";
import { admit, type Rejection, type Shortage } from "../admission/admit.ts";
import { missingOf, whoMakesRoom } from "../admission/make-room.ts";
import { askedMemory } from "../cgroups/layout.ts";
import type { PodFeed } from "../pods-api/pod-feed.ts";
import { judgeResize, type Room } from "../resize/judge.ts";
import { PRE_STOP_HANDLER } from "../runtime/names.ts";
import { CONFIG_SEEN, CONFIG_SOURCE } from "../static-pods/static-pods.ts";
import { removeContainer } from "./log-links.ts";
import type { Refusal } from "./refusal.ts";
import type { PodRuntimeState } from "./runtime-state.ts";
import type { PodTools } from "./tools.ts";
import { PodWorker } from "./worker.ts";

const PREEMPTED: Refusal = {
  reason: "Preempting",
  message: "Preempted in order to admit critical pod",
  disruption: "Pod was preempted by Kubelet to accommodate a critical pod.",
};

interface PodWorkersOptions {
  readonly allowedSysctls: readonly string[];
  /** What the node is short of. */
  pressures(): ReadonlySet<string>;
  /** The machine is about to go. */
  shutsDown(): boolean;
  /** Who stands for a pod in the API. */
  apiPod(pod: Pod): Pod | undefined;
  /** The pod has ended or is gone: its mirror, or its name, is free. */
  ended(pod: Pod): void;
  /** Hears of pods that may look otherwise than before, and of those that are gone. */
  readonly feed?: PodFeed | undefined;
}

export class PodWorkers {
  readonly #tools: PodTools;
  readonly #options: PodWorkersOptions;
  readonly #workers = new Map<string, PodWorker>();
  /** Who waits for the end of a pod, by its uid. */
  readonly #overs = new Map<string, (() => void)[]>();

  constructor(tools: PodTools, options: PodWorkersOptions) {
    this.#tools = tools;
    this.#options = options;
  }

  /** A pod as it should be now. */
  set(pod: Pod): void {
    const known = this.#workers.get(pod.metadata.uid);
    const noted = withSource(pod, known?.pod.metadata.annotations?.[CONFIG_SEEN] ?? this.#tools.clock.now());
    if (known) known.update(noted);
    else this.#add(noted);
  }

  /** The pod is not wanted any more. */
  remove(uid: string): void {
    this.#workers.get(uid)?.remove();
  }

  get(uid: string): PodWorker | undefined {
    return this.#workers.get(uid);
  }

  wake(uid: string): void {
    this.#workers.get(uid)?.wake();
  }

  /** All pods that the node has, those on their way out too. */
  pods(): Pod[] {
    return [...this.#workers.values()].map(({ pod }) => pod);
  }

  all(): PodWorker[] {
    return [...this.#workers.values()];
  }

  /** Ends what the runtime, or the disk, holds of pods that nobody wants; gives whether nothing is left to be tried again. */
  async endOrphans(wanted: ReadonlySet<string>): Promise<boolean> {
    const { cache, volumes, resources, log, metrics } = this.#tools;
    for (const [uid, state] of cache.all()) {
      if (wanted.has(uid) || this.#workers.has(uid)) continue;
      log.info("a pod that is not wanted any more is ended", { uid });
      metrics.orphanFound();
      const worker = this.#make(orphan(uid, state));
      worker.end(orphanGrace(state), undefined, true);
    }
    await resources.keep(new Set([...wanted, ...this.#workers.keys()]));
    let done = true;
    for (const uid of await volumes.present()) {
      if (wanted.has(uid) || this.#workers.has(uid)) continue;
      try {
        await volumes.tearDown(uid);
      } catch (error) {
        done = false;
        log.warn("what a pod left on the disk could not be removed; it is tried again", { uid, error });
      }
    }
    return done;
  }

  /** Removes what the containers of ended pods still hold, logs too; gives whether there was anything. What was told of them stays told. */
  async removeEnded(): Promise<boolean> {
    const { cache, disk, log } = this.#tools;
    let freed = false;
    for (const { uid, pod, isOver } of this.all()) {
      const ended = isOver ? cache.get(uid).containers.filter(({ phase }) => phase === "exited") : [];
      for (const container of ended) {
        log.info("an ended container is removed, as the disk runs low", { id: container.id });
        await removeContainer(pod, container, this.#tools);
        if (container.logPath) await disk.remove(container.logPath);
        freed = true;
      }
      if (ended.length > 0) await cache.refresh(uid);
    }
    return freed;
  }

  #add(pod: Pod): void {
    const { cache, node, resources } = this.#tools;
    let refusal: Refusal | undefined;
    let verdict: Promise<Refusal | undefined> | undefined;
    const isNew =
      cache.get(pod.metadata.uid).sandboxes.length === 0 && !isFinished(pod) && pod.status.phase !== "Running";
    if (isNew && !pod.metadata.deletionTimestamp) {
      const facts = {
        ...this.#room(pod.metadata.uid),
        node: node.node(),
        allowedSysctls: this.#options.allowedSysctls,
        pressures: this.#options.pressures(),
        shutsDown: this.#options.shutsDown(),
        isOffered: (resource: string) => resources.supply.devices(resource) !== undefined,
      };
      const rejection = admit(pod, facts);
      const given = async () => {
        const reason = resources.concerns(pod) ? await resources.admit(pod) : undefined;
        return reason && this.#reject(pod, reason);
      };
      if (rejection?.missing) verdict = this.#makeRoom(pod, rejection.missing).then((none) => none ?? given());
      else if (rejection) refusal = this.#reject(pod, rejection);
      else if (resources.concerns(pod)) verdict = given();
    }
    this.#make(pod, refusal, verdict).wake();
    this.#tools.metrics.workerBegun(pod);
    this.weigh();
  }

  /** Whatever the classes of pods weigh now. */
  weigh(): void {
    const taken = this.all().filter((worker) => !worker.refused && !worker.isOver);
    const { cgroups, log, metrics, node } = this.#tools;
    const pods = taken.map(({ pod }) => pod);
    if (node.facts.keepsMemory) metrics.memoryKept(askedMemory(pods));
    void cgroups.weigh(pods).catch((error: unknown) => log.warn("the classes of pods could not be weighed", { error }));
  }

  #reject(pod: Pod, { reason, message }: Rejection): Refusal {
    this.#tools.events.event(pod, "Warning", reason, message);
    return { reason, message: `Pod was rejected: ${message}` };
  }

  /** Others go for a critical pod, which waits until they have. Gives why it cannot be. */
  async #makeRoom(pod: Pod, missing: readonly Shortage[]): Promise<Refusal | undefined> {
    const going = whoMakesRoom(pod, this.#room(pod.metadata.uid).others, missing);
    if (!going) {
      const lacks = missing.map((each) => `(res: ${each.name}, q: ${missingOf(each)}), `).join("");
      const message = `Unexpected error while attempting to recover from admission failure: preemption: error finding a set of pods to preempt: no set of running pods found to reclaim resources: [${lacks}]`;
      return this.#reject(pod, { reason: "UnexpectedAdmissionError", message });
    }
    const { events, metrics } = this.#tools;
    const gone = going.map((other) => {
      events.event(other, "Warning", PREEMPTED.reason, PREEMPTED.message);
      metrics.preempted(missing[0]?.name ?? "");
      const over = Promise.withResolvers<void>();
      this.#overs.set(other.metadata.uid, [...(this.#overs.get(other.metadata.uid) ?? []), over.resolve]);
      this.#workers.get(other.metadata.uid)?.end(other.spec.terminationGracePeriodSeconds ?? 30, PREEMPTED, false);
      return over.promise;
    });
    await Promise.all(gone);
    return undefined;
  }

  /** What the node has for one pod, beside all others. */
  #room(uid: string): Room {
    const others = this.all().filter((worker) => worker.uid !== uid && !worker.refused && !worker.isOver);
    return { allocatable: this.#tools.node.allocatable(), others: others.map(({ pod }) => pod) };
  }

  /** Those that wait for room to grow ask again. */
  #offerRoom(): void {
    for (const worker of this.all()) if (worker.wantsRoom) worker.wake();
  }

  #make(pod: Pod, refusal?: Refusal, verdict?: Promise<Refusal | undefined>): PodWorker {
    const { uid } = pod.metadata;
    const worker: PodWorker = new PodWorker(pod, {
      tools: this.#tools,
      apiPod: (each) => this.#options.apiPod(each),
      ended: () => {
        if (worker.isGone) {
          this.#workers.delete(uid);
          this.#options.feed?.lost(worker.pod);
        }
        for (const tell of this.#overs.get(uid) ?? []) tell();
        this.#overs.delete(uid);
        this.#options.ended(worker.pod);
        this.#offerRoom();
        this.weigh();
      },
      told: () => this.#options.feed?.saw(worker.seen),
      judgeResize: (wanted) => judgeResize(wanted, this.#room(uid)),
      resized: () => {
        this.#offerRoom();
        this.weigh();
      },
      ...(refusal && { refusal }),
      ...(verdict && { verdict }),
    });
    this.#workers.set(uid, worker);
    return worker;
  }
}

/** With the annotations that tell where it came from and since when it is known; a pod from elsewhere than the API has them. */
function withSource(pod: Pod, seen: string | number): Pod {
  const { metadata } = pod;
  if (metadata.annotations?.[CONFIG_SOURCE] !== undefined) return pod;
  const notes = {
    [CONFIG_SEEN]: typeof seen === "number" ? formatTime(seen) : seen,
    [CONFIG_SOURCE]: "api",
  };
  return { ...pod, metadata: { ...metadata, annotations: { ...metadata.annotations, ...notes } } };
}

/** What can be told of a pod from its sandbox alone: enough to end it. */
function orphan(uid: string, { sandboxes, containers }: PodRuntimeState): Pod {
  const { name = "", namespace = "" } = sandboxes[0] ?? {};
  const labels = containers[0]?.labels ?? {};
  return {
    kind: "Pod",
    apiVersion: "v1",
    metadata: {
      name: name || (labels["io.kubernetes.pod.name"] ?? ""),
      namespace: namespace || (labels["io.kubernetes.pod.namespace"] ?? ""),
      uid,
      resourceVersion: "",
      creationTimestamp: "",
    },
    spec: { containers: [] },
    status: {},
  };
}

const orphanGrace = ({ containers }: PodRuntimeState): number => {
  const grace = Number(containers[0]?.annotations["io.kubernetes.pod.terminationGracePeriod"] ?? 30);
  return Math.max(containers.some(({ annotations }) => annotations[PRE_STOP_HANDLER]) ? 2 : 1, grace);
};
