/**
 * What a controller expects of its pods: fed by its pod informer before any key is queued, so that a reconcile that sees a pod no longer
 * waits for it. Owners are known by uid: one that is made anew under its name starts afresh.
 */
import { pods } from "@kubets/api/generated/refs";
import type { Pod } from "@kubets/api/generated/types/core-v1";
import { type ControllerContext, controllerOf, Expectations } from "@kubets/client";

export class ExpectedPods {
  readonly #expectations: Expectations;

  constructor({ cache, clock }: Pick<ControllerContext, "cache" | "clock">) {
    this.#expectations = new Expectations(clock);
    cache.informer(pods).subscribe({
      added: (pod) => this.#added(pod),
      changed: (pod) => {
        if (pod.metadata.deletionTimestamp) this.#goes(pod);
      },
      deleted: (pod) => this.#goes(pod),
    });
  }

  satisfied(ownerUid: string): boolean {
    return this.#expectations.satisfied(ownerUid);
  }

  expectCreations(ownerUid: string, creations: number): void {
    this.#expectations.expect(ownerUid, { creations });
  }

  expectDeletions(ownerUid: string, deleted: readonly Pod[]): void {
    this.#expectations.expect(ownerUid, { deletions: deleted.map(({ metadata }) => metadata.uid) });
  }

  expectBoth(ownerUid: string, creations: number, deleted: readonly Pod[]): void {
    this.#expectations.expect(ownerUid, { creations, deletions: deleted.map(({ metadata }) => metadata.uid) });
  }

  /** It was not created after all. */
  notCreated(ownerUid: string): void {
    this.#expectations.creationObserved(ownerUid);
  }

  notDeleted(ownerUid: string, pod: Pod): void {
    this.#expectations.deletionObserved(ownerUid, pod.metadata.uid);
  }

  forget(ownerUid: string): void {
    this.#expectations.forget(ownerUid);
  }

  #added(pod: Pod): void {
    const owner = controllerOf(pod);
    if (!owner) return;
    // A pod that is on its way out when first seen was not just made.
    if (pod.metadata.deletionTimestamp) this.#expectations.deletionObserved(owner.uid, pod.metadata.uid);
    else this.#expectations.creationObserved(owner.uid);
  }

  #goes(pod: Pod): void {
    const owner = controllerOf(pod);
    if (owner) this.#expectations.deletionObserved(owner.uid, pod.metadata.uid);
  }
}
