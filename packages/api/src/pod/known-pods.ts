/**
 * Pods come from templates, thousands that say the same: what was looked for in one of them in vain need not be looked for in the next.
 * Holds: a pod is known by the text of all that the search may depend on; only that nothing was found is remembered.
 */
import { LruCache } from "@kubets/machinery/lru";
import { encodeJson } from "../codec/json.ts";
import { LONGEST_SPEC, lookAtSpec, MOST_TEMPLATES } from "../codec/spec-text.ts";
import type { Pod } from "../generated/types/core-v1.ts";
import type { WriteContext } from "../resource.ts";

/** The pod that was looked at last, since two looks follow each other on every create. */
let last: { readonly pod: Pod; readonly text: string | undefined } | undefined;

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
    last = { pod, text: allowed?.isLarge ? undefined : textOf(pod) };
    return this.lookAgain(pod, search);
  }

  /** The same for a pod that has not changed since it was looked at, here or elsewhere. */
  lookAgain<T>(pod: Pod, search: () => T[]): T[] {
    const text = last?.pod === pod ? last.text : textOf(pod);
    if (text === undefined) return search();
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

/** Undefined where the pod's own name counts too, as in the names of claims that are made for it, and where there is too much to keep. */
function textOf({ metadata: { annotations }, spec }: Pod): string | undefined {
  if (spec.volumes?.some(({ ephemeral }) => ephemeral)) return undefined;
  const text = lookAtSpec(spec);
  if (text.length > LONGEST_SPEC) return undefined;
  return annotations ? text + encodeJson(annotations) : text;
}
