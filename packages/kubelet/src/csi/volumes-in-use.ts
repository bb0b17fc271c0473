/**
 * Which attached volumes this node uses, as its status tells the controller that detaches them.
 * Holds: a volume counts as used from before it is staged, which waits until the API knows, until the last pod that has it was taken down; before it is
 * known what an earlier kubelet left, nothing is told, so that what was told then stands.
 */

interface Use {
  reported: boolean;
  readonly pods: Set<string>;
  readonly waiting: (() => void)[];
}

export class VolumesInUse {
  readonly #used = new Map<string, Use>();
  readonly #changed: () => void;
  #loaded = false;

  /** `changed`: the node's status is to be written soon. */
  constructor(changed: () => void) {
    this.#changed = changed;
  }

  /** What an earlier kubelet left. */
  load(held: Iterable<readonly [name: string, uid: string]>): void {
    for (const [name, uid] of held) this.#of(name).pods.add(uid);
    this.#loaded = true;
    this.#changed();
  }

  /** The pod is to have the volume. Resolves when the API knows. */
  async take(name: string, uid: string): Promise<void> {
    const use = this.#of(name);
    use.pods.add(uid);
    if (use.reported) return;
    const { promise, resolve } = Promise.withResolvers<void>();
    use.waiting.push(resolve);
    this.#changed();
    await promise;
  }

  /** Nothing of the pod is left. */
  release(uid: string): void {
    for (const [name, { pods }] of this.#used) {
      if (!pods.delete(uid) || pods.size > 0) continue;
      this.#used.delete(name);
      this.#changed();
    }
  }

  /** For the node's status; nothing as long as not all is known. */
  names(): readonly string[] | undefined {
    return this.#loaded ? [...this.#used.keys()].toSorted() : undefined;
  }

  /** The API has them now. */
  reported(names: readonly string[] = []): void {
    for (const name of names) {
      const use = this.#used.get(name);
      if (!use) continue;
      use.reported = true;
      for (const resolve of use.waiting.splice(0)) resolve();
    }
  }

  #of(name: string): Use {
    let use = this.#used.get(name);
    if (!use) this.#used.set(name, (use = { reported: false, pods: new Set(), waiting: [] }));
    return use;
  }
}
