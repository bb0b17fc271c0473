/** Which nodes hold which images; a node's view of it shares the entries, so that `nodes` is always the present count. */
import type { Node } from "@kubets/api/generated/types/core-v1";
import type { ImageState } from "./node-info.ts";

export class ImageIndex {
  readonly #images = new Map<string, ImageState>();

  has(name: string): boolean {
    return this.#images.has(name);
  }

  /** Counts the images of a node, and gives them by name. */
  take(node: Node): Map<string, ImageState> {
    const held = new Map<string, ImageState>();
    for (const { names, sizeBytes = 0 } of node.status.images ?? []) {
      for (const name of names ?? []) {
        if (held.has(name)) continue;
        let state = this.#images.get(name);
        if (!state) {
          state = { size: sizeBytes, nodes: 0 };
          this.#images.set(name, state);
        }
        state.nodes++;
        held.set(name, state);
      }
    }
    return held;
  }

  /** Takes a node's images back. */
  drop(held: ReadonlyMap<string, ImageState>): void {
    for (const [name, state] of held) if (--state.nodes === 0) this.#images.delete(name);
  }
}
