/**
 * The slices that one controller keeps for a service, in the cache, and whether the cache shows all that was written.
 * Holds: what was written is remembered by uid and generation until it comes back, so that no slice is made twice; after half a minute
 * without it the cache is believed again.
 */
import { endpointslices } from "@kubets/api/generated/refs";
import type { EndpointSlice } from "@kubets/api/generated/types/discovery-v1";
import type { Cache, ControllerContext } from "@kubets/client";
import type { Clock } from "@kubets/machinery";
import { MANAGED_BY, SERVICE_NAME } from "./slice-labels.ts";

const INDEX = "service-slices";
const BELIEVED_AFTER_MS = 30_000;

const indexKey = (manager: string, namespace: string, service: string) => `${manager}|${namespace}/${service}`;

const byService = ({ metadata: { labels = {}, namespace } }: EndpointSlice): readonly string[] =>
  labels[SERVICE_NAME] ? [indexKey(labels[MANAGED_BY] ?? "", namespace, labels[SERVICE_NAME])] : [];

export function slicesOf(cache: Cache, manager: string, namespace: string, service: string): readonly EndpointSlice[] {
  const informer = cache.informer(endpointslices);
  informer.addIndex(INDEX, byService);
  return informer
    .indexed(INDEX, indexKey(manager, namespace, service))
    .filter(({ metadata }) => !metadata.deletionTimestamp);
}

export class WrittenSlices {
  readonly #cache: Cache;
  readonly #clock: Clock;
  /** By service; a generation below zero stands for a deletion. */
  readonly #written = new Map<string, { at: number; slices: Map<string, { key: string; generation: number }> }>();

  constructor({ cache, clock }: Pick<ControllerContext, "cache" | "clock">) {
    this.#cache = cache;
    this.#clock = clock;
  }

  wrote(service: string, { metadata: { namespace, name, uid, generation = 0 } }: EndpointSlice, deleted = false): void {
    const known = this.#written.get(service) ?? { at: 0, slices: new Map() };
    known.at = this.#clock.monotonic();
    known.slices.set(uid, { key: `${namespace}/${name}`, generation: deleted ? -1 : generation });
    this.#written.set(service, known);
  }

  /** How long to wait before looking again; nothing when the cache shows it all. */
  waitFor(service: string): number | undefined {
    const known = this.#written.get(service);
    if (!known) return undefined;
    for (const [uid, { key, generation }] of known.slices)
      if (this.#shows(uid, key, generation)) known.slices.delete(uid);
    const left = known.at + BELIEVED_AFTER_MS - this.#clock.monotonic();
    if (known.slices.size > 0 && left > 0) return left;
    this.#written.delete(service);
    return undefined;
  }

  forget(service: string): void {
    this.#written.delete(service);
  }

  #shows(uid: string, key: string, generation: number): boolean {
    const slice = this.#cache.get(endpointslices, key);
    if (generation < 0) return slice?.metadata.uid !== uid;
    return slice?.metadata.uid === uid && (slice.metadata.generation ?? 0) >= generation;
  }
}
