/** What each pod has, by its id; of one pod without a look at those of others. */
export class ByPod<T extends { readonly id: string }> {
  readonly #all = new Map<string, { readonly uid: string; readonly each: T }>();
  readonly #pods = new Map<string, Map<string, T>>();

  get size(): number {
    return this.#all.size;
  }

  get(id: string): T | undefined {
    return this.#all.get(id)?.each;
  }

  set(uid: string, each: T): void {
    this.#all.set(each.id, { uid, each });
    const known = this.#pods.get(uid);
    if (known) known.set(each.id, each);
    else this.#pods.set(uid, new Map([[each.id, each]]));
  }

  delete(id: string): void {
    const uid = this.#all.get(id)?.uid;
    if (uid === undefined) return;
    this.#all.delete(id);
    const left = this.#pods.get(uid);
    left?.delete(id);
    if (left?.size === 0) this.#pods.delete(uid);
  }

  *values(uid?: string): Iterable<T> {
    if (uid !== undefined) yield* this.#pods.get(uid)?.values() ?? [];
    else for (const { each } of this.#all.values()) yield each;
  }
}
