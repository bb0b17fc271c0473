/**
 * The pods that are to get a place once its present holders are gone: they count on their node until they are placed or give it up. A
 * nomination that ends without its place being taken makes room for others, and `freed` is told. One that is lifted for a trial has not ended.
 */
import type { PodInfo } from "./pod-info.ts";

interface Nomination {
  readonly info: PodInfo;
  readonly node: string;
}

export class Nominator {
  readonly #freed: (pod: PodInfo) => void;
  readonly #nodes = new Map<string, string>();
  readonly #lifted = new Map<string, Nomination>();
  readonly #pods = new Map<string, Map<string, PodInfo>>();
  /** When the nominations for a node changed last. */
  readonly #stamps = new Map<string, number>();
  #last = 0;

  constructor(freed: (pod: PodInfo) => void = () => {}) {
    this.#freed = freed;
  }

  get isEmpty(): boolean {
    return this.#nodes.size === 0;
  }

  nodes(): string[] {
    return [...this.#pods.keys()];
  }

  /** Another number for each change of who is nominated for the node. */
  stampOf(node: string): number {
    return this.#stamps.get(node) ?? 0;
  }

  nodeOf(uid: string): string | undefined {
    return this.#nodes.get(uid);
  }

  set(info: PodInfo, node: string): void {
    const { uid } = info.pod.metadata;
    this.delete(uid, node);
    this.#nodes.set(uid, node);
    this.#stamps.set(node, ++this.#last);
    const pods = this.#pods.get(node);
    if (pods) pods.set(uid, info);
    else this.#pods.set(node, new Map([[uid, info]]));
  }

  /** `taken` is the node where the pod has its place now. */
  delete(uid: string, taken?: string): void {
    const ended = this.#take(uid) ?? this.#lifted.get(uid);
    if (!ended) return;
    this.#lifted.delete(uid);
    if (ended.node !== taken) this.#freed(ended.info);
  }

  /** For a trial: as if the pod were not nominated. */
  lift(uid: string): void {
    const lifted = this.#take(uid);
    if (lifted) this.#lifted.set(uid, lifted);
  }

  /** False where nothing was lifted. */
  putBack(uid: string): boolean {
    const lifted = this.#lifted.get(uid);
    if (lifted) this.set(lifted.info, lifted.node);
    return lifted !== undefined;
  }

  #take(uid: string): Nomination | undefined {
    const node = this.#nodes.get(uid);
    if (node === undefined) return undefined;
    this.#nodes.delete(uid);
    const pods = this.#pods.get(node);
    const info = pods?.get(uid);
    pods?.delete(uid);
    this.#stamps.set(node, ++this.#last);
    if (pods?.size === 0) {
      this.#pods.delete(node);
      this.#stamps.delete(node);
    }
    return info && { info, node };
  }

  on(node: string): PodInfo[] {
    return [...(this.#pods.get(node)?.values() ?? [])];
  }

  /** Those on the node that this pod must leave room for. */
  rivals(info: PodInfo, node: string): PodInfo[] | undefined {
    const pods = this.#pods.get(node);
    if (!pods) return undefined;
    const { uid } = info.pod.metadata;
    let rivals: PodInfo[] | undefined;
    for (const [other, nominated] of pods)
      if (other !== uid && nominated.priority >= info.priority) (rivals ??= []).push(nominated);
    return rivals;
  }
}
