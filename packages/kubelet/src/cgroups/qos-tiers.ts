/**
 * What the classes of pods get of the processors: burstable ones together as much as they asked for, best-effort ones what nobody else wants.
 * Holds: a tier is written when what it gets changes, one write at a time.
 */
import type { Pod } from "@kubets/api/generated/types/core-v1";
import { podRequests } from "@kubets/api/pod/resources";
import { cpuShares } from "../container-config/resources.ts";
import type { CgroupTree } from "./cgroup-tree.ts";
import { kubepods, type Tier, tierOf } from "./layout.ts";

export class QosTiers {
  readonly #tree: CgroupTree;
  readonly #root: string;
  readonly #asked = new Map<string, number>();
  readonly #written = new Map<Tier, number>();
  #sum = 0;
  #writing: Promise<void> = Promise.resolve();

  constructor(tree: CgroupTree, root: string) {
    this.#tree = tree;
    this.#root = root;
  }

  /** Both are there before their pods. */
  async begin(): Promise<void> {
    await this.#write("burstable");
    await this.#write("besteffort");
  }

  /** The node has the pod, with what it asks for now. */
  async hold(pod: Pod): Promise<void> {
    if (tierOf(pod) !== "burstable") return;
    this.#note(pod.metadata.uid, podRequests(pod).get("cpu")?.milliValue() ?? 0);
    await this.#write("burstable");
  }

  async release(uid: string): Promise<void> {
    if (!this.#asked.has(uid)) return;
    this.#note(uid, 0);
    this.#asked.delete(uid);
    await this.#write("burstable");
  }

  #note(uid: string, milli: number): void {
    this.#sum += milli - (this.#asked.get(uid) ?? 0);
    this.#asked.set(uid, milli);
  }

  async #write(tier: Tier): Promise<void> {
    this.#writing = this.#writing.then(async () => {
      const shares = cpuShares(tier === "burstable" ? this.#sum : 0);
      if (this.#written.get(tier) === shares) return;
      await this.#tree.ensure([...kubepods(this.#root), tier], { cpuShares: shares });
      this.#written.set(tier, shares);
    });
    // Who comes later tries again what failed.
    const mine = this.#writing;
    this.#writing = mine.catch(() => {});
    await mine;
  }
}
