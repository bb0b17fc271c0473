/**
 * What webhooks or policies concern an action, looked up by resource: a request that none of them is about costs one look into a map. Made anew when they,
 * or the resources that are served, have changed.
 */
import type { ResourceDefinition } from "@kubets/api/resource";
import type { ServedResources } from "../../served-resource.ts";
import type { Operation } from "../plugin.ts";
import type { Action } from "./rules.ts";

const NONE: readonly never[] = Object.freeze([]);

export class ByAction<T> {
  readonly #served: ServedResources;
  readonly #find: (action: Action) => readonly T[];
  readonly #isEmpty: () => boolean;
  readonly #known = new Map<ResourceDefinition, Map<string, readonly T[]>>();
  #generation = -1;

  constructor(served: ServedResources, isEmpty: () => boolean, find: (action: Action) => readonly T[]) {
    this.#served = served;
    this.#isEmpty = isEmpty;
    this.#find = find;
  }

  /** They have changed. */
  clear(): void {
    this.#known.clear();
  }

  of(operation: Operation, resource: ResourceDefinition, subresource: string): readonly T[] {
    if (this.#isEmpty()) return NONE;
    if (this.#generation !== this.#served.generation) {
      this.#known.clear();
      this.#generation = this.#served.generation;
    }
    let ofResource = this.#known.get(resource);
    if (!ofResource) this.#known.set(resource, (ofResource = new Map()));
    const key = subresource === "" ? operation : `${operation} ${subresource}`;
    let found = ofResource.get(key);
    if (!found) ofResource.set(key, (found = this.#find({ operation, resource, subresource })));
    return found;
  }
}
