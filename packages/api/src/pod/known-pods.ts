/**
 * Pods come from templates, thousands that say the same: what was looked for in one of them in vain need not be looked for in the next.
 * Holds: a pod is known by the text of all that the search may depend on; only that nothing was found is remembered.
 */
import { LruCache } from "@kubets/machinery/lru";
import { encodeJson } from "../codec/json.ts";
import { lookAtSpec, MOST_TEMPLATES, textOfSpec } from "../codec/spec-text.ts";
import type { Pod } from "../generated/types/core-v1.ts";
import type { WriteContext } from "../resource.ts";

type Allowed = Pick<WriteContext, "allowPrivileged" | "featureEnabled" | "isLarge">;

export class KnownPods {
  readonly #known = new LruCache<string, true>(MOST_TEMPLATES);
  #allowed: Allowed | undefined;

  /** What a search finds that looks at a pod's spec and annotations, and at what the cluster allows. */
  look<T>(pod: Pod, search: () => T[], allowed?: Allowed): T[] {
    if (allowed && !this.#areAllowed(allowed)) {
      this.#known.clear();
      this.#allowed = allowed;
    }
    return this.#search(pod, lookAtSpec(pod.spec, allowed?.isLarge), search);
  }

  /** The same for a pod whose spec has not changed since it was looked at, here or elsewhere. */
  lookAgain<T>(pod: Pod, search: () => T[]): T[] {
    return this.#search(pod, textOfSpec(pod.spec), search);
  }

  #search<T>({ metadata: { annotations }, spec }: Pod, specText: string | undefined, search: () => T[]): T[] {
    // The names of claims that are made for a pod depend on its own.
    if (specText === undefined || spec.volumes?.some(({ ephemeral }) => ephemeral)) return search();
    const text = annotations ? specText + encodeJson(annotations) : specText;
    if (this.#known.get(text)) return [];
    const found = search();
    if (found.length === 0) this.#known.set(text, true);
    return found;
  }

  /** As it was the last time; within a server it does not change. */
  #areAllowed({ allowPrivileged, featureEnabled }: Allowed): boolean {
    return allowPrivileged === this.#allowed?.allowPrivileged && featureEnabled === this.#allowed.featureEnabled;
  }
}
