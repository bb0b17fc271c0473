/**
 * Writes pods' statuses to the API: only what changed, in order for each pod, and again until it got through.
 * Holds: of several statuses of one pod that wait only the last is written; a pod of the same name made anew is never touched (the
 * patch carries the uid); the last word on an ended pod is written before it is deleted.
 */
import { pods } from "@kubets/api/generated/refs";
import type { Pod, PodStatus } from "@kubets/api/generated/types/core-v1";
import type { Client } from "@kubets/client/client";
import { type Clock, deepEqual, isReason, type Logger, type Random, StatusError, sleep } from "@kubets/machinery";
import { Backoff } from "@kubets/machinery/backoff";
import type { KubeletMetrics } from "../metrics/kubelet-metrics.ts";
import { RESIZE_CONDITIONS } from "./status.ts";

interface StatusWriterOptions {
  readonly client: Pick<Client, "patch">;
  readonly clock: Clock;
  readonly random: Random;
  readonly log: Logger;
  readonly signal: AbortSignal;
  readonly metrics?: KubeletMetrics;
}

interface Wanted {
  readonly pod: Pod;
  readonly status: PodStatus;
  /** Since when it differs from what is written, on the monotonic clock. */
  readonly since: number;
}

interface Written {
  readonly status: PodStatus;
  readonly revision: bigint;
  /** On the monotonic clock. */
  readonly at: number;
}

interface Writing {
  wanted: Wanted | undefined;
  done: Promise<void>;
}

export class StatusWriter {
  readonly #options: StatusWriterOptions;
  readonly #writing = new Map<string, Writing>();
  /** What was written last: it counts until the informer has shown it. */
  readonly #written = new Map<string, Written>();

  constructor(options: StatusWriterOptions) {
    this.#options = options;
  }

  /** The status as it will be seen: the newest that was set. */
  current(pod: Pod): PodStatus {
    const { uid } = pod.metadata;
    return this.#writing.get(uid)?.wanted?.status ?? this.#lastKnown(pod);
  }

  #lastKnown(pod: Pod): PodStatus {
    const written = this.#written.get(pod.metadata.uid);
    return written && written.revision > revisionOf(pod) ? written.status : pod.status;
  }

  set(pod: Pod, status: PodStatus): void {
    const { uid } = pod.metadata;
    const own = ownFields(status);
    if (deepEqual(ownFields(this.current(pod)), own)) return;
    // A server that writes something differently than it was sent must not keep us busy.
    const written = this.#written.get(uid);
    if (
      written &&
      this.#options.clock.monotonic() - written.at < INSIST_MS &&
      deepEqual(ownFields(written.status), own)
    )
      return;
    const writing = this.#writing.get(uid);
    const since = writing?.wanted?.since ?? this.#options.clock.monotonic();
    if (writing) {
      writing.wanted = { pod, status, since };
      return;
    }
    const begun: Writing = { wanted: { pod, status, since }, done: Promise.resolve() };
    this.#writing.set(uid, begun);
    begun.done = this.#write(uid, begun);
  }

  /** Resolves when all that was set for the pod has been written, or cannot be. */
  async flushed(uid: string): Promise<void> {
    await this.#writing.get(uid)?.done;
  }

  forget(uid: string): void {
    this.#written.delete(uid);
  }

  async #write(uid: string, writing: Writing): Promise<void> {
    const { clock, random, signal, log, metrics } = this.#options;
    const backoff = new Backoff(clock, random, { initialMs: 200, maxMs: 10_000 });
    while (writing.wanted && !signal.aborted) {
      const { pod, status, since } = writing.wanted;
      writing.wanted = undefined;
      try {
        const revision = revisionOf(await this.#patch(pod, status));
        const at = clock.monotonic();
        this.#written.set(uid, { status, revision, at });
        metrics?.statusWritten((at - since) / 1000);
        backoff.reset();
      } catch (error) {
        // Gone, another of its name, or refused: it will not get better.
        if (isReason(error, "NotFound") || isReason(error, "Conflict")) break;
        if (error instanceof StatusError && error.code < 500 && error.code !== 429) {
          log.error("the status of a pod was refused", {
            pod: pod.metadata.name,
            namespace: pod.metadata.namespace,
            error,
          });
          break;
        }
        log.debug("the status of a pod could not be written", { pod: pod.metadata.name, error });
        writing.wanted ??= { pod, status, since };
        await sleep(clock, backoff.next(), signal).catch(() => {});
      }
    }
    this.#writing.delete(uid);
  }

  async #patch(pod: Pod, status: PodStatus): Promise<Pod> {
    const { namespace, name, uid } = pod.metadata;
    const body = { metadata: { uid }, status: statusPatch(this.#lastKnown(pod), status) };
    return await this.#options.client.patch(
      pods,
      { namespace, name },
      { type: "strategic", body },
      { subresource: "status" },
    );
  }
}

/** So long a status that was written is not written again because it came back otherwise. */
const INSIST_MS = 5000;

/** Revisions of one server are ordered. */
const revisionOf = ({ metadata }: Pod): bigint => BigInt(/^\d+$/.exec(metadata.resourceVersion ?? "")?.[0] ?? 0);

/** The fields of a pod's status that are the kubelet's to write. */
const OWN = [
  "observedGeneration",
  "phase",
  "conditions",
  "message",
  "reason",
  "hostIP",
  "hostIPs",
  "podIP",
  "podIPs",
  "startTime",
  "initContainerStatuses",
  "containerStatuses",
  "ephemeralContainerStatuses",
  "qosClass",
] as const;
const OWN_CONDITIONS = new Set([
  "PodReadyToStartContainers",
  "Initialized",
  "Ready",
  "ContainersReady",
  "AllContainersRestarting",
  "DisruptionTarget",
  ...RESIZE_CONDITIONS,
]);
/** The scheduler's, which a pod that was refused loses. */
const SCHEDULED = "PodScheduled";

type Fields = Readonly<Record<string, unknown>>;

/** Statuses are never changed, and the same one is compared with each that follows. */
const ownFieldsOf = new WeakMap<PodStatus, Fields>();

function ownFields(status: PodStatus): Fields {
  const known = ownFieldsOf.get(status);
  if (known) return known;
  const fields: Record<string, unknown> = {};
  for (const name of OWN) {
    const value = status[name];
    if (value !== undefined) fields[name] = withoutNulls(value);
  }
  const conditions = (status.conditions ?? []).filter(({ type }) => OWN_CONDITIONS.has(type) || type === SCHEDULED);
  fields.conditions = withoutNulls(conditions);
  ownFieldsOf.set(status, fields);
  return fields;
}

/** Nothing and null are the same in a status. */
function withoutNulls(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(withoutNulls);
  if (typeof value !== "object" || value === null) return value;
  const kept: Record<string, unknown> = {};
  for (const [key, member] of Object.entries(value))
    if (member !== null && member !== undefined) kept[key] = withoutNulls(member);
  return kept;
}

/** What turns the status before into the one after; null takes a field away. Lists with merge keys say what goes. */
export function statusPatch(before: PodStatus, after: PodStatus): Record<string, unknown> {
  const [from, to] = [ownFields(before), ownFields(after)];
  const patch: Record<string, unknown> = {};
  for (const name of OWN) {
    if (deepEqual(from[name], to[name])) continue;
    patch[name] = name === "conditions" ? conditionsPatch(before, after) : (to[name] ?? null);
    if ((name === "podIPs" || name === "hostIPs") && from[name])
      patch[name] = [{ $patch: "replace" }, ...((to[name] ?? []) as unknown[])];
  }
  return patch;
}

/** Conditions are merged by their type, field by field: what a condition no longer says must be taken away. */
function conditionsPatch(before: PodStatus, after: PodStatus): unknown[] {
  const conditions = after.conditions ?? [];
  const written = conditions.filter(({ type }) => OWN_CONDITIONS.has(type));
  const kept = written.map((condition) => {
    const known = before.conditions?.find(({ type }) => type === condition.type);
    return {
      ...condition,
      ...(known?.reason && !condition.reason && { reason: null }),
      ...(known?.message && !condition.message && { message: null }),
    };
  });
  const gone = (before.conditions ?? []).filter(
    ({ type }) =>
      (OWN_CONDITIONS.has(type) || type === SCHEDULED) && !conditions.some((condition) => condition.type === type),
  );
  return [...kept, ...gone.map(({ type }) => ({ type, $patch: "delete" }))];
}
