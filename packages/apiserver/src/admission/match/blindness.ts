/**
 * Whether admission knows what it is configured by. While some of that cannot be read nobody can say what it demands, so that every write is refused, but for
 * those that can mend it.
 */
import type { ResourceDefinition } from "@kubets/api/resource";
import type { ResourceRef } from "@kubets/api/resource-ref";
import { storeIn } from "../../cluster-view.ts";
import type { ServedResources } from "../../served-resource.ts";
import type { ResourceStore } from "../../store/resource-store.ts";
import type { AdmissionRequest } from "../plugin.ts";
import { refuse } from "../request.ts";
import { isExempt } from "./rules.ts";

export const NOT_READY = "not yet ready to handle request";

export class Blindness {
  readonly #stores: readonly ResourceStore[];

  constructor(served: ServedResources, ...configurations: ResourceRef[]) {
    this.#stores = configurations.map((ref) => storeIn(served, ref));
  }

  concerns(resource: ResourceDefinition): boolean {
    return this.#stores.some(({ unreadable }) => unreadable.size > 0) && !isExempt(resource);
  }

  check(request: AdmissionRequest): void {
    if (this.concerns(request.resource)) throw refuse(request, NOT_READY);
  }
}
