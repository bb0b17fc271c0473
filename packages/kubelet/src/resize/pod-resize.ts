/**
 * One pod's way from the resources that it has to those that it wants: asked of the node, given, and put into effect container by container.
 * Holds: what was given and what is in effect is on the disk before it is acted on, so that a kubelet that starts later goes on from there; what
 * the node cannot give now waits, and is asked for again when room was freed.
 */
import { join } from "node:path";
import type { Container, Pod, ResourceRequirements } from "@kubets/api/generated/types/core-v1";
import type { Disk } from "../disk/disk.ts";
import type { ContainerRecord } from "../pod-workers/runtime-state.ts";
import { type Allotment, allotmentOf, needsRestart, sameAllotment, sameResources, withAllotment } from "./allotment.ts";

/** Why the node does not give it, now (Deferred) or ever (Infeasible). */
export interface Pending {
  readonly reason: "Deferred" | "Infeasible";
  readonly message: string;
  /** For the event: the original's reason of a refusal, as OutOfcpu. */
  readonly cause: string;
}

interface Kept {
  readonly allotted: Allotment;
  readonly inEffect: Readonly<Record<string, ResourceRequirements>>;
}

const FILE = "allotment.json";

export class PodResize {
  readonly #disk: Disk;
  readonly #folder: string;
  #wanted: Pod;
  #pod: Pod | undefined;
  #allotted: Allotment;
  #inEffect: Record<string, ResourceRequirements>;
  #loaded = false;
  /** Given, and not in effect everywhere. */
  moving = false;
  pending: Pending | undefined;
  /** Why putting it into effect failed the last time. */
  error: string | undefined;

  constructor(pod: Pod, disk: Disk, folder: string) {
    this.#disk = disk;
    this.#folder = folder;
    this.#wanted = pod;
    this.#allotted = allotmentOf(pod);
    this.#inEffect = { ...this.#allotted.containers };
  }

  /** The pod with what the node gave it. */
  get pod(): Pod {
    return (this.#pod ??= this.isWanted ? withAllotment(this.#wanted, this.#allotted) : this.#wanted);
  }

  /** The pod as it wants to be. */
  get wanted(): Pod {
    return this.#wanted;
  }

  see(pod: Pod): void {
    this.#wanted = pod;
    this.#pod = undefined;
  }

  /** Reads what an earlier kubelet gave; does so once. */
  async load(): Promise<void> {
    if (this.#loaded) return;
    const text = await this.#disk.readFile(join(this.#folder, FILE)).catch(() => undefined);
    this.#loaded = true;
    if (!text) return;
    const { allotted, inEffect } = JSON.parse(text.toString()) as Kept;
    this.#allotted = allotted;
    this.#pod = undefined;
    this.#inEffect = { ...inEffect };
    this.moving = !sameAllotment(allotted, { ...allotted, containers: inEffect });
  }

  async save(): Promise<void> {
    const kept: Kept = { allotted: this.#allotted, inEffect: this.#inEffect };
    const path = join(this.#folder, FILE);
    await this.#disk.makeFolder(this.#folder, 0o750);
    await this.#disk.writeFile(`${path}.new`, JSON.stringify(kept), 0o600);
    await this.#disk.rename(`${path}.new`, path);
  }

  /** Whether it wants something else than it was given. */
  get isWanted(): boolean {
    return !sameAllotment(this.#allotted, allotmentOf(this.#wanted));
  }

  /** It gets what it wants. Gives how to take it back. */
  grant(): () => void {
    const [before, moved] = [this.#allotted, this.moving];
    this.#allotted = allotmentOf(this.#wanted);
    this.#pod = undefined;
    this.pending = undefined;
    this.error = undefined;
    this.moving = true;
    return () => {
      this.#allotted = before;
      this.#pod = undefined;
      this.moving = moved;
    };
  }

  /** What a container runs with. */
  inEffect(name: string): ResourceRequirements | undefined {
    return this.#inEffect[name];
  }

  took(name: string, resources: ResourceRequirements): void {
    this.#inEffect[name] = resources;
  }

  /** Whether a container does not have what it was given. */
  differs(name: string): boolean {
    const given = this.#allotted.containers[name];
    return given !== undefined && !sameResources(given, this.#inEffect[name]);
  }

  needsRestart(container: Container): boolean {
    return needsRestart(container, this.#inEffect[container.name], this.#allotted.containers[container.name]);
  }

  /** The running containers that do not have what they were given, with what they get. */
  outstanding(records: readonly ContainerRecord[]): { record: ContainerRecord; resources: ResourceRequirements }[] {
    return records.flatMap((record) => {
      const resources = this.#allotted.containers[record.name];
      return record.phase === "running" && resources && this.differs(record.name) ? [{ record, resources }] : [];
    });
  }
}
