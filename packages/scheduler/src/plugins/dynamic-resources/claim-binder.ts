/**
 * Carries out what was decided of a pod's claims before it is bound: allocations and the pod are written into them, a claim for extended
 * resources is made, devices that take time are waited for; and takes it back when the pod is not bound.
 */
import type { Pod } from "@kubets/api/generated/types/core-v1";
import type { AllocationResult, ResourceClaim } from "@kubets/api/generated/types/resource-v1";
import type { KubeObject } from "@kubets/api/meta";
import { holderFor } from "@kubets/api/resource/group-claims";
import { isReason } from "@kubets/machinery/status-error";
import { formatTime } from "@kubets/machinery/time";
import type { ClaimedResources } from "../../framework/claimed-resources.ts";
import type { Handle } from "../../framework/handle.ts";
import type { AllocatedDevices } from "./allocated-devices.ts";
import { bindClaim, tellClaimed, unreserveClaim, untellClaimed, withdrawClaim } from "./bind-claims.ts";
import { allReady, driversOf, hasConditions, TIMED_OUT } from "./binding-conditions.ts";
import { isPod, isReservedFor } from "./claims.ts";
import { bindExtended, createClaim, type ExtendedClaim } from "./extended-claim.ts";
import type { Claims } from "./state.ts";

export class ClaimBinder {
  readonly #handle: Handle;
  readonly #allocated: AllocatedDevices;
  readonly #timeoutMs: number;
  /** By claim or pod: what is taken back of a try that failed. */
  readonly #undoing = new Map<string, Promise<void>>();

  constructor(handle: Handle, allocated: AllocatedDevices, timeoutMs: number) {
    this.#handle = handle;
    this.#allocated = allocated;
    this.#timeoutMs = timeoutMs;
  }

  async bind(claims: Claims, pod: Pod, node: string, signal: AbortSignal): Promise<void> {
    for (const [i, known] of claims.all.entries()) {
      const { claim, holder } = known;
      await this.#undoing.get(claim.metadata.uid);
      const found = claims.reserved.get(claim.metadata.uid);
      const bound = await bindClaim(this.#handle.client, claim, holder, found && this.#stamped(found));
      claims.all[i] = { ...known, claim: bound };
      this.#allocated.written(bound);
    }
    const extended = claims.picks.get(node)?.way.extended;
    if (extended) await this.#bindExtended(claims, extended, pod);
    const claimed = claims.claimed?.get(node);
    if (claimed?.length) await this.#tell(claims, pod, claimed);
    const waiting = claims.all.map(({ claim }) => claim).filter(hasConditions);
    if (waiting.length) await this.#allReady(waiting, pod, node, signal);
  }

  /** What a group holds stays: others of its pods may use it. */
  takeBack(pod: Pod, { all, created, isTold }: Claims): void {
    const { client, log } = this.#handle;
    const logged =
      (what: string, { metadata: { name } }: KubeObject) =>
      (error: unknown) => {
        if (!isReason(error, "NotFound")) log.error(what, { name, error });
      };
    if (isTold)
      this.#undo(
        pod.metadata.uid,
        untellClaimed(client, pod).catch(logged("a pod's status stays as it was told", pod)),
      );
    if (created) {
      this.#allocated.release(created.metadata.uid);
      withdrawClaim(client, created, pod).catch(logged("a claim stays", created));
    }
    for (const { claim, holder } of all) {
      const { uid } = claim.metadata;
      if (!isPod(holder) || !isReservedFor(claim, holder) || uid === created?.metadata.uid) continue;
      this.#undo(uid, unreserveClaim(client, claim, pod).catch(logged("a claim stays reserved", claim)));
    }
  }

  #undo(uid: string, done: Promise<void>): void {
    this.#undoing.set(uid, done);
    void done.then(() => this.#undoing.get(uid) === done && this.#undoing.delete(uid));
  }

  async #tell(claims: Claims, pod: Pod, claimed: ClaimedResources): Promise<void> {
    await this.#undoing.get(pod.metadata.uid);
    claims.isTold = true;
    await tellClaimed(this.#handle.client, pod, claimed);
  }

  async #bindExtended(claims: Claims, extended: ExtendedClaim, pod: Pod): Promise<void> {
    const { client, metrics } = this.#handle;
    const { uid } = extended.claim.metadata;
    const found = claims.reserved.get(uid) as AllocationResult;
    try {
      claims.created = await createClaim(client, pod, extended);
    } catch (error) {
      metrics.claimCreated("failure");
      throw error;
    }
    metrics.claimCreated("success");
    // From here on the devices are its own.
    this.#allocated.hold(claims.created.metadata.uid, found);
    this.#allocated.release(uid);
    const written = await bindExtended(client, pod, claims.created, extended, this.#stamped(found));
    this.#allocated.written(written);
    claims.all.push({ claim: written, holder: holderFor(pod) });
  }

  async #allReady(waiting: readonly ResourceClaim[], pod: Pod, node: string, signal: AbortSignal): Promise<void> {
    const { events, clock, metrics } = this.#handle;
    const text = `waiting for binding conditions for device on node ${node}`;
    events.event(pod, "Normal", "BindingConditionsPending", text, { action: "Scheduling" });
    const began = clock.monotonic();
    const told = (status: "success" | "failure" | "timeout") => {
      for (const driver of new Set(waiting.flatMap(driversOf)))
        metrics.awaitedDevice(pod.spec.schedulerName ?? "", driver, status, clock.monotonic() - began);
    };
    await allReady(this.#handle, waiting, this.#timeoutMs, signal).catch((error: unknown) => {
      told((error as Error).message === TIMED_OUT ? "timeout" : "failure");
      throw error;
    });
    told("success");
  }

  #stamped(allocation: AllocationResult): AllocationResult {
    return { ...allocation, allocationTimestamp: formatTime(this.#handle.clock.now()) };
  }
}
