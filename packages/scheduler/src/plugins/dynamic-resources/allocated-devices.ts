/**
 * Which devices belong to claims, and how much of shared ones: as the claims say, and as was decided but is not written yet.
 * Holds: each change costs the size of the claim; what the server says of a claim wins over what was decided.
 */
import type { AllocationResult, ResourceClaim } from "@kubets/api/generated/types/resource-v1";
import { parseQuantity, type Quantity, zeroQuantity } from "@kubets/machinery/quantity";
import { deviceId, poolOfDevice } from "./pools.ts";

interface Holding {
  readonly allocation: AllocationResult;
  /** Not seen on the server yet; with the version of the claim once it is written, and how many pods count on it until then. */
  pending?: { version: bigint | undefined; pods: number };
}

interface Share {
  claims: number;
  readonly consumed: Map<string, Quantity>;
}

export class AllocatedDevices {
  readonly #holdings = new Map<string, Holding>();
  readonly #whole = new Map<string, number>();
  readonly #shares = new Map<string, Share>();
  readonly #changed: (pool: string) => void;
  /** Counts the changes: what was found out about devices holds as long as it stays. */
  changes = 0;

  /** `changed` is told of each pool where more or less is free. */
  constructor(changed: (pool: string) => void = () => {}) {
    this.#changed = changed;
  }

  /** As the server has it. */
  told({ metadata, status }: ResourceClaim): void {
    const { uid, resourceVersion } = metadata;
    const known = this.#holdings.get(uid);
    if (!known && !status?.allocation) return;
    const written = known?.pending?.version;
    const isBehind = known?.pending && (written === undefined || BigInt(resourceVersion ?? 0) < written);
    if (isBehind && !status?.allocation) return;
    this.forget(uid);
    if (status?.allocation) this.#take(uid, { allocation: status.allocation });
  }

  /** Decided; nobody else gets these devices. */
  hold(uid: string, allocation: AllocationResult): void {
    this.#take(uid, { allocation, pending: { version: undefined, pods: 1 } });
  }

  written({ metadata }: ResourceClaim): void {
    const pending = this.#holdings.get(metadata.uid)?.pending;
    if (pending) pending.version = BigInt(metadata.resourceVersion ?? 0);
  }

  /** One more pod counts on what was decided. */
  join(uid: string): void {
    const pending = this.#holdings.get(uid)?.pending;
    if (pending) pending.pods++;
  }

  /** What was decided is not to be for one pod; for none when it was the last, unless it is written. */
  release(uid: string): void {
    const pending = this.#holdings.get(uid)?.pending;
    if (pending && --pending.pods <= 0 && pending.version === undefined) this.forget(uid);
  }

  /** What was decided, as long as the server does not show it. */
  pending(uid: string): AllocationResult | undefined {
    const holding = this.#holdings.get(uid);
    return holding?.pending && holding.allocation;
  }

  forget(uid: string): void {
    const holding = this.#holdings.get(uid);
    if (!holding) return;
    this.#holdings.delete(uid);
    this.#count(holding.allocation, -1);
  }

  /** Somebody has it for himself. */
  isTaken(id: string): boolean {
    return this.#whole.has(id);
  }

  /** Somebody has a part of it. */
  isShared(id: string): boolean {
    return this.#shares.has(id);
  }

  isUsed(id: string): boolean {
    return this.isTaken(id) || this.isShared(id);
  }

  consumed(id: string, capacity: string): Quantity {
    return this.#shares.get(id)?.consumed.get(capacity) ?? zeroQuantity;
  }

  #take(uid: string, holding: Holding): void {
    this.forget(uid);
    this.#holdings.set(uid, holding);
    this.#count(holding.allocation, 1);
  }

  #count({ devices }: AllocationResult, sign: 1 | -1): void {
    this.changes++;
    for (const result of devices?.results ?? []) {
      if (result.adminAccess) continue;
      this.#changed(poolOfDevice(result));
      const id = deviceId(result);
      if (result.shareID) this.#share(id, result.consumedCapacity ?? {}, sign);
      else {
        const count = (this.#whole.get(id) ?? 0) + sign;
        if (count > 0) this.#whole.set(id, count);
        else this.#whole.delete(id);
      }
    }
  }

  #share(id: string, consumed: Readonly<Record<string, string>>, sign: 1 | -1): void {
    const share = this.#shares.get(id) ?? { claims: 0, consumed: new Map<string, Quantity>() };
    share.claims += sign;
    for (const [name, value] of Object.entries(consumed)) {
      const amount = parseQuantity(value);
      const before = share.consumed.get(name) ?? zeroQuantity;
      share.consumed.set(name, sign > 0 ? before.add(amount) : before.sub(amount));
    }
    if (share.claims > 0) this.#shares.set(id, share);
    else this.#shares.delete(id);
  }
}
